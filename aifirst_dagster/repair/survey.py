"""What of a relation is looked at before repairs are proposed: its types, its texts, the cells that did not parse."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import HIDDEN, LINE, RAW, ident, literal
from aifirst_dagster.repair.expressions import UNTIDY

if TYPE_CHECKING:
    import duckdb

#: A column with at most so many distinct texts is looked at by all of them; another by those that look odd.
FEW = 5_000
#: Rows that counts are taken on; larger relations are sampled by a hash of the line, the same rows each time.
SAMPLE = 100_000
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
        sample: A FROM-clause expression of the sampled rows.
        texts: Text column -> its texts.
        unread: Column -> texts in `_raw` of cells that are NULL, with their cells; the most frequent first.
    """

    con: duckdb.DuckDBPyConnection
    relation: str
    types: dict[str, str]
    rows: int
    every: int
    sample: str
    texts: dict[str, Texts] = field(default_factory=dict)
    unread: dict[str, dict[str, int]] = field(default_factory=dict)

    def query(self, sql: str) -> list[tuple]:
        """All rows of a query."""
        return self.con.execute(sql).fetchall()


@contextmanager
def survey(con: duckdb.DuckDBPyConnection, relation: str) -> Iterator[Survey]:
    """Look at `relation`; its temporary tables go with the block."""
    described = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    types = {row[0]: row[1] for row in described if row[0] not in HIDDEN}
    names = [name for name, kind in types.items() if kind == "VARCHAR"]
    figures = [f"count({c}), approx_count_distinct({c}), avg(strlen({c}))" for c in map(ident, names)]
    rows, *counted = con.execute(f"SELECT {', '.join(['count(*)', *figures])} FROM {relation}").fetchall()[0]
    every = max(1, round(rows / SAMPLE))
    sample = f"(SELECT * FROM {relation} WHERE hash({LINE}) % {every} = 0)" if every > 1 else relation
    found = Survey(con, relation, types, rows, every, sample)
    made = []
    try:
        for at, name in enumerate(names):
            cells, distinct, length = counted[3 * at : 3 * at + 3]
            table = f"repair_texts_{next(_number)}"
            few = distinct <= FEW or rows <= SAMPLE
            where = "" if few else f" AND regexp_matches({ident(name)}, {literal(ODD)})"
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {ident(name)} AS text, count(*) AS n FROM {relation} "
                f"WHERE {ident(name)} IS NOT NULL{where} GROUP BY 1"
            ).fetchall()
            made.append(table)
            if few:
                distinct = con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            found.texts[name] = Texts(table, few, cells, distinct, length or 0.0)
        found.unread = _unread(con, relation, types)
        yield found
    finally:
        for table in made:
            con.execute(f"DROP TABLE IF EXISTS {table}").fetchall()


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
