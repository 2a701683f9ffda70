"""What one scan of a relation counts, and the rows of it that are looked at more closely, fetched in one more."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import HIDDEN, LINE, ident

if TYPE_CHECKING:
    import duckdb

#: A table of at most so many rows is looked at as a whole; of a larger one, about `SAMPLE` rows that a hash of the line
#: chooses, the same ones each time. What is rare is looked for in all rows of either.
WHOLE, SAMPLE = 150_000, 50_000
#: So many suspicious rows, most, are looked at one by one.
LOOKED_AT = 20_000
_number = itertools.count(1)


@dataclass(frozen=True)
class Glance:
    """A relation as far as it was looked at.

    Attributes:
        relation: What is looked at.
        types: Column -> DuckDB type, hidden columns left out.
        rows: Rows of the relation.
        filled: Text column -> its cells that are not NULL.
        every: One row in so many is in the sample.
        sample: The relation of the sampled rows; `relation` itself where all are.
        suspect: Rows that are suspicious.
        one_in: One suspicious row in so many is among `suspects`.
        suspects: The relation of those rows; `relation` itself where all rows are looked at.
    """

    relation: str
    types: dict[str, str]
    rows: int
    filled: dict[str, int]
    every: int
    sample: str
    suspect: int
    one_in: int
    suspects: str


def types_of(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column -> DuckDB type, hidden columns left out."""
    return {r[0]: r[1] for r in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall() if r[0] not in HIDDEN}


@contextmanager
def glance(
    con: duckdb.DuckDBPyConnection, relation: str, types: dict[str, str], suspicious: str | None = None
) -> Iterator[Glance]:
    """Look at `relation`; what is made for it goes with the block.

    Args:
        con: The session.
        relation: What is looked at.
        types: Its columns, as `types_of` gives them.
        suspicious: SQL: whether a row is one of the suspects; never NULL. None: no row is.
    """
    names = [name for name, kind in types.items() if kind == "VARCHAR"]
    asked = ["count(*)", f"count_if({suspicious})" if suspicious else "0", *(f"count({ident(n)})" for n in names)]
    rows, suspect, *cells = con.execute(f"SELECT {', '.join(asked)} FROM {relation}").fetchall()[0]
    filled = dict(zip(names, cells, strict=True))
    if rows <= WHOLE:
        yield Glance(relation, types, rows, filled, 1, relation, suspect, 1, relation)
        return
    every, one_in = round(rows / SAMPLE), max(1, round(suspect / LOOKED_AT))
    number = next(_number)
    table, sample, suspects = (f"repair_{part}_{number}" for part in ("looked_at", "sample", "suspects"))
    sampled = f"hash({LINE}) % {every} = 0"
    # Both kinds of rows at once: to fetch few rows of a table costs as much as to read all of it.
    odd = f"({suspicious} AND hash({LINE} + 1) % {one_in} = 0)" if suspect else "FALSE"
    marks = {sample: ident("#sampled"), suspects: ident("#suspect")}
    con.execute(
        f"CREATE TEMP TABLE {table} AS SELECT *, {sampled} AS {marks[sample]}, {odd} AS {marks[suspects]} "
        f"FROM {relation} WHERE {sampled} OR {odd}"
    ).fetchall()
    for view, mark in marks.items():
        con.execute(
            f"CREATE TEMP VIEW {view} AS SELECT * EXCLUDE ({', '.join(marks.values())}) FROM {table} WHERE {mark}"
        )
    try:
        yield Glance(relation, types, rows, filled, every, sample, suspect, one_in, suspects)
    finally:
        for view in marks:
            con.execute(f"DROP VIEW {view}")
        con.execute(f"DROP TABLE {table}")
