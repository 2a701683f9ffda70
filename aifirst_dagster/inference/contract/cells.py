"""SQL for one field: its cells under one name, how each is read, and which do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aifirst_dagster.datasets.session import SOURCE, ident, literal
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.contract import constraints
from aifirst_dagster.inference.contract.contract import ContractField
from aifirst_dagster.inference.schema import Column

_WHOLE = {"BIGINT", "HUGEINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT"}


@dataclass(frozen=True)
class Cells:
    """A field's cells in the relation that unites the files.

    Attributes:
        native: The type that the files give the cells, where it is not text.
        there: Whether any file has the column.
    """

    field: ContractField
    native: str | None = None
    there: bool = True

    @property
    def source(self) -> str:
        """The cell, as SQL."""
        return ident(self.field.column.source_name)

    @property
    def text(self) -> str:
        """The cell's text, as SQL."""
        return f"CAST({self.source} AS VARCHAR)" if self.native else self.source

    @property
    def column(self) -> Column:
        """The column as these files' cells are read."""
        column = self.field.column
        if column.native == (self.native == column.physical_type and self.native is not None):
            return column
        return column.model_copy(update={"native": not column.native})

    @property
    def converted(self) -> bool:
        """Whether the files' own type is another than the contract's."""
        return self.native is not None and self.native != self.field.column.physical_type

    @property
    def value(self) -> str:
        """The cell as the contract reads it, as SQL; NULL where it does not fit."""
        if self.native is None:
            return casts.parsed(self.column, self.source)
        return cast(self.source, self.native, self.field.column.physical_type) if self.converted else self.source

    @property
    def blank(self) -> str:
        """SQL: the cell holds no value."""
        if self.native:
            return f"{self.source} IS NULL"
        tokens = ", ".join(literal(token) for token in ["", *self.field.column.null_tokens])
        return f"({self.source} IS NULL OR {self.source} IN ({tokens}) OR trim({self.source}) IN ({tokens}))"

    def misfits(self) -> list[tuple[str, str]]:
        """(what is wrong with a cell, SQL that is true where it is), one for the type and one for each constraint."""
        column, tests = self.field.column, []
        typed = self.converted if self.native else column.type != "string" and self.value != self.source
        if typed:
            said = column.type + (f" of the format {column.format}" if column.format != "default" else "")
            tests.append((f"is no {said}", f"(NOT {self.blank} AND {self.value} IS NULL)"))
        value = f"CASE WHEN NOT {self.blank} THEN {self.value} END"
        physical = column.physical_type if column.physical_type != "VARCHAR" else _reads_as(column)
        for words, test in constraints.broken(self.field.constraints, f"({value})", f"({self._kept})", physical):
            tests.append((f"is {words}", test))
        return tests

    @property
    def _kept(self) -> str:
        return f"CASE WHEN NOT {self.blank} THEN {self.text} END"


def cast(value: str, native: str, physical: str) -> str:
    """SQL: a value of one type as another, NULL where that would change it."""
    tried = f"TRY_CAST({value} AS {physical})"
    if physical in _WHOLE and native.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        return f"CASE WHEN {value} = floor({value}) THEN {tried} END"
    if physical == "DATE" and native.startswith("TIMESTAMP"):
        return f"CASE WHEN {value} = date_trunc('day', {value}) THEN {tried} END"
    return tried


def reread(cells: Cells, other: Column) -> str:
    """SQL: a cell that is written as `other` says, as text that the contract reads; NULL where neither reads it."""
    value = casts.parsed(other, cells.source)
    column = cells.field.column
    if column.type in ("date", "datetime", "time") and column.format != "default":
        return f"strftime({value}, {literal(column.format)})"
    return f"CAST({value} AS VARCHAR)"


def within(files: Sequence[str]) -> str:
    """SQL: the row is of one of these files."""
    return f"{SOURCE} IN ({', '.join(map(literal, files))})" if files else "FALSE"


def _reads_as(column: Column) -> str:
    """The type of what `casts.parsed` makes of a column that stays text."""
    if column.number_style:
        return "DOUBLE"
    return {"date": "DATE", "datetime": "TIMESTAMP", "time": "TIME"}.get(column.type, "VARCHAR")
