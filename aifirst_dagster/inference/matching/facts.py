"""What matching needs to know of a column: its names, type and meaning, and a sample of its values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: Distinct values kept of a column: those of the smallest hashes, so that two tables keep the same ones.
KEPT = 1_000
#: Cells looked at in a table.
CELLS = 8_000_000


@dataclass
class Facts:
    """One column, on either side.

    Attributes:
        column: What inference or a schema says of it; `column.type` "any" where nothing is known.
        values: Distinct values as text and how often; at most `KEPT`.
        distinct: How many there are in all.
        cells: Cells with a value.
        hashes: The hash of each value, where not all are kept.
        title: A second name, for people.
        allowed: The values are all that may occur.
    """

    column: Column
    values: dict[str, int] = field(default_factory=dict)
    distinct: int = 0
    cells: int = 0
    hashes: dict[str, int] = field(default_factory=dict)
    title: str = ""
    allowed: bool = False

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def whole(self) -> bool:
        """Whether `values` are all there are."""
        return len(self.values) >= self.distinct

    @property
    def horizon(self) -> int | None:
        """The greatest hash that is kept: values above it may be there, unseen. None: all are kept."""
        return None if self.whole else max(self.hashes.values(), default=0)

    @property
    def categorical(self) -> bool:
        """Whether the values are few and come again, or are listed one by one."""
        few = self.column.type in ("string", "boolean", "any") and 0 < self.distinct <= 300
        return self.allowed or (few and (self.cells >= 2 * self.distinct or self.distinct <= 12))


def gather(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> list[Facts]:
    """The facts of the columns of `relation` (a quoted name or a subquery); one scan.

    Args:
        con: The session.
        relation: Holds each column under its `name`.
        columns: What is known of them.
    """
    if not columns:
        return []
    held: list[dict[str, int]] = [{} for _ in columns]
    hashes: list[dict[str, int]] = [{} for _ in columns]
    distincts, filled = [0] * len(columns), [0] * len(columns)
    rows = max(1_000, CELLS // len(columns))
    listed = ", ".join(f"CAST({ident(column.name)} AS VARCHAR) AS c{at}" for at, column in enumerate(columns))
    query = f"""
        SELECT CAST(substr(c, 2) AS INTEGER), v, n, h, distinct_, cells FROM (
            SELECT *, count(*) OVER (PARTITION BY c) AS distinct_, sum(n) OVER (PARTITION BY c) AS cells,
                   row_number() OVER (PARTITION BY c ORDER BY h, v) AS place
            FROM (SELECT c, v, count(*) AS n, hash(lower(trim(v))) AS h FROM (
                    UNPIVOT (SELECT {listed} FROM {relation} LIMIT {rows}) ON * INTO NAME c VALUE v
                  ) WHERE trim(v) <> '' GROUP BY c, v))
        WHERE place <= {KEPT}"""
    for at, value, count, place, distinct, cells in con.execute(query).fetchall():
        held[at][value] = count
        if distinct > KEPT:
            hashes[at][value] = place
        distincts[at], filled[at] = distinct, int(cells)
    return [Facts(column, held[at], distincts[at], filled[at], hashes=hashes[at]) for at, column in enumerate(columns)]


@lru_cache(200_000)
def plain(text: str) -> str:
    """A value without case, accents and signs: what is compared."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return " ".join(re.findall(r"\w+|[+-]?\d+(?:\.\d+)?", bare.replace("_", " "))) or bare.strip()
