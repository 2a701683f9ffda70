"""What a mapping is: repairs of the input, then fields made from the repaired columns, and the SQL of both."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.inference.schema import Column, FieldType
from aifirst_dagster.repair.plan import RepairPlan


class MappedField(BaseModel):
    """One column of the output.

    Attributes:
        name: Its name.
        type: Its Table Schema type.
        format: Its format.
        sources: Repaired columns that it is made from; none: it stays empty.
        expression: Scalar SQL over `sources`; None: the only source as it is, cast where the type differs.
        description: For the catalogue.
        confidence: How sure the match is.
        why: What speaks for it.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    type: FieldType = "string"
    format: str = "default"
    sources: list[str] = Field(default_factory=list)
    expression: str | None = None
    description: str = ""
    confidence: float = 1.0
    why: str = ""


@dataclass(frozen=True)
class MappingDesign:
    """A transformation that is ready to run over a relation called `input`.

    Attributes:
        plan: What is repaired in which column.
        fields: The output's columns; empty: the repaired columns as they are.
        sql: One SELECT: output columns, `_source`, `_source_line`, `_raw`, `_reasons`, `_duplicate_of`.
        edited: A person changed the SQL; it runs as it stands.
        unmatched: Input columns that no field uses.
    """

    plan: RepairPlan
    fields: list[MappedField]
    sql: str
    edited: bool = False

    @property
    def unmatched(self) -> list[str]:
        """Repaired columns that no field uses: they are not in the output."""
        used = {source for field in self.fields for source in field.sources}
        return [column.name for column in self.plan.columns if self.fields and column.name not in used]

    @property
    def sandboxed(self) -> bool:
        """Whether the SQL has parts that neither we nor tests wrote: it runs in the sandbox then."""
        return self.edited or any(field.expression for field in self.fields)

    @property
    def columns(self) -> list[Column]:
        """The output's columns."""
        if not self.fields:
            return self.plan.columns
        repaired = {column.name: column for column in self.plan.columns}
        return [_column(field, repaired) for field in self.fields]


def _column(field: MappedField, repaired: dict[str, Column]) -> Column:
    from aifirst_dagster.proposals.mapping.compile import physical

    source = repaired.get(field.sources[0]) if len(field.sources) == 1 and not field.expression else None
    if source is None or source.type != field.type:
        kept = {"description": field.description, "semantic_type": source.semantic_type if source else None}
        return Column(
            name=field.name, source_name=source.source_name if source else field.name, type=field.type,
            physical_type=physical(field.type), confidence=field.confidence,
            unit=source.unit if source else None, **kept,
        )  # fmt: skip
    return source.model_copy(update={"name": field.name, "description": field.description or source.description})
