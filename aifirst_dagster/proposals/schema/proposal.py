"""What a model fills in for a schema. Every field is required and flat: structured output allows nothing else."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.inference.schema import FieldType


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProposedColumn(_Strict):
    """One column, under its name in the source."""

    column: str = Field(description="The column's name exactly as given.")
    type: FieldType
    format: str = Field(description="A strptime pattern, `default`, `email`, `uri` or `uuid`.")
    null_tokens: list[str] = Field(description="Texts of this column that mean no value; often none.")
    semantic_type: str = Field(description="Meaning in snake_case, or an empty text.")
    unit: str = Field(description="Unit or currency of its numbers, or an empty text.")
    description: str = Field(description="One plain sentence.")


class SchemaProposal(_Strict):
    """All columns."""

    columns: list[ProposedColumn]
