"""What a code design is: a function over a row, the columns that it reads, and those that it makes."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.inference.schema import Column, FieldType

PHYSICAL: dict[FieldType, str] = {
    "integer": "BIGINT", "year": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
    "datetime": "TIMESTAMP", "time": "TIME",
}  # fmt: skip


class Output(BaseModel):
    """A column that the function makes."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    type: FieldType = "string"
    description: str = ""

    @property
    def column(self) -> Column:
        """As the dataset describes it."""
        physical = PHYSICAL.get(self.type, "VARCHAR")
        return Column(
            name=self.name, source_name=self.name, type=self.type, physical_type=physical, description=self.description
        )


@dataclass(frozen=True)
class CodeDesign:
    """Python that defines `transform(row)`; `row` is a dict of `inputs`, the result a dict of `outputs`.

    Attributes:
        code: The source; "": there is none yet.
        inputs: Columns that it reads.
        outputs: Columns that it makes; one of a name that exists takes its place.
        explanation: What it does, for people.
    """

    code: str
    inputs: list[str]
    outputs: list[Output]
    explanation: str = ""
