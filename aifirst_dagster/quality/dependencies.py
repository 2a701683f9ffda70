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
MEANT, MEANT_SHARE = 3, 0.08
#: So many of the rows that follow no majority are of pairs that hardly occur.
SCATTERED = 0.7
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
    settled_by: dict[str, list[str]] = {}
    for (by, of), strength in strengths.items():
        if strength >= STRENGTH:
            settled_by.setdefault(of, []).append(by)
    tables: dict[str, str] = {}
    for settled in able:
        name = settled.column.name
        if settled.column.type == "string" and facts.rows <= 2 * SAMPLE:
            found.supported[name] = _supported(facts, [by.column.name for by in able if _names(by)], settled)
        votes = settled_by.get(name, [])
        loose = thing is not None and name != thing and strengths.get((thing, name), 0.0) >= FOLLOWS
        if not votes and not loose:
            continue
        tables[name] = f"__votes_{len(found.made)}"
        tally = _tally(votes or [str(thing)], name, loose and not votes)
        facts.ask(f"CREATE OR REPLACE TEMP TABLE {tables[name]} AS {tally}")
        found.made.append(tables[name])
    for settled in able:
        if settled.column.name in tables:
            found.queries.append((settled.column.name, _query(facts, tables, settled, settled_by)))
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
    query = f"""WITH pairs AS (SELECT {ident(by)} AS k, {ident(of)} AS v, count(*) AS n FROM {table}
            WHERE {ident(by)} IS NOT NULL AND {ident(of)} IS NOT NULL GROUP BY 1, 2),
        sized AS (SELECT k, n, sum(n) OVER (PARTITION BY k) AS t FROM pairs),
        groups AS (SELECT k, any_value(t) AS t, max(n) AS m,
            coalesce(sum(n) FILTER (n < {MEANT} OR n < {MEANT_SHARE} * t), 0) AS single
            FROM sized WHERE t >= 3 GROUP BY 1)
        SELECT sum(m) / sum(t), sum(t), (SELECT max(n) / sum(n) FROM (SELECT sum(n) AS n FROM pairs GROUP BY v)),
            (SELECT count({ident(of)}) FROM {table}), sum(least(single, t - m)) FROM groups"""
    agreed, covered, mode, filled, single = facts.ask(query)[0]
    if not covered or covered < 0.3 * filled or mode >= 0.999:
        return 0.0
    strength = max(0.0, (agreed - mode) / (1 - mode))
    # Slips are scattered: each wrong pair of values stands alone. Exceptions that repeat themselves are meant.
    scattered = agreed >= 0.85 and strength >= 0.8 and single >= SCATTERED * (1 - agreed) * covered
    if scattered:
        return max(strength, STRENGTH)
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


def _query(facts: Facts, tables: dict[str, str], settled: Fact, settled_by: dict[str, list[str]]) -> str:
    """Cells of `settled` that the columns which settle it contradict, with what these say.

    Where two columns contradict each other, a third one that both settle says which is right. Where none does, either
    may be wrong: then nothing is suggested.
    """
    text, name = settled.text, settled.column.name
    rivals = [other for other in settled_by.get(name, []) if other in tables and name in settled_by.get(other, [])]
    torn = [
        f"SELECT c.__row, {_defended(name, other, settled_by)} AS says FROM {_CODES} c JOIN {tables[other]} w "
        f"USING (__row) WHERE w.top <> c.{ident(other)}"
        for other in rivals
        if _both(name, other, settled_by)
    ]
    torn_sql = " UNION ALL ".join(torn) or "SELECT NULL::BIGINT AS __row, NULL::INTEGER AS says WHERE FALSE"
    return f"""WITH names AS (SELECT hash({text}) AS code, any_value({text}) AS top FROM {facts.cells}
            WHERE {settled.present} GROUP BY 1),
        torn AS (SELECT __row, sum(says) AS says FROM ({torn_sql}) GROUP BY 1)
        SELECT c.__row, c.__line, c.{text}, 'Rows alike in other columns have ' || names.top || ' here.',
            CASE WHEN torn.__row IS NULL OR torn.says < 0 THEN names.top END
        FROM {facts.cells} c JOIN {tables[name]} w USING (__row) JOIN names ON w.top = names.code
            LEFT JOIN torn USING (__row)
        WHERE c.{text} IS DISTINCT FROM names.top AND coalesce(torn.says, 0) <= 0"""


def _defended(name: str, other: str, settled_by: dict[str, list[str]]) -> str:
    """SQL: how many columns that both `name` and `other` settle speak for `name`, less those that speak for `other`."""
    says = [
        f"coalesce(CASE WHEN ({_top(name, third)}) = c.{ident(third)} THEN 1 ELSE 0 END "
        f"- CASE WHEN ({_top(other, third)}) = c.{ident(third)} THEN 1 ELSE 0 END, 0)"
        for third in _both(name, other, settled_by)[:5]
    ]
    return " + ".join(says)


def _both(name: str, other: str, settled_by: dict[str, list[str]]) -> list[str]:
    return [third for third, by in settled_by.items() if {name, other} <= set(by) and third not in (name, other)]


def _top(by: str, of: str) -> str:
    """SQL: what most rows with this row's `by` have in `of`."""
    return f"SELECT g.top FROM {_groups(_CODES, by, of)} g WHERE g.k = c.{ident(by)}"
