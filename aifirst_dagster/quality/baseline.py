"""A baseline: a small sketch of a table that later deliveries are compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.engines.plan import Table, describe

if TYPE_CHECKING:
    import duckdb

#: Points of a distribution that are kept, and categories by name; the others are counted together.
POINTS, CATEGORIES = 200, 1000

Kind = Literal["number", "time", "category", "text", "flag", "other", "empty"]


class ColumnSketch(BaseModel):
    """One column: how many values, and what they are.

    `quantiles` are at 0, 1/POINTS, ..., 1 (times in seconds since 1970). `counts` are categories by their text, most
    frequent first; `others` counts values beyond those that are kept. `lengths` are quantiles of texts' lengths, for
    text whose values are nearly all different. `numbers` are quantiles of a category that is a number.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    type: str
    kind: Kind
    count: int
    nulls: int
    distinct: int
    quantiles: list[float] | None = None
    counts: dict[str, int] | None = None
    others: int = 0
    lengths: list[float] | None = None

    @property
    def rows(self) -> int:
        """Rows, with and without a value."""
        return self.count + self.nulls

    @property
    def null_rate(self) -> float:
        """Share of rows without a value; 0.0 of no rows."""
        return self.nulls / self.rows if self.rows else 0.0


class Baseline(BaseModel):
    """A table's sketch, to be kept as JSON."""

    model_config = ConfigDict(extra="forbid")

    rows: int
    columns: list[ColumnSketch] = Field(default_factory=list)
    version: int = 1

    def column(self, name: str) -> ColumnSketch | None:
        """The sketch of a column, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


def baseline(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column] | None = None, like: Baseline | None = None
) -> Baseline:
    """Sketch a relation.

    Args:
        con: The session that holds it.
        relation: Typed; hidden columns are left out.
        columns: What its columns are; their types are recorded, where given, in place of DuckDB's.
        like: A baseline that this one is to be compared with: columns are sketched the way they are there.
    """
    table = describe(con, relation)
    rows = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    named = {column.name: column for column in columns or []}
    if not table.columns:
        return Baseline(rows=rows)
    asked = [sql for name in table.columns for sql in (f"count({table.value(name)})", _distinct(table, name))]
    row = con.execute(f"SELECT {', '.join(asked)} FROM {relation}").fetchall()[0]
    sketches = []
    for place, name in enumerate(table.columns):
        count, distinct = row[2 * place : 2 * place + 2]  # type: ignore[index]
        known = like.column(name) if like else None
        type_ = named[name].type if name in named else table.type(name)
        kind = _kind(table, name, count, distinct, known)
        sketches.append(
            ColumnSketch(name=name, type=type_, kind=kind, count=count, nulls=rows - count, distinct=distinct)
        )
    _fill(con, table, sketches)
    return Baseline(rows=rows, columns=sketches)


def _distinct(table: Table, name: str) -> str:
    return f"approx_count_distinct({table.value(name)})" if table.kind(name) != "other" else "0"


def _kind(table: Table, name: str, count: int, distinct: int, known: ColumnSketch | None) -> Kind:
    """How a column is compared: few values as categories, numbers by their distribution, free text by its lengths."""
    kind = table.kind(name)
    if not count:
        return "empty"
    if kind == "flag":
        return "flag"
    if kind == "number":
        few = distinct <= 10 if known is None or known.kind == "empty" else known.kind == "category"
        return "category" if few else "number"
    if kind == "time":
        return "time"
    if kind == "text":
        if known is not None and known.kind in ("category", "text"):
            return known.kind
        return "category" if distinct <= min(CATEGORIES, max(12, 0.2 * count)) else "text"
    return "other"


def _fill(con: Any, table: Table, sketches: list[ColumnSketch]) -> None:
    """Distributions in one scan; categories in one for each column that has them."""
    points = "[" + ", ".join(f"{place / POINTS:g}" for place in range(POINTS + 1)) + "]"
    asked: list[tuple[ColumnSketch, str, str]] = []
    for sketch in sketches:
        value = f"({table.value(sketch.name)})"
        if sketch.kind == "number":
            asked.append((sketch, "quantiles", f"quantile_cont({value}::DOUBLE, {points})"))
        elif sketch.kind == "time":
            asked.append((sketch, "quantiles", f"quantile_cont(epoch({value}::TIMESTAMP), {points})"))
        elif sketch.kind == "text":
            asked.append((sketch, "lengths", f"quantile_cont(length({ident(sketch.name)})::DOUBLE, {points})"))
        elif sketch.kind in ("category", "flag"):
            _categories(con, table, sketch)
    if not asked:
        return
    row = con.execute(f"SELECT {', '.join(sql for _, _, sql in asked)} FROM {table.relation}").fetchall()[0]
    for (sketch, target, _), values in zip(asked, row, strict=True):
        setattr(sketch, target, [_finite(value) for value in values or []])


def _categories(con: Any, table: Table, sketch: ColumnSketch) -> None:
    value = f"({table.value(sketch.name)})"
    query = f"""SELECT {value}::VARCHAR AS v, count(*) AS n FROM {table.relation} WHERE {value} IS NOT NULL
        GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {CATEGORIES}"""
    sketch.counts = dict(con.execute(query).fetchall())
    sketch.others = sketch.count - sum(sketch.counts.values())


def _finite(value: float) -> float:
    """JSON has no infinities: the largest number stands for them."""
    return math.copysign(1.7e308, value) if math.isinf(value) else float(value)
