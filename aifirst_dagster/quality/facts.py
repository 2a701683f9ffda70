"""What the search for wrong cells knows of a table before it looks closer, from one scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.schema import Column

Query = tuple[str, str]
"""(column, SELECT of row, line, value, reason, suggestion)."""

#: Types whose cells are read as something else than text.
TYPED = ("integer", "number", "boolean", "date", "datetime", "time", "year")
#: Columns that are counted at once: a table may be wide.
SLICE = 40


@dataclass(frozen=True)
class Fact:
    """One column. `blank` counts its empty cells, `worded` those that say in words that they have no value."""

    column: Column
    rows: int
    blank: int
    worded: int
    distinct: int

    @property
    def filled(self) -> int:
        """Cells with a value."""
        return self.rows - self.blank - self.worded

    @property
    def missing(self) -> int:
        """Cells without a value."""
        return self.blank + self.worded

    @property
    def text(self) -> str:
        """SQL: the cell as it stands."""
        return ident(self.column.name)

    @property
    def tokens(self) -> str:
        """SQL: the words for "no value", for an IN; "" where the column has none."""
        return ", ".join(literal(token.strip().lower()) for token in self.column.null_tokens if token.strip())

    @property
    def present(self) -> str:
        """SQL: whether a cell has a value."""
        return _present(self.column)


@dataclass(frozen=True)
class Facts:
    """A table of texts with `__row` and `__line`, and its columns.

    `values`: column -> a relation of its different values `v` with the number `n` of their cells, where there is one.
    """

    con: Any
    cells: str
    rows: int
    columns: list[Fact] = field(default_factory=list)
    values: Mapping[str, str] = field(default_factory=dict)

    def counted(self, fact: Fact) -> str:
        """SELECT of the different values of a column (`v`), with how many cells hold each (`n`)."""
        if known := self.values.get(fact.column.name):
            return f"SELECT v, n FROM {known}"
        return f"SELECT {fact.text} AS v, count(*) AS n FROM {self.cells} WHERE {fact.present} GROUP BY 1"

    def ask(self, sql: str) -> list[tuple]:
        """All rows of a query."""
        rows: list[tuple] = self.con.execute(sql).fetchall()
        return rows


def gather(con: Any, cells: str, columns: Sequence[Column], rows: int) -> Facts:
    """Count the cells of every column that hold nothing, and the different values of the others."""
    found = Facts(con, cells, rows)
    for start in range(0, len(columns), SLICE):
        some = columns[start : start + SLICE]
        asked = ", ".join(
            f"count(*) FILTER ({_blank(column)}), count(*) FILTER ({_present(column)}), "
            f"count(DISTINCT {ident(column.name)}) FILTER ({_present(column)})"
            for column in some
        )
        counts = con.execute(f"SELECT {asked} FROM {cells}").fetchall()[0]
        for column, blank, filled, distinct in zip(some, counts[::3], counts[1::3], counts[2::3], strict=True):
            found.columns.append(Fact(column, rows, blank, rows - blank - filled, distinct))
    return found


def _blank(column: Column) -> str:
    text = ident(column.name)
    return f"({text} IS NULL OR trim({text}) = '')"


def _present(column: Column) -> str:
    text = ident(column.name)
    tokens = ", ".join(literal(token.strip().lower()) for token in column.null_tokens if token.strip())
    worded = f" AND lower(trim({text})) NOT IN ({tokens})" if tokens else ""
    return f"({text} IS NOT NULL AND trim({text}) <> ''{worded})"
