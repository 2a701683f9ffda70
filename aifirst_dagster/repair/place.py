"""Where the rows of a repaired table stand in their files, told without sorting them where they stand in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import LINE, SOURCE

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Place:
    """SQL: a join to the rows of a table, with it a row's 0-based number within its source, and the order of rows."""

    join: str
    nth: str
    order: str = f"{SOURCE}, {LINE}"


def place_of(con: duckdb.DuckDBPyConnection, columns: Sequence[str], table: str) -> Place:
    """Where the rows of `table` stand.

    Rows that stand as in their files, the usual case, are numbered by where they lie, and those of one file are not
    sorted: to sort all rows for the few that are asked about takes gigabytes.
    """
    if any(name.lower() == "rowid" for name in columns):
        return Place("", "NULL::BIGINT")  # the user's column hides DuckDB's own
    place = f"{table}_place"
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE {place} AS SELECT source AS "#of", spot AS "#start" FROM '
        f"(SELECT {SOURCE} AS source, rowid AS spot, {LINE} AS line, lag({LINE}) OVER () AS before, "
        f"lag({SOURCE}) OVER () AS other, lag(TRUE) OVER () IS NULL AS first FROM {table}) "
        "WHERE first OR source IS DISTINCT FROM other OR line < before"
    ).fetchall()
    # A source whose rows do not follow one another begins twice.
    sources, split = con.execute(f'SELECT count(*), count(*) - count(DISTINCT hash("#of")) FROM {place}').fetchall()[0]
    if sources == 1:
        return Place("", f"{table}.rowid", "")
    if not split:
        join = f'JOIN {place} ON {table}.{SOURCE} IS NOT DISTINCT FROM {place}."#of"'
        return Place(join, f'{table}.rowid - {place}."#start"')
    con.execute(f"DROP TABLE {place}")
    ranked = f"row_number() OVER (PARTITION BY {SOURCE} ORDER BY {LINE}, rowid) - 1"
    rows = f'SELECT rowid AS "#at", {ranked} AS "#nth" FROM {table}'
    return Place(f'JOIN ({rows}) "#place" ON {table}.rowid = "#place"."#at"', '"#place"."#nth"')
