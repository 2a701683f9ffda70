"""What of a table is looked at before anything is decided: a sample in memory, and each column's distinct texts."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident

if TYPE_CHECKING:
    import duckdb

#: Distinct texts looked at per column; fewer where a table is wide.
DISTINCT = 1_000
#: Rows whose order is looked at.
HEAD = 60
_number = itertools.count()


@dataclass(frozen=True)
class ColumnSample:
    """A column's sampled texts.

    Attributes:
        name: The column in the relation.
        counts: Distinct texts, blank ones left out, and how many cells each stands for: all of them, or the most
            frequent and some of the others.
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
    if not columns:
        return []
    wanted = ", ".join(ident(column) for column in columns)
    heads = con.execute(f"SELECT {wanted} FROM {table} LIMIT {HEAD}").fetchall()
    rows = con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
    few = _few(con, table, columns) if 0 < rows <= limit else None
    samples = []
    for at, column in enumerate(columns):
        in_order = [row[at] for row in heads if row[at] is not None and row[at].strip()]
        counts, cells, distinct = few[at] if few else _many(con, table, column, limit)
        samples.append(ColumnSample(column, counts, cells, rows - cells, distinct, in_order))
    return samples


def _few(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> list[tuple[dict[str, int], int, int]]:
    """Every text of each column of a table of a few hundred rows, its filled cells and distinct texts."""
    # One plain query: planning an aggregate for each column takes longer than counting so few texts here.
    wanted = ", ".join(ident(column) for column in columns)
    cells = zip(*con.execute(f"SELECT {wanted} FROM {table}").fetchall(), strict=True)
    counted = [Counter(text for text in texts if text is not None and text.strip(" ")) for texts in cells]
    return [(dict(counts.most_common()), counts.total(), len(counts)) for counts in counted]


def _many(con: duckdb.DuckDBPyConnection, table: str, column: str, limit: int) -> tuple[dict[str, int], int, int]:
    """Half of `limit` texts are a column's most frequent, half are drawn from the others and stand for all of those.

    The most frequent alone would hide the other way in which one cell in twenty is written.
    """
    name, most = ident(column), limit // 2
    # Not by windows, which sort everything; and `trim` is for the few that begin with a blank.
    found = con.execute(
        f"""WITH texts AS MATERIALIZED (
            SELECT {name} AS v, count(*) AS n FROM {table}
            WHERE CASE WHEN ord({name}) = 32 THEN trim({name}) <> '' ELSE {name} <> '' END GROUP BY 1)
        SELECT NULL, count(*), sum(n) FROM texts
        UNION ALL (SELECT v, n, 0 FROM texts ORDER BY n DESC, hash(v) LIMIT {most})
        UNION ALL (SELECT v, n, 1 FROM texts ORDER BY hash(v) LIMIT {limit})"""
    ).fetchall()
    _, distinct, cells = found[0]
    top = {text: count for text, count, kind in found[1:] if kind == 0}
    others = ((text, count) for text, count, kind in found[1:] if kind == 1 and text not in top)
    drawn = dict(itertools.islice(others, limit - len(top)))
    cells = int(cells or 0)
    scale = (cells - sum(top.values())) / sum(drawn.values()) if drawn else 1.0
    return top | {text: max(1, round(count * scale)) for text, count in drawn.items()}, cells, distinct
