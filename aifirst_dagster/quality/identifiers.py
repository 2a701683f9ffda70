"""Columns whose values name rows one by one, told although a few of them repeat."""

from __future__ import annotations

from typing import Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.quality.candidates import UNIQUE, named_thing
from aifirst_dagster.quality.evidence import Facts, Parts

#: Kinds of values that are made so as never to meet: one that repeats was copied.
_NEVER_TWICE = frozenset({"uuid", "hash"})
#: Numbers given out one by one lie in so many times as many as there are rows, and not in more. Drawn at random from
#: these, one in six would meet another: where hardly any does, they were not drawn but counted.
_SPARSE = 5


def numbered(con: Any, parts: Parts, fact: Facts, pattern: tuple[str, float] | None) -> bool:
    """Whether each row has a value of its own by design, be it for errors.

    That hardly any value repeats says little: amounts, names and references to many things do so by chance, until
    more rows come. So it takes a name or a meaning of identifiers, and numbers as close as counting makes them.
    """
    if fact.count < 20 or fact.distinct < UNIQUE * fact.count or fact.count < 0.9 * parts.learned:
        return False
    if fact.column.semantic_type in _NEVER_TWICE:
        return True
    if fact.column.semantic_type != "identifier" and not named_thing(fact.name):
        return False
    if fact.kind == "number" and fact.column.type == "integer" and fact.quantiles:
        return _close(fact.quantiles[0], fact.quantiles[4], parts)
    if fact.kind == "text" and pattern and "[0-9]" in pattern[0] and "|" not in pattern[0]:
        return _counted(con, parts, fact)
    return False


def _close(low: float, high: float, parts: Parts) -> bool:
    """Whether numbers, of which 98 in 100 lie between `low` and `high`, are about as many as there are rows."""
    return (high - low) / 0.98 <= _SPARSE * parts.rows


def _counted(con: Any, parts: Parts, fact: Facts) -> bool:
    """Whether the digits of a code are what counts the rows, and lie close together."""
    digits = f"try_cast(regexp_replace({ident(fact.name)}, '[^0-9]', '', 'g') AS BIGINT)"
    different, ends = con.execute(
        f"SELECT count(DISTINCT d), quantile_cont(d::DOUBLE, [0.01, 0.99]) FROM (SELECT {digits} AS d "
        f"FROM {parts.learn}) WHERE d IS NOT NULL"
    ).fetchall()[0]
    return bool(ends) and different >= UNIQUE * fact.distinct and _close(ends[0], ends[1], parts)
