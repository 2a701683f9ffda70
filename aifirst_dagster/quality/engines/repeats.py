"""How many rows share their value with another, exactly; that none do is proven with less work than a grouping."""

from __future__ import annotations

from typing import Any

from aifirst_dagster.quality.engines.plan import Repeats

#: Whole numbers in a range of so many times the rows, and no more than this in all, are ticked off in a bit string.
SPARSE, BITS = 32, 2**27
#: Rows that are looked at first: a smaller table is grouped at once, and so is one whose values repeat in them.
FIRST = 10_000
#: More repeated hashes than this are not looked at one by one.
LISTED = 1_000


def count(con: Any, asked: Repeats) -> tuple[int, int, str]:
    """(rows in the domain, those that share their value, SQL boolean that all of the latter meet or "")."""
    source = f"{asked.relation} WHERE {asked.domain}"
    first = f"SELECT {asked.value} AS v FROM {source} LIMIT {FIRST}"
    seen, different = con.execute(f"SELECT count(*), count(DISTINCT v) FROM ({first})").fetchall()[0]
    if seen < FIRST or different < seen:
        return (*_grouped(con, asked, ""), "")
    return (asked.whole and _ticked(con, asked, source)) or _hashed(con, asked, source)


def _ticked(con: Any, asked: Repeats, source: str) -> tuple[int, int, str] | None:
    """The answer where the numbers lie close together and none repeats; else None."""
    rows, low, high = con.execute(
        f"SELECT count(*), min({asked.value}), max({asked.value}) FROM {source}"
    ).fetchall()[0]  # fmt: skip
    if high - low >= min(SPARSE * rows, BITS):
        return None
    bits = f"bit_count(bitstring_agg({asked.value}, {low}, {high}))"
    return (rows, 0, "") if con.execute(f"SELECT {bits} FROM {source}").fetchall()[0][0] == rows else None


def _hashed(con: Any, asked: Repeats, source: str) -> tuple[int, int, str]:
    """Sorting the hashes costs half of grouping the values: where no two are equal, no two values are.

    Where a few are, only the rows with these are grouped, for two values may have one hash.
    """
    hashes = f"SELECT h, lag(h) OVER (ORDER BY h) AS p FROM (SELECT hash({asked.value}) AS h FROM {source})"
    rows, met = con.execute(f"SELECT count(*), min(h, {LISTED + 1}) FILTER (h = p) FROM ({hashes})").fetchall()[0]
    if not met:
        return rows, 0, ""
    some = f"hash({asked.value}) IN ({', '.join(map(str, sorted(set(met))))})" if len(met) <= LISTED else ""
    return rows, _grouped(con, asked, some)[1], some


def _grouped(con: Any, asked: Repeats, some: str) -> tuple[int, int]:
    query = f"SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (n > 1), 0) FROM {asked.groups(some)}"
    rows, sharing = con.execute(query).fetchall()[0]
    return int(rows), int(sharing)
