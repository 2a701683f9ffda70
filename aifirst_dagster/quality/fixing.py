"""Which column fixes which, as rules: rows with the same customer number have the same name, but for a few slips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.quality.candidates import Candidate
from aifirst_dagster.quality.evidence import Facts, Parts
from aifirst_dagster.quality.rules import Rule

#: Rows that are looked at; columns that may fix others, and columns that may be fixed.
ROWS, FIXING, FIXED = 6_000, 12, 24
#: Rows for each value of what fixes, on average; the share of rows that must follow, and of those that could do
#: otherwise: where one value is nearly everywhere, whatever precedes it seems to fix it.
REPEATS, FOLLOW, STRENGTH = 3, 0.93, 0.85
#: Pairs of columns that are counted in one statement.
AT_ONCE = 60

Share = dict[tuple[str, str], float]


def of_dependencies(con: Any, parts: Parts, facts: Sequence[Facts]) -> Iterator[Candidate]:
    """For each column that another fixes in nearly all rows, the one that does: what fixes most columns first."""
    shares = _shares(con, parts, facts)
    settles = {name: sum(by == name for by, _ in shares) for name, _ in shares}
    place = {fact.name: number for number, fact in enumerate(facts)}
    ranked = sorted(settles, key=lambda name: (-settles[name], place[name]))
    for fact in facts:
        by = next((name for name in ranked if (name, fact.name) in shares), None)
        # Two columns that fix each other are said once: from the one that fixes more.
        if by is None or ((fact.name, by) in shares and ranked.index(fact.name) < ranked.index(by)):
            continue
        share = shares[by, fact.name]
        how = (
            f"always have the same {fact.name}" if share == 1 else f"have the same {fact.name} in {share:.1%} of cases"
        )
        rule = Rule(
            type="expect_column_values_to_be_determined_by_columns",
            kwargs={"column": fact.name, "column_list": [by]},
            rationale=f"Rows with the same {by} {how}: where one differs, one of the two is wrong.",
            severity="warn",
            provenance="offline",
        )
        yield Candidate(
            rule, 7, FOLLOW - 0.03, exceptions=True, kind="fixed", columns=(by, fact.name), learned=share
        )  # fmt: skip


def _shares(con: Any, parts: Parts, facts: Sequence[Facts]) -> Share:
    """(what fixes, what is fixed) -> the share of rows with their group's usual value, where that tells."""
    able = [one for one in facts if one.distinct > 1 and one.kind in ("text", "number", "time", "flag")]
    fixing = [one for one in able if _names(one) and one.distinct * REPEATS <= one.count][:FIXING]
    fixed = [one for one in able if not _measures(one)][:FIXED]
    if not fixing or len(fixed) < 2:
        return {}
    named = {one.name: f"c{number}" for number, one in enumerate({one.name: one for one in [*fixing, *fixed]}.values())}
    coded = ", ".join(f"CASE WHEN {ident(name)} IS NOT NULL THEN hash({ident(name)}) END AS {code}"
                      for name, code in named.items())  # fmt: skip
    con.execute(f"CREATE OR REPLACE TEMP TABLE __codes AS SELECT {coded} FROM {parts.learn} LIMIT {ROWS}")
    try:
        pairs = [(by.name, of.name) for by in fixing for of in fixed if by.name != of.name]
        found: Share = {}
        for start in range(0, len(pairs), AT_ONCE):
            some = pairs[start : start + AT_ONCE]
            counted = _counted(con, [(named[by], named[of]) for by, of in some])
            shares = {some[place]: _share(*figures) for place, *figures in counted}
            found |= {pair: share for pair in some if (share := shares.get(pair)) is not None}
        return found
    finally:
        con.execute("DROP TABLE IF EXISTS __codes")


def _counted(con: Any, pairs: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
    """(place of the pair, rows of groups, those with their group's usual value, the share of the usual value of all).

    All pairs in one statement: what each costs by itself is more than what it has to count.
    """
    listed = ", ".join(f"{{'p': {place}, 'k': {by}, 'v': {of}}}" for place, (by, of) in enumerate(pairs))
    rows: list[tuple[Any, ...]] = con.execute(
        f"WITH each AS (SELECT unnest([{listed}], recursive := true) FROM __codes), "
        "pairs AS MATERIALIZED (SELECT p, k, v, count(*) AS n FROM each WHERE k IS NOT NULL AND v IS NOT NULL "
        "GROUP BY ALL), "
        "groups AS (SELECT p, sum(n) AS t, max(n) AS m FROM pairs GROUP BY p, k), "
        "usual AS (SELECT p, max(n) / sum(n) AS mode FROM (SELECT p, sum(n) AS n FROM pairs GROUP BY p, v) GROUP BY p) "
        "SELECT p, coalesce(sum(t) FILTER (t > 1), 0), coalesce(sum(m) FILTER (t > 1), 0), any_value(mode) "
        "FROM groups JOIN usual USING (p) GROUP BY p"
    ).fetchall()
    return rows


def _share(rows: int, agreed: int, mode: float | None) -> float | None:
    """The share of rows that follow; None where they are too few, or would without the other column."""
    if rows < 20 or mode is None or mode >= 0.97:
        return None
    share = float(agreed) / float(rows)
    strong = share >= FOLLOW and (share - mode) / (1 - mode) >= STRENGTH
    return share if strong else None


def _names(fact: Facts) -> bool:
    """Whether a value may name a thing: what goes with a measure goes with it by accident."""
    return fact.kind == "text" or (fact.kind == "number" and fact.column.type == "integer")


def _measures(fact: Facts) -> bool:
    """Whether a column measures something in so many values that few rows share one."""
    return fact.kind == "number" and fact.column.type == "number" and fact.distinct > 0.2 * fact.count
