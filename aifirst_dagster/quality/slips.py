"""Rare values that are nearly the same as a frequent one: typing errors, and other spellings of it."""

from __future__ import annotations

from collections.abc import Iterator

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference.casts import parsed
from aifirst_dagster.quality.facts import TYPED, Fact, Facts, Query

#: Short words lie close together by nature (CA, GA): there only a value that nearly all rows have says anything.
NEARLY_ALL = 0.9
#: Where more of the frequent values than this have another one as near as a slip, nearness says nothing.
CROWDED = 0.25


def queries(facts: Facts, supported: dict[str, str] | None = None) -> Iterator[Query]:
    """Slips of each column whose values repeat.

    Args:
        facts: The table.
        supported: Column -> SELECT of values that the rest of their rows speaks for: these are meant.
    """
    for fact in facts.columns:
        if 1 < fact.distinct <= fact.filled / 2:
            but = (supported or {}).get(fact.column.name)
            yield fact.column.name, _variants(facts, fact)
            reach = 1 if _crowded(facts, fact) else 2
            if fact.column.type in TYPED and reach < 2:
                continue
            yield fact.column.name, _slips(facts, fact, but, reach)


def _values(facts: Facts, fact: Fact) -> str:
    """SQL: the values a slip can be of or be, with their cells. Numbers and dates differ because they are different."""
    odd = f"({parsed(fact.column, 'v')}) IS NULL" if fact.column.type in TYPED else "TRUE"
    return f"SELECT v, n, {odd} AS odd FROM ({facts.counted(fact)})"


def _crowded(facts: Facts, fact: Fact) -> bool:
    """Whether frequent values are near one another anyway, as codes are (`N662DN`, `N662JB`)."""
    often = max(4, round(0.002 * fact.filled))
    rows = facts.ask(f"""WITH v AS ({_values(facts, fact)}), often AS (SELECT v, n FROM v
            WHERE n >= {often} AND length(v) >= 4 ORDER BY n DESC, v LIMIT 300)
        SELECT (SELECT count(*) FROM often), count(DISTINCT a.v) FROM often a JOIN often b
            ON a.v <> b.v AND abs(length(a.v) - length(b.v)) <= 2 AND a.n <= 8 * b.n AND b.n <= 8 * a.n
            WHERE damerau_levenshtein(a.v, b.v) <= {_reach("a.v", 2)} AND {_letters("a.v")} <> {_letters("b.v")}""")
    count, near = rows[0]
    return bool(count > 2 and near > CROWDED * count)


def _letters(text: str) -> str:
    return f"translate({text}, '0123456789', '')"


def _reach(text: str, most: int) -> str:
    """SQL: how many letters may differ."""
    size = f"length({text})"
    return f"CASE WHEN {size} < 5 THEN 1 WHEN {size} < 40 THEN {min(most, 2)} ELSE {size} // 12 END"


def _slips(facts: Facts, fact: Fact, but: str | None, reach: int) -> str:
    """Rare values one or two letters away from a frequent one."""
    often = max(4, round(0.002 * fact.filled))
    meant = f" AND v NOT IN ({but})" if but else ""
    # A slip may repeat itself; the more often it does, the more frequent the right value has to be.
    return f"""WITH v AS ({_values(facts, fact)}),
        rare AS (SELECT * FROM v WHERE odd AND n <= {max(2, 0.02 * fact.filled)!r}
            AND length(v) BETWEEN 2 AND 200{meant}
            ORDER BY n, v LIMIT 3000),
        often AS (SELECT * FROM v WHERE n >= {often} ORDER BY n DESC, v LIMIT 1000),
        near AS (SELECT r.v AS v, o.v AS better, o.n AS n, damerau_levenshtein(r.v, o.v) AS d FROM rare r JOIN often o
            ON abs(length(r.v) - length(o.v)) <= 2 AND o.n >= CASE
                WHEN length(r.v) < 4 THEN {NEARLY_ALL * fact.filled!r}
                WHEN r.n <= 2 THEN {4 if reach > 1 else 20} * r.n ELSE {20 if reach > 1 else 100} * r.n END
            WHERE {_letters("r.v")} <> {_letters("o.v")}),
        best AS (SELECT v, arg_min(better, {{'d': d, 'n': -n}}) AS better, min(d) AS d FROM near
            WHERE d <= {_reach("v", reach)} GROUP BY 1)
        SELECT __row, __line, {fact.text}, 'It is rare, and nearly the same as ' || best.better || '.', best.better
        FROM {facts.cells} JOIN best ON {fact.text} = best.v"""


def _variants(facts: Facts, fact: Fact) -> str:
    """Values that differ from a more frequent one in case, accents, space or punctuation between words only."""
    plain = "lower(strip_accents(regexp_replace(v, '[\\s\\x{00A0}_]+', ' ', 'g')))"
    reason = literal("Most rows write it otherwise: ")
    return f"""WITH v AS (SELECT v, n, trim(regexp_replace({plain}, '[.\\-'' ]+', ' ', 'g')) AS k
            FROM ({_values(facts, fact)}) WHERE length(v) <= 200),
        g AS (SELECT k, arg_max(v, n) AS better, max(n) AS n, count(*) AS ways FROM v
            WHERE regexp_matches(k, '\\pL{{2}}') GROUP BY 1 HAVING ways > 1)
        SELECT c.__row, c.__line, c.{fact.text}, {reason} || g.better || '.', g.better
        FROM {facts.cells} c JOIN v ON c.{fact.text} = v.v JOIN g ON v.k = g.k
        WHERE v.v <> g.better AND v.n * 4 <= g.n"""
