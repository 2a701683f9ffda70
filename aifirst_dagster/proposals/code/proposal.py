"""What a model fills in for a Python function. Every field is required and flat."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.inference.schema import FieldType


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProposedOutput(_Strict):
    """A column that the function makes."""

    name: str
    type: FieldType
    description: str


class CodeProposal(_Strict):
    """The function, the columns that it reads and those that it makes."""

    inputs: list[str] = Field(description="The columns that the function reads, exactly as given.")
    outputs: list[ProposedOutput] = Field(description="The columns of the dict that it returns.")
    code: str = Field(description="Python source that defines `def transform(row): ...`.")
    explanation: str = Field(description="What it does, in one or two sentences.")
