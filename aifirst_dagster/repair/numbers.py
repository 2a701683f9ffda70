"""Numbers as people write them: grouping marks, decimal commas, currency signs, brackets, per cent, k/M, units."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference import fractions, garbled
from aifirst_dagster.inference.numbers import CURRENCIES, CURRENCY_CODES
from aifirst_dagster.repair.expressions import Context, Stages, among, physical

_SPACE = r"[ \x{00A0}\x{202F}\x{2009}\t]"
_CORE = r"\d[\d.,'’_\x{00A0}\x{202F}\x{2009} ]*\d|\d|[.,]\d+"
_PARTS = ("open", "sign", "before", "sign2", "core", "exponent", "after", "close")

#: Suffix -> factor. Upper and lower case are told apart only where they differ.
SCALES = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "mn": 1e6, "mio": 1e6, "Mio": 1e6, "Mio.": 1e6, "mm": 1e6, "MM": 1e6,
          "b": 1e9, "B": 1e9, "bn": 1e9, "Bn": 1e9, "BN": 1e9, "Mrd": 1e9, "Mrd.": 1e9, "T": 1e12,
          "thousand": 1e3, "million": 1e6, "billion": 1e9}  # fmt: skip
#: Dimension -> unit -> (factor to the dimension's base, spellings). Exact by definition of the units.
UNITS: dict[str, dict[str, tuple[float, tuple[str, ...]]]] = {
    "mass": {
        "mg": (1e-6, ("mg", "milligram", "milligrams")),
        "g": (1e-3, ("g", "gr", "gram", "grams", "gramm", "grammes")),
        "kg": (1.0, ("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramm")),
        "t": (1e3, ("t", "tonne", "tonnes")),
        "oz": (0.028349523125, ("oz", "oz.", "ounce", "ounces", "ozs")),
        "lb": (0.45359237, ("lb", "lbs", "lb.", "lbs.", "pound", "pounds", "#")),
        "st": (6.35029318, ("st", "stone")),
    },
    "length": {
        "mm": (1e-3, ("mm", "millimeter", "millimetre", "millimeters", "millimetres")),
        "cm": (1e-2, ("cm", "cms", "centimeter", "centimetre", "centimeters", "centimetres", "zentimeter")),
        "m": (1.0, ("m", "meter", "metre", "meters", "metres", "mtr")),
        "km": (1e3, ("km", "kms", "kilometer", "kilometre", "kilometers", "kilometres")),
        "in": (0.0254, ("in", "in.", "inch", "inches", '"', "″", "''")),
        "ft": (0.3048, ("ft", "ft.", "foot", "feet", "'", "′")),
        "yd": (0.9144, ("yd", "yds", "yard", "yards")),
        "mi": (1609.344, ("mi", "mile", "miles")),
    },
    "volume": {
        "ml": (1e-3, ("ml", "milliliter", "millilitre", "milliliters", "millilitres")),
        "cl": (1e-2, ("cl", "centiliter", "centilitre")),
        "l": (1.0, ("l", "lt", "ltr", "liter", "litre", "liters", "litres")),
        "gal": (3.785411784, ("gal", "gallon", "gallons")),
        "fl oz": (0.0295735295625, ("fl oz", "fl. oz.", "fl.oz.", "floz", "fluid ounce", "fluid ounces")),
        "pt": (0.473176473, ("pt", "pint", "pints")),
    },
    "time": {
        "ms": (1e-3, ("ms", "msec", "millisecond", "milliseconds")),
        "s": (1.0, ("s", "sec", "secs", "second", "seconds", "sek")),
        "min": (60.0, ("min", "min.", "mins", "minute", "minutes", "minuten")),
        "h": (3600.0, ("h", "hr", "hrs", "hour", "hours", "std", "stunden")),
        "d": (86400.0, ("d", "day", "days", "tage")),
    },
    "data": {
        "B": (1.0, ("bytes", "byte")), "KB": (1e3, ("kb",)), "MB": (1e6, ("mb",)), "GB": (1e9, ("gb",)),
        "TB": (1e12, ("tb",)), "KiB": (1024.0, ("kib",)), "MiB": (1024.0**2, ("mib",)), "GiB": (1024.0**3, ("gib",)),
    },
    "temperature": {
        "°C": (1.0, ("°c", "c", "degc", "celsius", "℃")),
        "°F": (5 / 9, ("°f", "f", "degf", "fahrenheit", "℉")),
        "K": (1.0, ("k", "kelvin")),
    },
}  # fmt: skip
#: Feet and inches, as people's heights are written: `5'11"`, `5 ft 11 in`.
FEET = r"(\d{1,2})\s*(?:'|′|’|ft\.?|feet|foot)\s*(\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''|in\.?|inch|inches)?"
#: A mark that sends the reader to a note. Digits in round brackets are none (`12 (34)` is a count and its share), nor
#: are letters that scale; a sign that qualifies (`5+`, `7?`) says something of the number itself.
_HIGH = "[⁰¹²³⁴-⁹ᵃᵇᶜ]"
FOOTNOTES = (
    r"[*†‡§¶]{1,3}", _HIGH + "{1,2}", r"\[(?:\d{1,3}|[a-z])\]", r"\([a-jln-z]\)", r"\(\*{1,3}\)",
)  # fmt: skip
FOOTNOTE = "|".join(FOOTNOTES)
#: Degrees of the unit at 0 °C.
_ZERO = {"°C": 0.0, "°F": 32.0, "K": 273.15}
_SPELLED = {spelling: (dimension, unit) for dimension, units in UNITS.items()
            for unit, (_, spellings) in units.items() for spelling in spellings}  # fmt: skip


@dataclass(frozen=True)
class Affix:
    """What stands before or after numbers: a currency (its code), a unit (dimension and name), a scale, or `%`."""

    kind: str
    name: str
    dimension: str = ""


@dataclass
class Survey:
    """What a column's texts showed: spelling of an affix -> cells, and evidence on the decimal mark.

    Attributes:
        point: Cells that can only have a decimal point.
        comma: Cells that can only have a decimal comma.
        open_comma: Cells such as `1,234`, that could be either.
        open_point: Cells such as `1.234`, that could be either.
        leading: Of `affixes`, those in front of the number.
    """

    affixes: dict[str, int] = field(default_factory=dict)
    leading: dict[str, int] = field(default_factory=dict)
    bare: int = 0
    point: int = 0
    comma: int = 0
    open_comma: int = 0
    open_point: int = 0
    fractions: int = 0
    cells: int = 0


def parts_pattern() -> str:
    """The regular expression of a number with all that may stand around it; groups are `_PARTS`."""
    word = r"[^\d\s.,()+−–-][^\d()+−–]{0,24}?|[^\d\s.,()+−–-]?"
    return (
        rf"^\s*(\(?){_SPACE}*([+\-−–]?){_SPACE}*({word}){_SPACE}*([+\-−–]?){_SPACE}*({_CORE})"
        rf"([eE][+-]?\d{{1,3}})?{_SPACE}*([^\d()]{{0,25}}?){_SPACE}*(\)?)\s*$"
    )


def parts_sql(text_sql: str) -> str:
    """SQL: a STRUCT of the parts of a number written as text; all empty where it is none."""
    names = ", ".join(literal(name) for name in _PARTS)
    return f"regexp_extract({text_sql}, {literal(parts_pattern())}, [{names}])"


def affix(spelling: str) -> Affix | None:
    """What a spelling around a number means; None where it is unknown."""
    text = spelling.strip()
    if text in CURRENCIES or text.upper() in CURRENCY_CODES:
        return Affix("currency", CURRENCIES.get(text, text.upper()))
    if text.rstrip(".,") in ("%", "percent", "per cent", "pct"):
        return Affix("percent", "%")
    if text.lower() in _SPELLED:
        dimension, unit = _SPELLED[text.lower()]
        return Affix("unit", unit, dimension)
    if text in SCALES:
        return Affix("scale", text)
    return None


def decimal_of(survey: Survey, hint: str | None) -> tuple[str, str]:
    """`point`, `comma` or `unclear`, and why.

    One mark alone in evidence decides for all cells; so does one with at least nineteen cells in twenty. With more of
    a conflict, cells that could be either are set aside. Without any evidence `1,234` is a thousand and more.
    """
    point, comma = survey.point, survey.comma
    if point or comma:
        if min(point, comma) == 0 or min(point, comma) <= 0.05 * max(point, comma):
            chosen = "point" if point > comma else "comma"
            return chosen, f"{max(point, comma)} cells can only have a decimal {chosen}, {min(point, comma)} the other"
        return "unclear", f"{point} cells have a decimal point, {comma} a decimal comma"
    if hint in ("dot_grouped", "space_grouped"):
        return "comma", "no cell tells; as inferred"
    if (
        survey.open_point >= 3
        and not survey.open_comma
        and any((known := affix(spelling)) and known.kind == "currency" for spelling in survey.affixes)
    ):
        return "comma", "every amount has exactly three digits after its dot, so the dot groups thousands"
    return "point", "no cell has a decimal mark that tells"


def without_footnotes(text_sql: str, marks: Sequence[str] = FOOTNOTES) -> str:
    """SQL: the text without the marks (regular expressions) that follow its last figure, or the letters behind it."""
    behind = rf"[,{_SPACE[1:-1]}]*"
    pattern = rf"(\d\.?{_SPACE}?%?){_SPACE}*(?:(?:{'|'.join(marks)}){behind})+$"
    bare = f"regexp_replace(trim({text_sql}), {literal(pattern)}, '\\1')"
    # Behind letters (`1.5k*`, `12 kg[1]`), figures set high belong to the unit (`12 m²`).
    plain = "|".join(mark for mark in marks if not re.search(f"[{_HIGH[1:-1]}]", mark))
    if not plain:
        return bare
    pattern = rf"(\d{_SPACE}?(?:[A-Za-z]{{1,10}}|[€$£¥]){_SPACE}?)(?:(?:{plain}){behind})+$"
    return f"regexp_replace({bare}, {literal(pattern)}, '\\1')"


def reading(context: Context) -> Stages:
    """SQL stages that read a number: plain ones at once, the others by their parts."""
    stages: Stages = []
    if wrong := context.params.get("garbled"):
        meant = context.stage("meant")
        stages.append((meant, garbled.plain_sql(context.text, map(str, wrong))))
        context = replace(context, text=meant)
    if marks := context.params.get("footnotes"):
        bare = context.stage("bare")
        stages.append((bare, without_footnotes(context.text, [re.escape(str(mark)) for mark in marks])))
        context = replace(context, text=bare)
    if context.params.get("fractions"):
        decimals = context.stage("decimals")
        stages.append((decimals, fractions.plain_sql(context.text)))
        context = replace(context, text=decimals)
    params, text = context.params, context.text
    parts = context.stage("parts")
    seen = f"{text} IS NOT NULL"
    plain = ""
    if not params.get("factors"):
        plain = context.stage("plain")
        stages.append((plain, _plain(context)))
        seen = f"{plain} IS NULL AND {seen}"
    stages.append((parts, f"CASE WHEN {seen} THEN {parts_sql(text)} END"))
    core, after = context.stage("core"), context.stage("after")
    stages.append((core, ungrouped(f"{parts}.core")))
    # A trailing minus is part of what comes after the number.
    stages.append((after, f"trim(regexp_replace(trim({parts}.after), '^[-−–]|[-−–]$', ''))"))
    stages.append((context.stage("digits"), _digits(str(params.get("decimal", "point")), core)))
    value = context.stage("value")
    stages.append((value, _value(context, plain, parts, context.stage("digits"))))
    if inch := params.get("inch"):
        feet = literal(f"^\\s*{FEET}\\s*$")
        inches = " + ".join(
            f"TRY_CAST(regexp_extract({text}, {feet}, {at}) AS DOUBLE) * {by}" for at, by in ((1, 12), (2, 1))
        )
        written = f"regexp_matches({text}, {feet})"
        stages.append(
            (context.stage("length"), f"CASE WHEN {written} THEN round(({inches}) * {inch!r}, 6) ELSE {value} END")
        )
    return stages


def _plain(context: Context) -> str:
    """SQL: numbers in the column's usual style without much around them; one cheap look for most cells."""
    decimal, text = context.params.get("decimal", "point"), context.text
    cores = {
        "point": r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?",
        "comma": r"(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?",
        "unclear": r"\d+",
    }
    marks = "".join(sorted(spelling for spelling in context.params.get("affixes", []) if len(spelling) == 1))
    around = f"[{re.escape(marks)}]?{_SPACE}?" if marks else ""
    pattern = rf"-?{around}{cores[decimal]}{_SPACE}?{around}"
    digits = text
    for mark in (*marks, {"point": ",", "comma": "."}.get(decimal, ""), " ", "\u00a0"):
        digits = f"replace({digits}, {literal(mark)}, '')" if mark else digits
    digits = f"replace({digits}, ',', '.')" if decimal == "comma" else digits
    return f"CASE WHEN regexp_full_match({text}, {literal(pattern)}) THEN {_cast(digits, context)} END"


def _whole(context: Context) -> bool:
    return physical(context.column) in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")


def _cast(text_sql: str, context: Context) -> str:
    """SQL: plain decimal text as the column's type; a fraction is no whole number."""
    kind = physical(context.column)
    if not _whole(context):
        return f"TRY_CAST({text_sql} AS {kind})"
    return f"TRY_CAST(nullif(regexp_extract({text_sql}, '^(-?\\d+)(\\.0*)?$', 1), '') AS {kind})"


def ungrouped(core: str) -> str:
    """SQL: a number's figures without the spaces and apostrophes that group them."""
    # Twice: matches do not overlap, so every second mark of `1 234 567` is left by the first pass.
    mark = literal(r"(\d)[ '’_\x{00A0}\x{202F}\x{2009}](\d{3})")
    for _ in range(2):
        core = f"regexp_replace({core}, {mark}, '\\1\\2', 'g')"
    return core


def _digits(decimal: str, core: str) -> str:
    """SQL: the plain decimal text of a number's core; NULL where it could be two numbers and evidence conflicts."""
    as_point, as_comma = f"replace({core}, ',', '')", f"replace(replace({core}, '.', ''), ',', '.')"
    cases = [
        (r"\d+", core),
        (r"[1-9]\d{0,2},\d{3}", {"point": as_point, "comma": as_comma}.get(decimal, "NULL")),
        (r"[1-9]\d{0,2}\.\d{3}", {"point": core, "comma": as_comma}.get(decimal, "NULL")),
        (r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?", as_point),
        (r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", as_comma),
        (r"\d*\.\d+", core),
        (r"\d*,\d+", as_comma),
    ]
    body = " ".join(f"WHEN regexp_full_match({core}, {literal(pattern)}) THEN {value}" for pattern, value in cases)
    return f"CASE WHEN {core} IS NULL OR {core} = '' THEN NULL {body} END"


def _value(context: Context, plain: str, parts: str, digits: str) -> str:
    """SQL: the number with its sign, scale and unit, NULL where something unknown stands around it."""
    params, kind = context.params, physical(context.column)
    scales, factors, offsets = (
        {str(key): float(value) for key, value in params.get(name, {}).items()}
        for name in ("scales", "factors", "offsets")
    )
    affixes = sorted(str(spelling) for spelling in params.get("affixes", []))
    before = f"trim({parts}.before)"
    after = context.stage("after")
    ends = {**scales, **{f"{scale}{joint}{name}": factor for scale, factor in scales.items()
                         for name in affixes for joint in ("", " ")}}  # fmt: skip
    minus = "('-', '−', '–')"
    negative = (
        f"({parts}.open = '(' OR {parts}.sign IN {minus} OR {parts}.sign2 IN {minus} OR trim({parts}.after) <> {after})"
    )
    fits = (
        f"({parts}.open = '(') = ({parts}.close = ')') AND {among(before, ['', *affixes, *factors])} "
        f"AND {among(after, ['', *affixes, *ends, *factors])}"
    )
    number = f"({digits} || {parts}.exponent)"
    if not (ends or factors):
        number = _cast(number, context)
    else:
        number = f"TRY_CAST({number} AS DOUBLE)"
        number += f" * {_case(after, ends, 1)}" if ends else ""
        unit = f"coalesce(nullif({after}, ''), {before})"
        number += f" * {_case(unit, factors, 1)}" if factors else ""
        number += f" + {_case(unit, offsets, 0)}" if any(offsets.values()) else ""
        number = f"round({number}, 6)"
        whole = f"CASE WHEN {number} = round({number}) THEN TRY_CAST({number} AS {kind}) END"
        number = whole if _whole(context) else f"TRY_CAST({number} AS {kind})"
    value = f"CASE WHEN {digits} IS NULL OR NOT ({fits}) THEN NULL WHEN {negative} THEN -1 * {number} ELSE {number} END"
    return f"coalesce({plain}, {value})" if plain else value


def _case(text_sql: str, numbers: Mapping[str, float], otherwise: int) -> str:
    cases = " ".join(f"WHEN {literal(key)} THEN {value!r}" for key, value in numbers.items())
    return f"CASE {text_sql} {cases} ELSE {otherwise} END"


def scaled(spelling: str) -> tuple[str, str] | None:
    """A scale and the mark after it (`k€`, `Mio. EUR`); None where it is something else."""
    for scale in sorted(SCALES, key=lambda each: (-len(each), each)):
        rest = spelling.removeprefix(scale).strip()
        if spelling.startswith(scale) and rest and (known := affix(rest)) and known.kind == "currency":
            return scale, rest
    return None


def conversion(
    units: Mapping[str, Affix], counts: Mapping[str, int]
) -> tuple[str, dict[str, float], dict[str, float]] | None:
    """One unit for all spellings: its name, and factor and offset by spelling; None where dimensions mix.

    Args:
        units: Spelling -> unit.
        counts: Spelling -> cells. The unit with the most cells is the one that all are counted in.
    """
    if len({unit.dimension for unit in units.values()}) != 1:
        return None
    weight: dict[str, int] = {}
    for spelling, unit in units.items():
        weight[unit.name] = weight.get(unit.name, 0) + counts[spelling]
    target = max(sorted(weight), key=lambda name: weight[name])
    dimension = UNITS.get(next(iter(units.values())).dimension, {})
    factors, offsets = {}, {}
    for spelling, unit in sorted(units.items()):
        same = unit.name == target
        factor = 1.0 if same else dimension[unit.name][0] / dimension[target][0]
        factors[spelling] = factor
        if target in _ZERO and not same:
            offsets[spelling] = round(_ZERO[target] - _ZERO[unit.name] * factor, 9)
    return target, factors, offsets
