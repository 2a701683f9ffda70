"""Numbers with more around them than the others have: a unit, a sign, separators."""

from __future__ import annotations

from collections.abc import Iterator

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference.casts import parsed
from aifirst_dagster.inference.units import is_unit
from aifirst_dagster.quality.facts import Fact, Facts, Query

#: One way of writing is the column's own where more of its numbers are written so.
USUAL = 0.95
#: Numbers of four digits and more are written in groups of three where so many of them are.
GROUPED = 0.85
_FIGURE = r"^\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%°][A-Za-z%°. -]{0,20})?\s*$"


def queries(facts: Facts) -> Iterator[Query]:
    """Numbers that are not plain in a column where others are, and units that are written in several ways."""
    for fact in facts.columns:
        if not fact.filled:
            continue
        if fact.column.type in ("integer", "number") and fact.column.physical_type == "VARCHAR":
            query = _not_plain(facts, fact)
        elif fact.column.type == "string":
            query = _mixed_units(facts, fact)
        else:
            continue
        if query:
            yield fact.column.name, query


def _not_plain(facts: Facts, fact: Fact) -> str | None:
    """Numbers with a unit, a sign or separators in the cell: the plain number is what it should hold."""
    text = fact.text
    cast = f"({parsed(fact.column, text)})"
    # What stands around the figures; a separator counts where a number without one is as long.
    mark = f"regexp_replace({text}, '[0-9.,\\s+-]', '', 'g')"
    marks = dict(facts.ask(f"SELECT {mark}, count(*) FROM {facts.cells} WHERE {fact.present} GROUP BY 1"))
    total = sum(marks.values())
    usual = max(marks, key=lambda key: marks[key])
    if usual and marks[usual] >= USUAL * total:
        return (
            f"SELECT __row, __line, {text}, {literal(f'Nearly all numbers here are written with {usual}.')}, NULL "
            f"FROM {facts.cells} WHERE {fact.present} AND {cast} IS NOT NULL AND {mark} <> {literal(usual)}"
            if marks[usual] < total else None
        )  # fmt: skip
    plain = f"regexp_replace({cast}::VARCHAR, '\\.0+$', '')"
    grouped = f"({mark} = '' AND TRY_CAST(trim({text}) AS DOUBLE) IS NULL)"
    long = f"({mark} = '' AND regexp_matches({text}, '[0-9]{{4}}'))"
    separated, unseparated = facts.ask(
        f"SELECT count(*) FILTER ({grouped}), count(*) FILTER ({long}) FROM {facts.cells} WHERE {fact.present}"
    )[0]
    if separated >= GROUPED * (separated + unseparated) and unseparated and fact.column.type == "integer":
        better = f"format('{{:,}}', {cast}::BIGINT)" if fact.column.number_style == "comma_grouped" else "NULL"
        return (
            f"SELECT __row, __line, {text}, 'Nearly all others are written in groups of three digits.', {better} "
            f"FROM {facts.cells} WHERE {fact.present} AND {cast} IS NOT NULL AND {long}"
        )
    but = f" AND NOT {grouped}" if separated > unseparated else ""
    return f"""SELECT __row, __line, {text}, 'It is written with more than the number.', {plain}
        FROM {facts.cells} WHERE {fact.present} AND {cast} IS NOT NULL
        AND TRY_CAST(trim({text}) AS DOUBLE) IS NULL{but}"""


def _mixed_units(facts: Facts, fact: Fact) -> str | None:
    """Figures followed by a unit that is written in more ways than one, or by some only."""
    unit = f"regexp_extract({fact.text}, '{_FIGURE}', 2)"
    units = facts.ask(
        f"SELECT {unit}, count(*) FROM {facts.cells} WHERE {fact.present} "
        f"AND regexp_extract({fact.text}, '{_FIGURE}', 1) <> '' GROUP BY 1"
    )
    often = [name for name, count in units if count >= 0.05 * fact.filled]
    known = sum(count for name, count in units if is_unit(name))
    if len(often) < 2 or sum(count for _, count in units) < 0.9 * fact.filled or known < 0.25 * fact.filled:
        return None
    return f"""WITH f AS (SELECT __row, __line, {fact.text} AS v, regexp_extract({fact.text}, '{_FIGURE}', 1) AS figure,
            {unit} AS unit FROM {facts.cells} WHERE {fact.present})
        SELECT __row, __line, v, 'Its unit is written in several ways, or left out, in this column.',
            regexp_replace(figure, '\\.0+$', '')
        FROM f WHERE figure <> '' AND unit <> ''"""
