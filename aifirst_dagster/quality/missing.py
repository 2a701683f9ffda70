"""Cells without a value where hardly any other lacks one, and words that pose as values."""

from __future__ import annotations

from collections.abc import Iterator

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.quality.facts import Fact, Facts, Query

#: A value is missing by mistake where fewer rows than this lack one.
MISSING = 0.1
#: Columns that lack their values in the same rows do so by nature: so much of what one lacks, another lacks too.
TOGETHER = 0.8
#: Columns that are compared with one another.
MOST = 60


def queries(facts: Facts) -> Iterator[Query]:
    """Missing values, and texts that stand for them."""
    odd = [fact for fact in facts.columns if 0 < fact.missing <= MISSING * fact.rows and fact.filled]
    natural = _together(facts, odd[:MOST])
    for fact in odd:
        if fact.blank and fact.column.name not in natural:
            reason = literal(f"{fact.filled} of {fact.rows} rows have a value here.")
            blank = f"({fact.text} IS NULL OR trim({fact.text}) = '')"
            yield (
                fact.column.name,
                (f"SELECT __row, __line, {fact.text}, {reason}, NULL FROM {facts.cells} WHERE {blank}"),
            )
    worded = [fact for fact in facts.columns if fact.worded]
    # Where a table writes "no value" in one way throughout, that is its way; where it has two, one of them is wrong.
    # A word that hardly a row has may stand where a value got lost: then nothing says that it should be empty.
    blanks = any(fact.blank for fact in facts.columns) or _ways(facts, worded) > 1
    for fact in worded:
        rare = fact.worded <= MISSING * fact.rows
        if fact.filled and (blanks or rare) and fact.column.name not in natural:
            yield fact.column.name, _token(facts, fact, not rare or len(worded) == 1)


def _together(facts: Facts, odd: list[Fact]) -> set[str]:
    """Columns that lack their values in the same rows as others do."""
    others = [fact for fact in facts.columns if fact.missing and fact.filled > 0.4 * fact.rows][:MOST]
    pairs = [
        (a, b) for a in odd for b in others
        if a is not b and a.missing >= (3 if b in odd else 8) and b.missing >= TOGETHER * a.missing
    ]  # fmt: skip
    found: set[str] = set()
    for start in range(0, len(pairs), 400):
        some = pairs[start : start + 400]
        asked = ", ".join(f"count(*) FILTER (NOT {a.present} AND NOT {b.present})" for a, b in some)
        counts = facts.ask(f"SELECT {asked} FROM {facts.cells}")[0]
        for (a, _), both in zip(some, counts, strict=True):
            if both >= TOGETHER * a.missing:
                found.add(a.column.name)
    return found


def _ways(facts: Facts, worded: list[Fact]) -> int:
    """In how many words the table says that there is no value."""
    if not worded:
        return 0
    every = " UNION ALL ".join(
        f"SELECT lower(trim({ident(fact.column.name)})) AS word FROM {facts.cells} "
        f"WHERE lower(trim({fact.text})) IN ({fact.tokens})"
        for fact in worded[:MOST]
    )
    return int(facts.ask(f"SELECT count(DISTINCT word) FROM ({every})")[0][0])


def _token(facts: Facts, fact: Fact, empty: bool) -> str:
    """Words that stand for "no value": an empty cell says the same without posing as a value."""
    instead = literal("" if empty else None)
    return (
        f"SELECT __row, __line, {fact.text}, 'It says in words that there is no value.', {instead} "
        f"FROM {facts.cells} WHERE lower(trim({fact.text})) IN ({fact.tokens}) AND trim({fact.text}) <> ''"
    )
