"""Dates of several styles and languages as one type; day-month order by the evidence of the whole column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.repair.expressions import Context, Stages, physical
from aifirst_dagster.repair.months import CLOCK, FILLERS, MONTHS

_CLOCK = (
    r"(?P<joint>t| |, )?(?P<h>9{1,2})(?::99)(?P<s>:99)?(?P<f>[.,]9{1,9})?(?P<p> ?[ap]\.?m\.?)?"
    r"(?P<z> ?(?:z|utc|gmt)| ?[+-]99:?(?:99)?)?"
)
_NUMERIC = re.compile(rf"(?P<a>9{{1,4}})(?P<sep>[-/. ])(?P<b>9{{1,2}})(?P=sep)(?P<c>9{{1,4}})(?:{_CLOCK})?")
_COMPACT = re.compile(rf"(?P<a>99999999)(?:{_CLOCK})?")
_NAMED = re.compile(
    r"(?:(?P<d1>9{1,2}) @ (?P<y1>9999|99)|@ (?P<d2>9{1,2}) (?P<y2>9999|99)|(?P<y3>9999) @ (?P<d3>9{1,2}))"
    rf"(?:{_CLOCK})?"
)
ISO = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")
_SHORT_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"


@dataclass(frozen=True)
class Shape:
    """Cells whose text is the same but for its digits.

    Attributes:
        shape: The normalised text, each digit as 9.
        cells: How many cells have it.
        first_big: Cells whose first number is above 12; `second_big`, `third_big` likewise.
        same: Cells whose first two numbers are equal: either order reads them alike.
    """

    shape: str
    cells: int
    first_big: int = 0
    second_big: int = 0
    midnight: int = 0


@dataclass
class Style:
    """How a column's dates are to be read: the parameters of `parse_dates`, and why."""

    formats: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    clock: bool = False
    offsets: bool = False
    cells: int = 0
    notes: list[str] = field(default_factory=list)
    sure: bool = True


def normalised(text_sql: str, params: Mapping[str, Any]) -> str:
    """SQL: the text with month names as English abbreviations, without weekdays, ordinals and filling words."""
    text = f"lower(trim({text_sql}))"
    if "months" not in params and not params.get("words"):
        return text
    named = text
    for name, short in sorted(params.get("months", {}).items(), key=lambda pair: (-len(pair[0]), pair[0])):
        named = f"regexp_replace({named}, {_word(name)}, '\\1 {short} \\2', 'g')"
    for word in sorted(params.get("words", []), key=lambda each: (-len(each), each)):
        named = f"regexp_replace({named}, {_word(word)}, '\\1 \\2', 'g')"
    named = f"regexp_replace({named}, '(\\d)(?:st|nd|rd|th|er|º|ª|\\.)([ ,]|$)', '\\1 \\2')"
    named = f"regexp_replace({named}, '[,/''’]', ' ', 'g')"
    named = f"regexp_replace({named}, '(^|[ 0-9])[-. ]+({_SHORT_MONTHS})[-. ]+', '\\1 \\2 ')"
    named = f"trim(regexp_replace({named}, '\\s+', ' ', 'g'))"
    return f"CASE WHEN regexp_matches({text}, '\\p{{L}}{{2}}') THEN {named} ELSE {text} END"


def _word(word: str) -> str:
    """SQL literal: a pattern of a whole word. RE2 has no look-around, so the characters beside it are groups."""
    return literal("(^|[^\\p{L}])" + re.escape(word) + "([^\\p{L}]|$)")


def shape_sql(text_sql: str) -> str:
    """SQL: a normalised text with each digit as 9 and each month as @."""
    return f"regexp_replace(regexp_replace({text_sql}, '[0-9]', '9', 'g'), '(^| )(?:{_SHORT_MONTHS})( |$)', '\\1@\\2')"


def words_of(words: Mapping[str, int]) -> dict[str, Any]:
    """Which of a column's words are months (to be translated) and which say nothing."""
    months = {word: MONTHS[word] for word in sorted(words) if word in MONTHS}
    fillers = sorted(word for word in words if word in FILLERS and word not in months and word not in CLOCK)
    found: dict[str, Any] = {}
    if months:
        found["months"] = {word: short for word, short in months.items() if word != short}
    if fillers:
        found["words"] = fillers
    return found


def style_of(shapes: Sequence[Shape], hint: str = "", day_first: bool | None = None) -> Style:
    """How to read a column with these shapes.

    Args:
        shapes: All shapes of the column's texts.
        hint: The strptime pattern that inference chose, if any.
        day_first: What the table's other columns use.
    """
    style = Style()
    orders: dict[str, str] = {}
    weights: dict[str, tuple[int, int]] = {}
    for shape in shapes:
        found = _NUMERIC.fullmatch(shape.shape)
        if found and len(found["a"]) <= 2 and len(found["c"]) in (2, 4):
            days, months = weights.get(found["sep"], (0, 0))
            weights[found["sep"]] = (days + shape.first_big, months + shape.second_big)
    for separator, (day_cells, month_cells) in weights.items():
        orders[separator] = _order(separator, day_cells, month_cells, style, hint, day_first)
    counted: dict[str, int] = {}
    for shape in shapes:
        formats = _formats(shape.shape, orders)
        if len(formats) > 1 and not (shape.second_big if orders[formats[0][2]] == "dmy" else shape.first_big):
            formats = formats[:1]  # no cell needs the other order: a cell that does, later, is a slip
        for form in formats:
            counted[form] = counted.get(form, 0) + shape.cells
            style.clock = style.clock or (("%H" in form or "%I" in form) and shape.cells > shape.midnight)
            style.offsets = style.offsets or "%z" in form
        if formats:
            style.cells += shape.cells
    style.formats = sorted(counted, key=lambda form: ("%y" not in form, -counted[form], form))
    # Two-digit years go first: `%Y` would take `24` for the year 24.
    return style


def _order(separator: str, day_cells: int, month_cells: int, style: Style, hint: str, day_first: bool | None) -> str:
    """`dmy` or `mdy` for one separator; what the other order alone can read is still read so."""
    most, least = max(day_cells, month_cells), min(day_cells, month_cells)
    mark = separator.strip() or "space"
    if most and least <= 0.05 * most:
        chosen = "dmy" if day_cells > month_cells else "mdy"
        style.notes.append(f"with {mark!r} the {'day' if chosen == 'dmy' else 'month'} comes first: "
                           f"{most} cells allow nothing else")  # fmt: skip
        return chosen
    if most:
        style.unclear.append(separator)
        style.notes.append(f"with {mark!r} {day_cells} cells can only be day first and {month_cells} only month first: "
                           "cells that could be both are set aside")  # fmt: skip
        return "dmy" if day_cells >= month_cells else "mdy"
    if hint[:2] in ("%d", "%m") and hint[2:3] == separator:
        return "dmy" if hint.startswith("%d") else "mdy"
    if day_first is not None:
        style.notes.append(f"with {mark!r} no cell tells; as in the table's other dates")
        return "dmy" if day_first else "mdy"
    style.sure = False
    style.notes.append(f"with {mark!r} no cell tells whether the day or the month comes first")
    return "mdy" if separator == "/" else "dmy"


def _formats(shape: str, orders: Mapping[str, str]) -> list[str]:
    """strptime patterns for a shape, the likelier order first; empty where it is no date."""
    if found := _NUMERIC.fullmatch(shape):
        s, a, c = found["sep"], len(found["a"]), len(found["c"])
        if a == 4 and c <= 2:
            dates = [f"%Y{s}%m{s}%d"]
        elif a <= 2 and c in (2, 4):
            year = "%Y" if c == 4 else "%y"
            both = [f"%d{s}%m{s}{year}", f"%m{s}%d{s}{year}"]
            dates = both if orders.get(s) == "dmy" else both[::-1]
        else:
            return []
    elif found := _COMPACT.fullmatch(shape):
        dates = ["%Y%m%d"]
    elif found := _NAMED.fullmatch(shape):
        year = "%Y" if len(found["y1"] or found["y2"] or found["y3"]) == 4 else "%y"
        dates = ["%d %b " + year] if found["d1"] else ["%b %d " + year] if found["d2"] else ["%Y %b %d"]
    else:
        return []
    if not found["h"]:
        return dates
    fraction = found["f"]
    clock = "%I:%M" if found["p"] else "%H:%M"
    clock += (":%S" if found["s"] else "") + (f"{fraction[0]}%f" if fraction else "")
    clock += (" %p" if found["p"].startswith(" ") else "%p") if found["p"] else ""
    zone = found["z"] or ""
    # A zone by name is UTC, written as an offset by `parse_dates`.
    clock += "%z" if zone else ""
    return [f"{date}{found['joint'] or ' '}{clock}" for date in dates]


def reading(context: Context) -> Stages:
    """SQL stages that read a date by the first pattern that fits."""
    params, kind = context.params, physical(context.column)
    normal = context.stage("normal")
    stages: Stages = [(normal, normalised(context.text, params))]
    moment = normal
    if params.get("offsets"):
        moment = context.stage("zoned")
        utc = f"regexp_replace({normal}, ' ?(?:z|utc|gmt)$', '+00')"
        stages.append((moment, f"regexp_replace({utc}, ' ([+-]\\d\\d:?(?:\\d\\d)?)$', '\\1')"))
    formats = [*params.get("formats", []), *(form for form in ISO if form not in params.get("formats", []))]
    read = f"try_strptime({moment}, [{', '.join(literal(form) for form in formats)}])"
    if params.get("offsets"):
        read = f"timezone('UTC', {read}::TIMESTAMPTZ)"
    cases = []
    if params.get("serial"):
        days = f"(DATE '1899-12-30' + CAST({normal} AS INTEGER))::TIMESTAMP"
        near = ""
        if isinstance(params["serial"], list):
            low, high = (int(bound) for bound in params["serial"])
            near = f" AND TRY_CAST({normal} AS INTEGER) BETWEEN {low} AND {high}"
        cases.append(f"WHEN regexp_full_match({normal}, '[1-6]\\d{{4}}'){near} THEN {days}")
    if params.get("epoch"):
        digits, micros = ("\\d{10}", 1_000_000) if params["epoch"] == "s" else ("\\d{13}", 1_000)
        instant = f"make_timestamp(CAST({normal} AS BIGINT) * {micros})"
        cases.append(f"WHEN regexp_full_match({normal}, '{digits}') THEN {instant}")
    for separator in params.get("unclear", []):
        mark = re.escape(str(separator))
        either = literal(rf"(0?[1-9]|1[0-2]){mark}(0?[1-9]|1[0-2]){mark}\d+.*")
        pair = literal("^0?(\\d+)" + mark + "0?(\\d+)" + mark)
        first, second = (f"regexp_extract({normal}, {pair}, {at})" for at in (1, 2))
        cases.append(f"WHEN regexp_full_match({normal}, {either}) AND {first} <> {second} THEN NULL")
    stages.append((context.stage("moment"), f"CASE {' '.join(cases)} ELSE {read} END" if cases else read))
    # A year before 1000 is a two-digit year that a `%Y` took at its word.
    found = context.stage("moment")
    date = f"CASE WHEN {found} >= TIMESTAMP '1000-01-01' THEN CAST({found} AS {kind}) END"
    stages.append((context.stage("date"), date))
    return stages
