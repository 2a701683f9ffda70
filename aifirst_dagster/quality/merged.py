"""Cells that hold the value of a neighbour, too: `San Diego CA` where the state beside it is missing."""

from __future__ import annotations

from collections.abc import Iterator

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.facts import Fact, Facts, Query

#: A column that lacks its values by nature is not looked for elsewhere.
MISSING = 0.4
#: So much of what is missing must be found, with a value that the column knows.
FOUND = 0.5
_CUT = r"[\s,;/|(-]+"


def queries(facts: Facts) -> Iterator[Query]:
    """For each two neighbours of which one lacks what the other holds: both cells, as they should be."""
    for lost in facts.columns:
        if not 3 <= lost.missing <= MISSING * lost.rows or not 2 <= lost.distinct <= lost.filled / 2:
            continue
        for at, held in enumerate(facts.columns):
            near = abs(at - facts.columns.index(lost)) <= 2
            if held is not lost and near and held.column.type == "string":
                yield from _pair(facts, held, lost)


def _pair(facts: Facts, held: Fact, lost: Fact) -> Iterator[Query]:
    """Texts that end with a value of `lost` where `lost` has none."""
    split = f"""WITH known AS (SELECT DISTINCT {lost.text} AS v FROM {facts.cells} WHERE {lost.present}),
        gaps AS (SELECT __row, __line, {held.text} AS a, {lost.text} AS b,
            regexp_extract(trim({held.text}), '^(.*[^\\s,;/|(-]){_CUT}([^\\s,;/|()-]+)\\)?$', ['rest', 'last']) AS parts
            FROM {facts.cells} WHERE {held.present} AND NOT {lost.present}),
        hits AS (SELECT gaps.*, parts.rest AS rest, known.v AS found FROM gaps JOIN known ON parts.last = known.v)"""
    hits = facts.ask(f"{split} SELECT count(*) FROM hits")[0][0]
    if hits < max(3, FOUND * lost.missing):
        return
    reason = literal(f"It holds the value of {lost.column.source_name}, too, which is missing there.")
    yield held.column.name, f"{split} SELECT __row, __line, a, {reason}, rest FROM hits"
    reason = literal(f"Its value stands in {held.column.source_name}.")
    yield lost.column.name, f"{split} SELECT __row, __line, b, {reason}, found FROM hits"
