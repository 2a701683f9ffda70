"""What values of a column look like, learned from a table of which some rows may be shifted: by type and range, by the
values that it has, by the shapes that they have, or by nothing but that they hold letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.alignment.seen import Seen, look, shape_sql
from aifirst_dagster.inference.schema import Column, FieldType

#: A column has so many values at most, or shapes, which together cover so much of it.
VALUES, SHAPES, COVERED = 100, 30, 0.9
#: What is so many times as frequent in a neighbour is no value of the column, nor a shape: it comes from there.
FOREIGN_VALUE, FOREIGN_SHAPE = 4, 12
#: A neighbour is at most so many columns away.
REACH = 3
#: A column with fewer empty cells is one that has a value in every row.
FILLED = 0.05
#: Numbers of fewer cells have no range.
FEWEST = 20
#: Columns that are counted at once: a table may be wide.
SLICE = 40
_RANGED = ("integer", "number", "year", "date", "datetime")


class Fit(BaseModel):
    """What a text must be like to be a value of a column; nothing is asked where no field is set.

    Attributes:
        type, physical_type, format, number_style: It parses so.
        low, high: The number (or moment, in seconds) is between these.
        whole: The number has no fraction.
        values: It is one of these.
        shapes: It has one of these shapes (`shape_sql`).
        letters: It holds a letter.
        filled: Hardly a cell of the column is empty.
    """

    model_config = ConfigDict(extra="forbid")

    type: FieldType = "string"
    physical_type: str = "VARCHAR"
    format: str = "default"
    number_style: str | None = None
    low: float | None = None
    high: float | None = None
    whole: bool = False
    values: list[str] | None = None
    shapes: list[str] | None = None
    letters: bool = False
    filled: bool = False

    @property
    def typed(self) -> bool:
        """Whether the relation holds the column typed."""
        return self.physical_type != "VARCHAR"

    @property
    def telling(self) -> bool:
        """Whether that a text fits says something."""
        return self.typed or bool(self.values or self.shapes)

    def reading(self, text: str) -> str:
        """SQL: a text as the column's type; NULL where it is none. Parsed dates are written as ISO has them."""
        if not self.typed:
            return text
        read = casts.typed(self._column, text)
        plain = self.type in ("date", "datetime", "time") and self.format != "default"
        return f"coalesce({read}, TRY_CAST({text} AS {self.physical_type}))" if plain else read

    def test(self, text: str) -> str:
        """SQL: whether a text that is not empty could stand in the column; never NULL."""
        if self.typed:
            return self.within(self.reading(text))
        if self.values is not None:
            return f"coalesce(list_contains([{', '.join(map(literal, self.values))}], {text}), FALSE)"
        if self.shapes is not None:
            return f"coalesce(list_contains([{', '.join(map(literal, self.shapes))}], {shape_sql(text)}), FALSE)"
        return f"coalesce(regexp_matches({text}, '\\pL'), FALSE)" if self.letters else "TRUE"

    def within(self, value: str) -> str:
        """SQL: whether a value of the column's type is in its range; FALSE for none."""
        tests = [f"{value} IS NOT NULL"]
        if self.low is not None and self.high is not None:
            number = _as_number(value, self.physical_type)
            tests = [f"coalesce({number} BETWEEN {self.low!r} AND {self.high!r}, FALSE)"]
        if self.whole:
            tests.append(f"coalesce({value} = trunc({value}), FALSE)")
        return " AND ".join(tests)

    @property
    def _column(self) -> Column:
        return Column(name="x", source_name="x", type=self.type, physical_type=self.physical_type, format=self.format,
                      number_style=self.number_style)  # fmt: skip


def learn(con: Any, relation: str, columns: Sequence[Column], texts: Mapping[str, str]) -> dict[str, Fit]:
    """What each column's values look like.

    Args:
        con: The session.
        relation: The table; `texts` are SQL over it.
        columns: Its columns, in order; `physical_type` is what the relation has.
        texts: Column's name -> SQL of its cells' text, NULL where a cell is empty.
    """
    rows = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    ranges = _ranges(con, relation, columns)
    seen: list[Seen] = []
    for start in range(0, len(columns), SLICE):
        some = [texts[column.name] for column in columns[start : start + SLICE]]
        seen += look(con, relation, some, 4 * SHAPES, 4 * VALUES)
    shapes = [one.shapes for one in seen]

    def counted(at: int) -> dict[str, int]:
        return {text: n for text, (_, n) in seen[at].values.items()}

    found = {}
    for at, column in enumerate(columns):
        cells = seen[at].cells
        fit = Fit(filled=rows - cells <= FILLED * rows)
        beside = [near for near in range(max(0, at - REACH), min(len(columns), at + REACH + 1)) if near != at]
        if column.physical_type != "VARCHAR":
            low, high, whole = ranges.get(column.name, (None, None, False))
            told = {name: getattr(column, name) for name in ("type", "physical_type", "format", "number_style")}
            fit = fit.model_copy(update={**told, "low": low, "high": high, "whole": whole})
        elif cells and (own := _own(_settled(seen[at].values, shapes, at, beside), [counted(near) for near in beside],
                                    FOREIGN_VALUE, 2, cells, VALUES)):  # fmt: skip
            fit.values = own
        elif cells and (own := _own(shapes[at], [shapes[near] for near in beside], FOREIGN_SHAPE, max(2, cells // 100),
                                    cells, SHAPES)):  # fmt: skip
            fit.shapes = own
        else:
            fit.letters = cells > 0 and seen[at].lettered >= 0.95 * cells
        found[column.name] = fit
    return found


def _settled(
    values: dict[str, tuple[str, int]], shapes: list[dict[str, int]], at: int, beside: list[int]
) -> dict[str, int]:
    """A column's values with their numbers, without those of a shape that comes from a neighbour."""
    own = shapes[at]
    foreign = {
        shape for shape, n in own.items() if any(shapes[near].get(shape, 0) > FOREIGN_SHAPE * n for near in beside)
    }
    return {text: n for text, (shape, n) in values.items() if shape not in foreign}


def _own(
    counted: dict[str, int], beside: list[dict[str, int]], foreign: int, least: int, cells: int, most: int
) -> list[str] | None:
    """What belongs to the column of all that was counted; None where that does not cover it, or is too much."""
    own = [
        text for text, n in counted.items()
        if n >= least and all(near.get(text, 0) <= foreign * n for near in beside)
    ]  # fmt: skip
    covers = sum(counted[text] for text in own) >= COVERED * cells
    return sorted(own) if own and covers and len(own) <= most else None


def _ranges(con: Any, relation: str, columns: Sequence[Column]) -> dict[str, tuple[float, float, bool]]:
    """The range of a typed column's bulk and more than as much on either side, and whether its numbers are whole."""
    able = [c for c in columns if c.physical_type != "VARCHAR" and c.type in _RANGED and not c.native]
    found: dict[str, tuple[float, float, bool]] = {}
    for start in range(0, len(able), SLICE):
        some = able[start : start + SLICE]
        asked = ", ".join(
            f"quantile_cont({_as_number(ident(c.name), c.physical_type)}, [0.01, 0.99]), count({ident(c.name)}), "
            + (f"count_if({ident(c.name)} = trunc({ident(c.name)}))" if c.physical_type == "DOUBLE" else "0")
            for c in some
        )
        got = con.execute(f"SELECT {asked} FROM {relation}").fetchall()[0]
        for at, column in enumerate(some):
            bounds, cells, whole = got[3 * at : 3 * at + 3]
            if bounds is None or cells < FEWEST:
                continue
            low, high = (float(bound) for bound in bounds)
            reach = max(1.5 * (high - low), abs(high) * 0.05, 1.0)
            low_end = 0.0 if low >= 0 > low - reach else low - reach
            found[column.name] = (round(low_end, 3), round(high + reach, 3), whole >= COVERED * cells)
    return found


def _as_number(value: str, physical_type: str) -> str:
    kind = physical_type.upper()
    return f"epoch({value})" if kind == "DATE" or kind.startswith("TIMESTAMP") else f"CAST({value} AS DOUBLE)"
