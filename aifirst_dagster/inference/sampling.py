"""What of a table is looked at before anything is decided: a sample in memory, and each column's distinct texts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident

if TYPE_CHECKING:
    import duckdb

#: Distinct texts looked at per column; fewer where a table is wide.
DISTINCT = 1_000
_number = itertools.count()


@dataclass(frozen=True)
class ColumnSample:
    """A column's sampled texts.

    Attributes:
        name: The column in the relation.
        counts: The most frequent distinct texts and their cells; blank ones left out.
        cells: Cells with text in the sample.
        blanks: Cells that are NULL or blank.
        distinct: How many distinct texts the sample holds.
        in_order: The first texts, in the order of the rows.
    """

    name: str
    counts: dict[str, int]
    cells: int
    blanks: int
    distinct: int
    in_order: list[str]


def take(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], rows: int) -> str:
    """Copy the first `rows` rows of `columns` into a temporary table; returns its name. The caller drops it."""
    table = f"aifirst_sample_{next(_number)}"
    wanted = ", ".join(ident(column) for column in columns)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {wanted} FROM {ident(relation)} LIMIT {int(rows)}")
    return table


def look(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> list[ColumnSample]:
    """The sample of each text column of `table`."""
    limit = max(100, min(DISTINCT, 40_000 // max(1, len(columns))))
    heads = con.execute(f"SELECT {', '.join(ident(column) for column in columns)} FROM {table} LIMIT 60").fetchall()
    samples = []
    for at, column in enumerate(columns):
        name = ident(column)
        found = con.execute(
            f"""SELECT v, n, count(*) OVER () d, sum(n) OVER () s, (SELECT count(*) FROM {table})
            FROM (SELECT {name} v, count(*) n FROM {table} WHERE trim({name}) <> '' GROUP BY 1)
            ORDER BY n DESC, hash(v) LIMIT {limit}"""
        ).fetchall()
        cells = int(found[0][3]) if found else 0
        rows = found[0][4] if found else con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
        in_order = [row[at] for row in heads if row[at] is not None and row[at].strip()]
        counts = {text: count for text, count, *_ in found}
        samples.append(ColumnSample(column, counts, cells, rows - cells, found[0][2] if found else 0, in_order))
    return samples
