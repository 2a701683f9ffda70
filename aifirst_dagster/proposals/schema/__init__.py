"""The schema task: what each source column is (type, format, null tokens, meaning), typed by what all rows confirm."""

from aifirst_dagster.proposals.schema.design import design

__all__ = ["design"]
