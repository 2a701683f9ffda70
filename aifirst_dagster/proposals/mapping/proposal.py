"""What a model fills in for a mapping. Every field is required and flat: structured output allows nothing else."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.inference.schema import FieldType


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Respelling(_Strict):
    """One spelling that stands for the same as another."""

    before: str = Field(description="As written in the data.")
    after: str = Field(description="The spelling of the same column that it should have.")


class ProposedRepair(_Strict):
    """What to tidy in one source column."""

    column: str = Field(description="A source column, exactly as given.")
    respellings: list[Respelling] = Field(description="Different spellings of one category; often none.")
    null_tokens: list[str] = Field(description="Texts that mean no value; often none.")
    reason: str


class ProposedField(_Strict):
    """One column of the output."""

    name: str
    sources: list[str] = Field(description="Source columns that it is made from; none where nothing fits.")
    expression: str = Field(
        description="Scalar DuckDB SQL over the sources, or an empty text to take the source as it is."
    )
    type: FieldType
    description: str
    confidence: float = Field(description="From 0 to 1.")


class MappingProposal(_Strict):
    """All columns of the output, and repairs beyond those found already."""

    fields: list[ProposedField]
    repairs: list[ProposedRepair]
