"""Cells that contradict the rest of their row: where one column settles another in nearly all rows, the few others."""

from __future__ import annotations

from dataclasses import dataclass, field

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.quality.facts import Fact, Facts, Query

#: Larger tables and wider ones are not searched for dependencies: it takes a grouping for each pair of columns.
ROWS, COLUMNS = 300_000, 30
#: A column settles another where so many rows agree with the majority of their group, above what the mode alone gives.
STRENGTH = 0.9
#: In a table of more rows than this, pairs of columns are first looked at in so many of them.
SAMPLE = 20_000
#: A pair of values that a group shows as often as this is meant, though the group's majority has another.
MEANT, MEANT_SHARE = 3, 0.03
#: Observations of one thing by several sources: at least so many columns follow it, so far, at most so many do not.
FOLLOWING, FOLLOWS, STRAY = 3, 0.4, 1

_CODES = "__codes"


@dataclass
class Found:
    """What the columns say of each other.

    Attributes:
        queries: For each column that others settle, the cells that contradict them.
        supported: Column -> SELECT of the values that others speak for in most of their rows.
    """

    queries: list[Query] = field(default_factory=list)
    supported: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)


def find(facts: Facts) -> Found:
    """Search the table for columns that settle others; `drop` its temporary tables afterwards."""
    found = Found()
    if not 10 <= facts.rows <= ROWS:
        return found
    some = facts.columns[:COLUMNS]
    able = [fact for fact in some if 1 < fact.distinct <= facts.rows / 2]
    if len(able) < 2:
        return found
    # Numbers for texts: what is grouped by again and again should be cheap to group by.
    codes = ", ".join(f"CASE WHEN {f.present} THEN hash({f.text}) END AS {ident(f.column.name)}" for f in able)
    facts.ask(f"CREATE OR REPLACE TEMP TABLE {_CODES} AS SELECT __row, {codes} FROM {facts.cells}")
    found.made.append(_CODES)
    small = _CODES
    if facts.rows > 2 * SAMPLE:
        every = round(facts.rows / SAMPLE)
        facts.ask(f"CREATE OR REPLACE TEMP TABLE {_CODES}_some AS SELECT * FROM {_CODES} WHERE __row % {every} = 0")
        small = f"{_CODES}_some"
        found.made.append(small)
    strengths = _strengths(facts, able, small)
    if small != _CODES:
        likely = {pair for pair, strength in strengths.items() if strength >= STRENGTH - 0.15}
        strengths = {pair: s for pair, s in strengths.items() if pair not in likely}
        strengths |= {(by, of): _strength(facts, _CODES, by, of) for by, of in sorted(likely)}
    thing = _thing(facts, able, strengths)
    for settled in able:
        name = settled.column.name
        if settled.column.type == "string" and facts.rows <= 2 * SAMPLE:
            found.supported[name] = _supported(facts, [by.column.name for by in able if _names(by)], settled)
        votes = [by for (by, of), strength in strengths.items() if of == name and strength >= STRENGTH]
        loose = thing is not None and name != thing and strengths.get((thing, name), 0.0) >= FOLLOWS
        if not votes and not loose:
            continue
        table = f"__votes_{len(found.made)}"
        facts.ask(f"CREATE OR REPLACE TEMP TABLE {table} AS {_tally(votes or [str(thing)], name, loose and not votes)}")
        found.made.append(table)
        found.queries.append((name, _query(facts, table, settled)))
    return found


def drop(facts: Facts, found: Found) -> None:
    """Remove the temporary tables."""
    for table in found.made:
        facts.ask(f"DROP TABLE IF EXISTS {table}")


def _strengths(facts: Facts, able: list[Fact], table: str) -> dict[tuple[str, str], float]:
    """Each pair (by, of) -> how far the one settles the other."""
    by = [fact for fact in able if fact.distinct <= facts.rows / 3 and _names(fact)]
    return {
        (one.column.name, other.column.name): _strength(facts, table, one.column.name, other.column.name)
        for one in by for other in able if one is not other
    }  # fmt: skip


def _names(fact: Fact) -> bool:
    """Whether a value may name a thing. A measure does not: what goes with it goes with it by accident."""
    return fact.column.type not in ("number", "datetime", "time")


def _groups(table: str, by: str, of: str) -> str:
    """Each value of `by` (`k`) with its rows `t`, and the most frequent `of` (`top`) with its rows `m`."""
    return f"""(SELECT k, sum(n) AS t, max(n) AS m, arg_max(v, {{'n': n, 'v': v}}) AS top,
        coalesce(list(v) FILTER (n >= {MEANT}), []) AS often, coalesce(list(n) FILTER (n >= {MEANT}), []) AS counts FROM
        (SELECT {ident(by)} AS k, {ident(of)} AS v, count(*) AS n FROM {table}
         WHERE {ident(by)} IS NOT NULL AND {ident(of)} IS NOT NULL GROUP BY 1, 2) GROUP BY 1 HAVING sum(n) >= 3)"""


def _strength(facts: Facts, table: str, by: str, of: str) -> float:
    """How far `by` settles `of`, 0 to 1: the rows that follow their group's majority, beyond those of the mode."""
    query = f"""SELECT sum(m) / sum(t), sum(t), (SELECT max(n) / sum(n) FROM
        (SELECT count(*) AS n FROM {table} WHERE {ident(of)} IS NOT NULL GROUP BY {ident(of)})),
        (SELECT count({ident(of)}) FROM {table}) FROM
        (SELECT k, sum(n) AS t, max(n) AS m FROM (SELECT {ident(by)} AS k, {ident(of)} AS v, count(*) AS n FROM {table}
         WHERE {ident(by)} IS NOT NULL AND {ident(of)} IS NOT NULL GROUP BY 1, 2) GROUP BY 1 HAVING sum(n) >= 3)"""
    agreed, covered, mode, filled = facts.ask(query)[0]
    if not covered or covered < 0.3 * filled or mode >= 0.999:
        return 0.0
    strength = max(0.0, (agreed - mode) / (1 - mode))
    return strength if agreed >= 0.95 else min(strength, STRENGTH - 0.01)


def _thing(facts: Facts, able: list[Fact], strengths: dict[tuple[str, str], float]) -> str | None:
    """The column that names the thing which every row observes, as a flight that many sources report on.

    Nearly all other columns must follow it, be it loosely, and the table must be long on each thing: then rows that
    say otherwise are wrong. A column that follows nothing is allowed once (the source), and row numbers.
    """
    others = [fact for fact in facts.columns if fact.distinct > 1 and fact.distinct <= 0.95 * facts.rows]
    best: tuple[float, str] | None = None
    for fact in able:
        name = fact.column.name
        if not 2 < fact.distinct <= facts.rows / 5 or not _names(fact):
            continue
        rest = [other.column.name for other in others if other is not fact]
        following = [other for other in rest if strengths.get((name, other), 0.0) >= FOLLOWS]
        if len(following) >= FOLLOWING and len(rest) - len(following) <= STRAY:
            total = sum(strengths[name, other] for other in following)
            best = max(best or (0.0, ""), (total, name))
    return best[1] if best else None


def _supported(facts: Facts, by: list[str], settled: Fact) -> str:
    """SQL: the values of `settled` that stand in most of their rows as the majority of a group has it.

    A rare value that one hospital has in all its rows is meant, however near it lies to what the others have.
    """
    name, target = settled.column.name, ident(settled.column.name)
    every = " UNION ".join(
        f"SELECT g.top FROM {_groups(_CODES, other, name)} g WHERE g.m >= 0.7 * g.t "
        f"GROUP BY 1 HAVING sum(g.m) >= 0.5 * (SELECT count(*) FROM {_CODES} WHERE {target} = g.top)"
        for other in by if other != name
    )  # fmt: skip
    return f"SELECT {settled.text} FROM {facts.cells} WHERE hash({settled.text}) IN ({every or 'SELECT NULL::UBIGINT'})"


def _tally(votes: list[str], settled: str, loose: bool) -> str:
    """SQL of (row, top): what most of the columns that settle `settled` say of each row."""
    target = ident(settled)
    clear = "g.m >= 2 AND g.m >= 0.3 * g.t" if loose else "g.m >= 0.7 * g.t"
    meant = "FALSE" if loose else (
        f"coalesce(g.counts[list_position(g.often, c.{target})] >= {MEANT_SHARE} * g.t, FALSE) AND c.{target} <> g.top"
    )  # fmt: skip
    polls = " UNION ALL ".join(
        f"""SELECT c.__row, g.top FROM {_CODES} c JOIN {_groups(_CODES, name, settled)} g ON c.{ident(name)} = g.k
        WHERE {clear} AND NOT ({meant})"""
        for name in votes
    )
    return f"""WITH polls AS ({polls}), tally AS (SELECT __row, top, count(*) AS n FROM polls GROUP BY 1, 2)
        SELECT __row, arg_max(top, {{'n': n, 'v': top}}) AS top FROM tally GROUP BY 1
        HAVING max(n) * 2 > sum(n)"""


def _query(facts: Facts, table: str, settled: Fact) -> str:
    """Cells of `settled` that the columns which settle it contradict, with what these say."""
    text = settled.text
    return f"""WITH names AS (SELECT hash({text}) AS code, any_value({text}) AS top FROM {facts.cells}
            WHERE {settled.present} GROUP BY 1)
        SELECT c.__row, c.__line, c.{text}, 'Rows alike in other columns have ' || names.top || ' here.', names.top
        FROM {facts.cells} c JOIN {table} w USING (__row) JOIN names ON w.top = names.code
        WHERE c.{text} IS DISTINCT FROM names.top"""
