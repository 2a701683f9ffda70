"""What a contract allows: evolve, freeze, discard_row or discard_value, for tables, columns and types."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["evolve", "freeze", "discard_row", "discard_value"]


class ColumnModes(BaseModel):
    """Exceptions for one column; what is left out is as for all columns."""

    model_config = ConfigDict(extra="forbid")

    columns: Mode | None = Field(None, description="What happens where the column is new in a file, or missing.")
    types: Mode | None = Field(None, description="What happens to cells that do not fit its type.")


class Modes(BaseModel):
    """What happens to input that does not keep the schema contract."""

    model_config = ConfigDict(extra="forbid")

    tables: Mode = Field("evolve", description="A file whose table is something else altogether.")
    columns: Mode = Field("evolve", description="A column that is new, or that a file lacks.")
    types: Mode = Field("evolve", description="A cell that does not fit its column's type, format or constraints.")
    per_column: dict[str, Mode | ColumnModes] = Field(
        default_factory=dict, description="Column -> a mode for all of it, or {columns, types}."
    )

    @classmethod
    def of(cls, given: Mode | Modes | None) -> Modes:
        """Modes from their short form: one mode stands for all three; None: evolve."""
        if isinstance(given, Modes):
            return given
        mode = given or "evolve"
        return cls(tables=mode, columns=mode, types=mode)

    def column(self, *names: str) -> Mode:
        """The mode for a column that is new or missing, by any of its names."""
        return self._own(names, "columns") or self.columns

    def type(self, *names: str) -> Mode:
        """The mode for cells of a column that do not fit."""
        return self._own(names, "types") or self.types

    @property
    def words(self) -> str:
        """The modes on one line, for people."""
        plain = {self.tables, self.columns, self.types}
        text = plain.pop() if len(plain) == 1 else f"tables {self.tables}, columns {self.columns}, types {self.types}"
        return f"{text}; exceptions: {', '.join(self.per_column)}" if self.per_column else text

    def _own(self, names: tuple[str, ...], what: Literal["columns", "types"]) -> Mode | None:
        for name in names:
            own = self.per_column.get(name)
            if own is not None:
                return getattr(own, what) if isinstance(own, ColumnModes) else own
        return None
