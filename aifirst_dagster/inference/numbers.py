"""How numbers are written: grouping and decimal marks, signs, currencies, units; told in Python, read in SQL.

A style is how digits are grouped; a currency, a unit, a percent sign or accounting brackets may stand around it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference import fractions, garbled
from aifirst_dagster.inference.noise import LEAST
from aifirst_dagster.inference.units import CURRENCIES, CURRENCY_CODES, SCALES, is_unit, is_word

_SIGN = r"[+\-−–]"
_SYMBOL = r"(?:[A-Z]{0,2}[$€£¥₹₽₩₺₴₫₪฿₦]|zł|kr\.?|Fr\.?|Rs\.?|[A-Z]{3})"
_UNIT = r"(?:[A-Z]{0,2}[$€£¥₹₽₩₺₴₫₪฿₦]|[%‰°]|[A-Za-zµμΩÅ°][A-Za-zµμΩ°²³/·.\"']{0,14}(?: [A-Za-z]{1,8})?)"
_SPACE = "[ \u00a0\u202f\u2009]"
_GAP = "[\\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*"


@dataclass(frozen=True)
class NumberStyle:
    """How digits are written. `core` matches them (RE2 and Python); `drop` is removed, then `decimal` becomes a dot."""

    key: str
    core: str
    drop: str
    decimal: str
    example: str


STYLES: dict[str, NumberStyle] = {
    style.key: style
    for style in (
        NumberStyle("plain", r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", "", ".", "1234.5"),
        NumberStyle("comma_grouped",
                    r"\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d{1,3}(?:\.\d*)?|\d+\.\d*|\d+", ",", ".", "1,234.50"),
        NumberStyle("dot_grouped", r"\d{1,3}(?:\.\d{3})+(?:,\d*)?|\d+(?:,\d*)?", ".", ",", "1.234,50"),
        NumberStyle("space_grouped", rf"\d{{1,3}}(?:{_SPACE}\d{{3}})+(?:[.,]\d*)?|\d+(?:[.,]\d*)?",
                    " \u00a0\u202f\u2009", ",", "1 234,50"),
        NumberStyle("apostrophe_grouped", r"\d{1,3}(?:['’]\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?", "'’", ".", "1'234.50"),
        NumberStyle("padded", r"\d+", "", ".", "007"),
        NumberStyle("indian_grouped",
                    r"\d{1,2}(?:,\d{2})*,\d{3}(?:\.\d*)?|\d{1,3}(?:\.\d*)?", ",", ".", "12,34,567.00"),
    )
}  # fmt: skip
"""Key -> style. `number_style` of a column is one of these keys, or None where a plain cast reads its numbers."""


def _around(core: str) -> str:
    parts = (r"(\()?", f"({_SIGN})?", f"({_SYMBOL})?", f"({_SIGN})?", f"({core})", f"({_UNIT})?", "(-)?", r"(\))?")
    return _GAP + _GAP.join(parts) + _GAP


@cache
def _python(style: str) -> re.Pattern[str]:
    """A style's pattern, compiled where it is wanted: it takes some milliseconds."""
    return re.compile(_around(f"(?:{STYLES[style].core})"), re.ASCII)


@dataclass(frozen=True)
class Reading:
    """What a column's texts are as numbers: style, the share (of cells) read, units with their cells, whole numbers.

    `spellings` hold what stands around the numbers, and what they are written with that needs a reading of its own:
    fractions of one character, signs that were decoded wrongly.
    """

    style: str
    share: float
    units: Counter[str]
    spellings: frozenset[str]
    whole: bool
    bare: bool


def read(counts: Mapping[str, int]) -> Reading | None:
    """The style that reads most of the sampled texts, or None where none reads a good part of them.

    Args:
        counts: Distinct texts (null tokens aside) and their cells.
    """
    total = sum(counts.values())
    best: Reading | None = None
    for key in STYLES:
        if key == "padded":  # leading zeros are a matter of the column's name: `types` decides
            continue
        reading = _try(key, _python(key), counts, total)
        if reading and (best is None or reading.share > best.share + 1e-9):
            best = reading
    return best if best and best.share >= LEAST else None


def reader(style: str) -> Callable[[str], bool]:
    """Whether a style reads a text, as a function of the text."""
    pattern = _python(style)
    return lambda text: bool((found := pattern.fullmatch(_plain(text))) and _sound(found))


def is_number(text: str) -> bool:
    """Whether some style reads `text`."""
    text = _plain(text)
    return any((found := _python(style).fullmatch(text)) and _sound(found) for style in STYLES)


def _try(key: str, pattern: re.Pattern[str], counts: Mapping[str, int], total: int) -> Reading | None:
    cells, units, spellings, whole, bare = 0, Counter[str](), set[str](), True, True
    style = STYLES[key]
    for text, count in counts.items():
        text, wrong = garbled.read(text)
        fraction = fractions.held(text)
        found = pattern.fullmatch(fractions.plain(text) if fraction else text)
        if not found or not _sound(found):
            continue
        cells += count
        spellings.update(wrong)
        bare = bare and not wrong
        if fraction:  # a spelling of its own, so that SQL looks for it here only
            spellings.update(sign for sign in text if sign in fractions.SIGNS)
            bare = False
        bare = bare and not any(found[group] for group in (1, 3, 6, 7)) and found[2] not in {"−", "–"}
        spellings.update(spelled for spelled in (found[3], found[6]) if spelled)
        units[_unit(found[3], found[6])] += count
        core = found[5].lower()
        marks = ".," if key == "space_grouped" else style.decimal
        whole = whole and "e" not in core and not any(mark in core for mark in marks)
    return Reading(key, cells / total, units, frozenset(spellings), whole, bare) if cells else None


def _plain(text: str) -> str:
    return fractions.plain(garbled.read(text)[0])


def units_among(spellings: Iterable[str]) -> list[str]:
    """Those of `Reading.spellings` that stand for a unit, a currency or a scale as they are written."""
    return [each for each in spellings if each not in fractions.SIGNS and not garbled.among([each])]


def _sound(found: re.Match[str]) -> bool:
    """Whether what stands around the digits can be so: both brackets, one sign, a known currency or unit, not two."""
    prefix, suffix = found[3], found[6]
    if bool(found[1]) != bool(found[8]) or (found[2] and found[4]):
        return False
    if prefix and not (prefix in CURRENCIES or prefix in CURRENCY_CODES):
        return False
    if not suffix:
        return True
    if prefix:
        return suffix in SCALES
    if suffix in CURRENCIES or suffix in CURRENCY_CODES or suffix in SCALES or is_unit(suffix):
        return True
    return found.string[found.start(6) - 1] in _SPACE[1:-1] and is_word(suffix)


def _unit(prefix: str | None, suffix: str | None) -> str:
    spelled = prefix or ("" if suffix in SCALES else suffix) or ""
    return CURRENCIES.get(spelled, spelled)


def parse_sql(style: str, text_sql: str, units: frozenset[str] | set[str] | None = None) -> str:
    """SQL: VARCHAR -> DOUBLE for numbers written in `style`, NULL for what is not.

    Brackets, a leading or a trailing minus make it negative; `12%` is 12, `1.2k` is 1200.

    Args:
        style: A key of `STYLES`.
        text_sql: SQL of the text.
        units: Spellings that may stand around the number; None allows any.
    """
    if units and (wrong := garbled.among(units)):
        units = set(units) - set(wrong)
        text_sql = garbled.plain_sql(text_sql, wrong)
    if units and any(unit in fractions.SIGNS for unit in units):
        units = {unit for unit in units if unit not in fractions.SIGNS}
        text_sql = fractions.plain_sql(text_sql)
    chosen = STYLES[style]
    core = "_cell_.core"
    for mark in chosen.drop:
        core = f"replace({core}, {literal(mark)}, '')"
    if chosen.decimal != ".":
        core = f"replace({core}, {literal(chosen.decimal)}, '.')"
    fits = ["_cell_.core <> ''", "(_cell_.bracket = '') = (_cell_.closing = '')"]
    if units is not None:
        allowed = ", ".join(literal(unit) for unit in sorted({"", *units}))
        fits.append(f"_cell_.before IN ({allowed}) AND _cell_.behind IN ({allowed})")
    minus = "('-', '−', '–')"
    number = f"TRY_CAST({core} AS DOUBLE)"
    scales = {spelled: factor for spelled, factor in SCALES.items() if units is None or spelled in units}
    if scales:
        factors = " ".join(f"WHEN {literal(spelled)} THEN {factor}" for spelled, factor in scales.items())
        number = f"({number} * CASE _cell_.behind {factors} ELSE 1 END)"
    negative = f"_cell_.bracket <> '' OR _cell_.sign IN {minus} OR _cell_.second IN {minus} OR _cell_.tail <> ''"
    parts = "['bracket', 'sign', 'before', 'second', 'core', 'behind', 'tail', 'closing']"
    pattern = literal(f"^{_around(f'(?:{chosen.core})')}$")
    # A list of one: its lambda names the parts, so that the expression is compiled and evaluated once.
    return (
        f"list_transform([regexp_extract({text_sql}, {pattern}, {parts})], lambda _cell_: "
        f"CASE WHEN {' AND '.join(fits)} THEN CASE WHEN {negative} THEN -1 ELSE 1 END * {number} END)[1]"
    )
