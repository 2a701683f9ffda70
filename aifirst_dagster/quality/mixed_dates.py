"""Dates that are read, but written in another way than nearly all others of their column."""

from __future__ import annotations

from collections.abc import Iterator

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference import dates
from aifirst_dagster.inference.casts import parsed
from aifirst_dagster.quality.facts import Fact, Facts, Query

#: One way of writing is the column's own where so many of its dates are written so.
USUAL = 0.8
#: Parts of a day that may be written with or without a zero.
_PADDED = ("%d", "%m", "%H", "%I")


def queries(facts: Facts) -> Iterator[Query]:
    """For each column of dates in several ways of which one is usual: the others, and how they would be written."""
    for fact in facts.columns:
        column = fact.column
        if column.type in ("date", "datetime") and len(column.formats_seen) > 1 and column.date_words is None:
            query = _otherwise(facts, fact)
            if query:
                yield column.name, query


def _otherwise(facts: Facts, fact: Fact) -> str | None:
    kind, text = fact.column.type, f"trim({fact.text})"
    reads = {form: f"({dates.parse_sql(form, text, kind)}) IS NOT NULL" for form in fact.column.formats_seen}
    asked = ", ".join(f"count(*) FILTER ({read})" for read in reads.values())
    counts = facts.ask(f"SELECT {asked} FROM {facts.cells} WHERE {fact.present}")[0]
    usual, count = max(zip(reads, counts, strict=True), key=lambda pair: pair[1])
    if count < USUAL * fact.filled or count == fact.filled:
        return None
    bare = facts.ask(
        f"SELECT count(*) FROM {facts.cells} WHERE {fact.present} AND {reads[usual]} "
        f"AND regexp_matches({text}, '^[0-9][^0-9]|[^0-9:.][0-9][^0-9]')"
    )[0][0]
    form = usual
    for part in _PADDED if bare else ():
        form = form.replace(part, f"%-{part[1]}")
    value = f"({parsed(fact.column, fact.text)})"
    return (
        f"SELECT __row, __line, {fact.text}, 'Nearly all dates here are written in another way.', "
        f"strftime({value}, {literal(form)}) FROM {facts.cells} "
        f"WHERE {fact.present} AND {value} IS NOT NULL AND NOT ({reads[usual]})"
    )
