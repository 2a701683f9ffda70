"""What of a relation is looked at before repairs are proposed: its types, its texts, the cells that did not parse."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import HIDDEN, LINE, RAW, ident, literal
from aifirst_dagster.repair.expressions import UNTIDY

if TYPE_CHECKING:
    import duckdb

#: A column with at most so many distinct texts is looked at by all of them; another by those that look odd.
FEW = 5_000
#: A table of at most so many rows is looked at as a whole; of a larger one, about `SAMPLE` rows that a hash of the line
#: chooses, the same ones each time. What is rare is looked for in all rows of either.
WHOLE, SAMPLE = 150_000, 50_000
#: Columns that are counted at once: a table may be wide.
SLICE = 50
_NOTHING = "SELECT NULL::VARCHAR AS text, 0::BIGINT AS n WHERE FALSE"
_number = itertools.count(1)
#: What a spreadsheet takes for a formula, or any other character that makes a text worth a closer look.
ODD = UNTIDY + "|^[=+@-]"


@dataclass(frozen=True)
class Texts:
    """A column's texts in a temporary table `(text, n)`: all of them, or (`all` false) the odd ones only."""

    table: str
    all: bool
    cells: int
    distinct: int
    length: float


@dataclass
class Survey:
    """A relation as it was looked at.

    Attributes:
        types: Column -> DuckDB type, hidden columns left out.
        rows: Rows of the relation.
        every: One row in so many is in the sample.
        sample: The relation of the sampled rows; `relation` itself where all are.
        texts: Text column -> its texts.
        unread: Column -> texts in `_raw` of cells that are NULL, with their cells; the most frequent first.
        made: SQL -> temporary table that holds its result.
    """

    con: duckdb.DuckDBPyConnection
    relation: str
    types: dict[str, str]
    rows: int
    every: int
    sample: str
    texts: dict[str, Texts] = field(default_factory=dict)
    unread: dict[str, dict[str, int]] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)

    def query(self, sql: str) -> list[tuple]:
        """All rows of a query."""
        return self.con.execute(sql).fetchall()

    def cells(self, texts: str, condition: str) -> int:
        """How many cells have one of `texts` (text, n) for which a condition holds."""
        return int(self.query(f"SELECT coalesce(sum(n), 0) FROM {texts} WHERE {condition}")[0][0])

    def keep(self, sql: str) -> str:
        """A temporary table of a query that is made once, however often it is asked for; its name."""
        if sql not in self.made:
            table = f"repair_survey_{next(_number)}"
            self.query(f"CREATE OR REPLACE TEMP TABLE {table} AS {sql}")
            self.made[sql] = table
        return self.made[sql]


@contextmanager
def survey(con: duckdb.DuckDBPyConnection, relation: str, whole: Collection[str] = ()) -> Iterator[Survey]:
    """Look at `relation`; its temporary tables go with the block.

    Args:
        con: The session.
        relation: What is looked at.
        whole: Columns of which every text will be asked for, however many there are.
    """
    described = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    types = {row[0]: row[1] for row in described if row[0] not in HIDDEN}
    names = [name for name, kind in types.items() if kind == "VARCHAR"]
    cells = ", ".join(["count(*)", *(f"count({ident(name)})" for name in names)])
    rows, *filled = con.execute(f"SELECT {cells} FROM {relation}").fetchall()[0]
    every = 1 if rows <= WHOLE else round(rows / SAMPLE)
    found = Survey(con, relation, types, rows, every, relation)
    try:
        if every > 1:
            found.sample = found.keep(f"SELECT * FROM {relation} WHERE hash({LINE}) % {every} = 0")
        for name, (distinct, length), count in zip(names, _figures(found, names), filled, strict=True):
            if not count:
                # One empty table for all of them: a wide table is mostly empty.
                found.texts[name] = Texts(found.keep(_NOTHING), True, 0, 0, 0.0)
                continue
            few = every == 1 or distinct <= FEW or name in whole
            where = "" if few else f" AND regexp_matches({ident(name)}, {literal(ODD)})"
            table = found.keep(
                f"SELECT {ident(name)} AS text, count(*) AS n FROM {relation} "
                f"WHERE {ident(name)} IS NOT NULL{where} GROUP BY 1"
            )
            if few:
                distinct = found.query(f"SELECT count(*) FROM {table}")[0][0]
            found.texts[name] = Texts(table, few, count, distinct, length)
        found.unread = _unread(con, relation, types)
        yield found
    finally:
        for table in found.made.values():
            con.execute(f"DROP TABLE IF EXISTS {table}").fetchall()


def _figures(found: Survey, names: list[str]) -> list[tuple[int, float]]:
    """About how many distinct texts each column has, and their average length, by the sample."""
    figures: list[tuple[int, float]] = []
    for start in range(0, len(names), SLICE):
        columns = [ident(name) for name in names[start : start + SLICE]]
        wanted = ", ".join(f"approx_count_distinct({c}), coalesce(avg(strlen({c})), 0)" for c in columns)
        found_here = found.query(f"SELECT {wanted} FROM {found.sample}")[0]
        figures += zip(found_here[::2], found_here[1::2], strict=True)
    return figures


def _unread(con: duckdb.DuckDBPyConnection, relation: str, types: dict[str, str]) -> dict[str, dict[str, int]]:
    """Column -> texts of its cells that are NULL as typed."""
    cells = con.execute(
        f"SELECT cell.key, cell.value, count(*) AS n FROM (SELECT unnest(map_entries({RAW})) AS cell FROM {relation} "
        f"WHERE {RAW} IS NOT NULL) GROUP BY ALL ORDER BY n DESC, cell.key, cell.value LIMIT 5000"
    ).fetchall()
    found: dict[str, dict[str, int]] = {}
    for name, text, count in cells:
        if name in types and text is not None and text.strip():
            found.setdefault(name, {})[text] = count
    return found
