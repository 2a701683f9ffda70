"""Claims tested on rows: all of them in one scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.relations.found import Claim, Relationship
from aifirst_dagster.inference.relations.look import Look, typed

if TYPE_CHECKING:
    import duckdb

#: The share of rows that have to agree, of those that have a say; rows at least; claims at most.
AGREE, ROWS, MOST = 0.98, 8, 30
_DATED = frozenset({"date_part", "date_difference"})


def confirm(con: duckdb.DuckDBPyConnection, relation: str, look: Look, claims: Sequence[Claim]) -> list[Relationship]:
    """The claims that the rows of `relation` bear out, with how many do."""
    claims = claims[:MOST]
    if not claims:
        return []
    named = {column.name: at for at, column in enumerate(look.columns)}
    used = sorted({named[name] for claim in claims for name in claim.columns})
    cells = []
    for at in used:
        source = ident(look.columns[at].source_name)
        cells += [
            f"{typed(look.columns[at], source)} AS t{at}",
            f"nullif(trim(CAST({source} AS VARCHAR)), '') AS r{at}",
        ]
    tests = ", ".join(f"count_if({claim.test}), count({claim.test})" for claim in claims)
    counts = con.execute(f"SELECT {tests} FROM (SELECT {', '.join(cells)} FROM {ident(relation)})").fetchall()[0]
    found = []
    for claim, agreed, rows in zip(claims, counts[::2], counts[1::2], strict=True):
        share = agreed / rows if rows else 0.0
        if rows < ROWS or share < AGREE:
            continue
        less = "" if agreed == rows else f" but {rows - agreed:,}"
        found.append(Relationship(
            columns=list(claim.columns), kind=claim.kind, evidence=f"{claim.text}, in {rows:,} rows{less}",
            confidence=round(share, 4), error=round(1 - share, 6), rows=rows,
        ))  # fmt: skip
    return _best(found)


def _best(found: Sequence[Relationship]) -> list[Relationship]:
    """For each column that follows from dates, the claim that most rows bear out: a date, its copy with a time and one
    that is mostly the same day would all be said to fix its year."""
    dated: dict[str, Relationship] = {}
    for one in found:
        if one.kind in _DATED and one.confidence > (
            dated[one.columns[-1]].confidence if one.columns[-1] in dated else 0
        ):
            dated[one.columns[-1]] = one
    return [one for one in found if one.kind not in _DATED or dated[one.columns[-1]] is one]
