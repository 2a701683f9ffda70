"""The mapping task: an input onto a target schema, by repairs, renames, casts and expressions."""

from aifirst_dagster.proposals.mapping.apply import apply
from aifirst_dagster.proposals.mapping.design import design

__all__ = ["apply", "design"]
