"""A small look at a table for what its columns have to do with each other: some rows as text, numbers and moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import ident, numbered
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: Rows looked at before anything is asked of more; columns that take part, the first ones.
ROWS, COLUMNS = 1_000, 60

NUMERIC = frozenset({"integer", "number", "year"})
MOMENTS = frozenset({"date", "datetime"})


@dataclass(frozen=True)
class Look:
    """Some rows of a table, by column.

    Attributes:
        columns: The columns looked at; a place in this list is what the other lists and SQL's `t0`, `t1`, ... mean.
        texts: Each column's texts, "" where there is none.
        values: Numbers (as float) and moments (naive) of columns that hold such, else an empty list.
        rows: How many rows these are.
        of: How many rows the sample has that they are taken from.
    """

    columns: list[Column]
    texts: list[list[str]]
    values: list[list[Any]]
    rows: int
    of: int


def take(con: duckdb.DuckDBPyConnection, sample: str, columns: Sequence[Column]) -> Look:
    """Look at up to `ROWS` rows, spread over `sample`."""
    some = [column for column in columns if column.type not in {"object", "array"}][:COLUMNS]
    of = con.execute(f"SELECT count(*) FROM {ident(sample)}").fetchall()[0][0]
    if not some or not of:
        return Look(some, [[] for _ in some], [[] for _ in some], 0, of)
    every = max(1, -(-of // ROWS))
    texts = [f"coalesce(trim(CAST({ident(column.source_name)} AS VARCHAR)), '')" for column in some]
    values = [typed(column, ident(column.source_name)) for column in some if _valued(column)]
    rows_of, number = numbered(ident(sample), [column.source_name for column in columns])
    rows = con.execute(f"SELECT {', '.join([*texts, *values])} FROM {rows_of} WHERE {number} % {every} = 0").fetchall()
    turned = [list(cells) for cells in zip(*rows, strict=True)]
    held = iter(turned[len(some) :])
    return Look(some, turned[: len(some)], [next(held) if _valued(column) else [] for column in some], len(rows), of)


def typed(column: Column, text_sql: str) -> str:
    """SQL: a cell as what relations are about: DOUBLE, TIMESTAMP, or trimmed text (NULL where empty)."""
    value = casts.parsed(column, text_sql)
    if column.type in NUMERIC:
        number = f"CAST({value} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN {number} END"
    if column.type in MOMENTS:
        moment = f"CAST({value} AS TIMESTAMP)"
        return f"CASE WHEN {moment} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31' THEN {moment} END"
    return f"nullif(trim(CAST({text_sql} AS VARCHAR)), '')"


def _valued(column: Column) -> bool:
    return column.type in NUMERIC | MOMENTS
