"""Which type a column of texts has: each kind of reading is tried on the sampled texts, the most telling one wins."""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from aifirst_dagster.inference import dates, durations, fractions, noise, numbers, sentinels, tokens
from aifirst_dagster.inference.booleans import FALSE, PAIRS, STAND_INS, TELLING_ALONE, TRUE
from aifirst_dagster.inference.names import words
from aifirst_dagster.inference.sampling import ColumnSample
from aifirst_dagster.inference.schema import FieldType
from aifirst_dagster.inference.units import CURRENCY_CODES

#: Dates whose order of day and month is no surer stay text.
UNSURE = 0.6

#: The share of cells with space around them that no cast skips from which a column is read as text.
WIDE = 0.01

#: Texts that show what a column of many may be.
FEW = 100

_INTEGER = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)
_PLAIN_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_PADDED = re.compile(r"[+-]?0\d+", re.ASCII)
_JSON_OBJECT, _JSON_ARRAY = re.compile(r"\s*\{.*\}\s*", re.S), re.compile(r"\s*\[.*\]\s*", re.S)
_GEOPOINT = re.compile(r"\(?\s*[+-]?\d{1,2}(\.\d+)?\s*,\s*[+-]?\d{1,3}(\.\d+)?\s*\)?")


def _named(words: str) -> re.Pattern[str]:
    """A pattern over a name's words (`names.words`): one of `words` stands in it whole."""
    return re.compile(rf"(?:^| )(?:{words})(?: |$)")


_TEXT_NAME = _named(
    "zip|zip ?code|post(?:al)? ?code|plz|(?:tele)?phone|telefon|fax|tel|mobile|cell|ssn|isbn|issn|ean|upc|gtin|iban|"
    "(?:vat|account|card|tax) ?(?:id|no|number)|versions?|cik|duns|ein|npi|vin|imei"
)
_QUANTITY_NAME = _named("count|total|amount|price|avg|average|mean|rate|share|sum|num|n|min|max|duration|minutes|calls")
_CODE_NAME = _named("codes?|ids?|number|nummer|no|nr|key|sku|ref|reference")
_YEAR_NAME = _named("years?|yr|founded|established|jahr|ann[eé]e|año|anio|ano|built|vintage|season|\\w*year|\\w*jahr")
_CLOCK_NAME = _named("month|day|hour|minute|week|second|monat|tag|stunde|mois|jour|\\w*month|\\w*hour")
_SPAN_NAME = _named("\\w*duration|elapsed|run ?time|playing time|length|lap|split|time spent|dauer|durée|took|lasted")
_PLACE_NAME = _named("location|geo\\w*|coord\\w*|lat\\w*|latlng|point|position|gps")
_DATE_NAME = _named("\\w*date|\\w*datum|fecha|day|time|at|on|created|updated|birth|dob|\\w*time")


@dataclass(frozen=True)
class Typed:
    """What a column's texts are, before all rows have been looked at. Fields are as in `schema.Column`."""

    type: FieldType
    format: str = "default"
    physical_type: str = "VARCHAR"
    share: float = 1.0
    confidence: float = 1.0
    number_style: str | None = None
    unit: str | None = None
    units_seen: list[str] = field(default_factory=list)
    formats_seen: list[str] = field(default_factory=list)
    null_tokens: list[str] = field(default_factory=list)
    date_words: dict[str, str] | None = None
    note: str = ""
    reads: Callable[[str], bool] | None = None
    """Whether the type reads a text; None where the share alone decides."""
    quantities: bool = False
    """The values are measured, not labels: fractions, signs, grouping, or units show it."""


def decide(sample: ColumnSample, day_first: bool | None = None) -> Typed:
    """The type of a sampled column.

    Args:
        sample: Its texts.
        day_first: Whether the table's other dates write the day first; None where they do not say.
    """
    if not sample.counts:
        return Typed("string", confidence=0.0, note="no value to judge by")
    trimmed: dict[str, int] = {}
    for text, count in sample.counts.items():
        trimmed[text.strip()] = trimmed.get(text.strip(), 0) + count
    held = {text: count for text, count in trimmed.items() if not tokens.is_token(text)}
    absent = [text for text in sample.counts if tokens.is_token(text)]
    if held:
        few = _few(held)
        for attempt in (_boolean, _plain_number, _duration, _date, _styled_number, _structured):
            if few and not any(attempt(sample, some, day_first) for some in few):
                continue
            found = attempt(sample, held, day_first)
            if found and (settled := _settled(found, sample, held, absent)):
                return settled
    return Typed("string", null_tokens=tokens.in_text(sample.counts), share=1.0)


def _few(held: Mapping[str, int]) -> list[dict[str, int]]:
    """Some of many texts, as often as they stand there and each once: what is nothing there is not tried on all."""
    if len(held) <= 2 * FEW:
        return []
    some = dict(itertools.islice(held.items(), FEW))
    return [some, dict.fromkeys(some, 1)]


def _with(typed: Typed, **changes: object) -> Typed:
    return replace(typed, **changes)  # type: ignore[arg-type]


def _settled(found: Typed, sample: ColumnSample, held: Mapping[str, int], absent: list[str]) -> Typed | None:
    """`found` with its null tokens, or None where what it does not read is the sign of another type."""
    absent = [*absent, *(text for text in sample.counts if text.strip() in found.null_tokens)]
    if found.type == "string" or found.reads is None:
        return _with(found, null_tokens=absent) if found.share >= noise.ENOUGH else None
    seen = noise.weigh(held, found.reads, found.quantities)
    if not seen.holds:
        return None
    if found.type in {"integer", "number"} and found.number_style is None and (far := sentinels.find(held)):
        absent = [*absent, *(text for text in sample.counts if text.strip() in far)]
        found = _with(
            found, note="; ".join(filter(None, [found.note, f"{' and '.join(far)} where a value is missing"]))
        )
    if not seen.words:
        return _with(found, null_tokens=absent)
    shown = ", ".join(repr(word[:30]) for word in seen.words[:3])
    missing = [text for text in sample.counts if text.strip() in seen.words]
    return _with(
        found, null_tokens=[*absent, *missing], share=seen.share, confidence=found.confidence * 0.9,
        note="; ".join(filter(None, [found.note, f"words where a value is missing: {shown}"])),
    )  # fmt: skip


def _boolean(sample: ColumnSample, held: Mapping[str, int], _: bool | None) -> Typed | None:
    spelled = {text.lower() for text in held}
    known = spelled & (TRUE | FALSE) - {"0", "1"}
    if not known or not any(known <= pair or pair <= known for pair in PAIRS):
        return None
    reads = known | ({"0", "1"} if spelled & {"0", "1"} else set())
    if len(known) == 1 and (spelled != known or not _telling(min(known), sample)):
        return None
    stray = [text for text in held if text.lower() in STAND_INS] if len(known) > 1 else []
    letters = {word for word in spelled - known if len(word) == 1 and word.isalpha()}
    if len(max(known, key=len)) == 1 and letters - {"u"}:
        return None  # grades or answers of which Y and N are two
    counted = {text: count for text, count in held.items() if text not in stray}
    share = sum(count for text, count in counted.items() if text.lower() in reads) / sum(counted.values())
    return Typed("boolean", physical_type="BOOLEAN", share=share, null_tokens=stray)


def _telling(word: str, sample: ColumnSample) -> bool:
    """Whether one word of a pair, and nothing else, makes a column of booleans."""
    letters = {text.strip().lower() for text in sample.counts if len(text.strip()) == 1 and text.strip().isalpha()}
    return word in TELLING_ALONE and (len(word) > 1 or (letters == {word} and sample.cells >= 5))


def _plain_number(sample: ColumnSample, held: Mapping[str, int], _: bool | None) -> Typed | None:
    total = sum(held.values())
    whole = sum(count for text, count in held.items() if _INTEGER.fullmatch(text))
    plain = sum(count for text, count in held.items() if _NUMBER.fullmatch(text))
    if plain < noise.LEAST * total or any(map(fractions.held, held)):
        return None
    name = words(sample.name)
    if _TEXT_NAME.search(name) and whole > 0.5 * plain and not _QUANTITY_NAME.search(name):
        return Typed(
            "string", share=1.0, confidence=0.9, note="the name says that these digits are a label, not a quantity"
        )
    texts = [text for text in held if _PLAIN_INTEGER.fullmatch(text)]
    padded = sum(held[text] for text in texts if _PADDED.fullmatch(text))
    if padded:
        clock = _CLOCK_NAME.search(name) and all(len(text) <= 2 for text in texts)
        lengths = {len(text) for text in texts}
        if not clock and (padded >= 0.02 * total or len(lengths) == 1 or _CODE_NAME.search(name)):
            return Typed("string", share=1.0, confidence=0.95, note="leading zeros would be lost in a number")
    if whole >= plain - 0.002 * total:
        found = _whole(sample, held, texts, whole / total, padded > 0)
        signed = any(text[0] in "+-" for text in texts)
        return found if found.type == "string" else _spaced(_with(found, reads=is_number, quantities=signed), sample)
    found = Typed("number", physical_type="DOUBLE", share=plain / total, reads=is_number, quantities=True)
    return _spaced(found, sample)


def _spaced(found: Typed, sample: ColumnSample) -> Typed:
    """Read as text, where space that no cast skips (no-break, em) stands around a good part of the numbers."""
    spaced = sum(count for text, count in sample.counts.items() if text.strip() != text.strip(string.whitespace))
    if not spaced or spaced < WIDE * sample.cells or found.physical_type not in ("BIGINT", "DOUBLE"):
        return found
    return found if found.number_style else _with(found, number_style="plain", physical_type="VARCHAR")


def _whole(sample: ColumnSample, held: Mapping[str, int], texts: list[str], share: float, padded: bool) -> Typed:
    values = [int(text) for text in texts]
    if (year := _year(sample, values, _all_whole(held))) is not None:
        return Typed("year", physical_type="BIGINT", share=share, confidence=year)
    if stamp := _compact_date(sample, held):
        return stamp
    longest = max((len(text.lstrip("+-")) for text in texts), default=0)
    if longest > 38:
        return Typed("string", share=1.0, note="digits beyond any number type")
    physical = "BIGINT" if longest <= 18 else "DECIMAL(38,0)"
    return Typed("integer", physical_type=physical, share=share, number_style="padded" if padded else None)


def _all_whole(held: Mapping[str, int]) -> bool:
    """Whether every text with a digit is a whole number."""
    return all(_PLAIN_INTEGER.fullmatch(text) or not any(map(str.isdigit, text)) for text in held)


def _year(sample: ColumnSample, values: list[int], all_whole: bool) -> float | None:
    """How sure that whole numbers are years; None where they are not."""
    if not values or any(not 1500 <= value <= 2100 for value in values) or not all_whole:
        return None
    if _YEAR_NAME.search(words(sample.name)):
        return 1.0
    span = max(values) - min(values) + 1
    dense = len(set(values)) >= 5 and len(set(values)) >= 0.6 * span and min(values) >= 1800
    return 0.7 if dense and sample.cells > 2 * len(set(values)) else None


def _compact_date(sample: ColumnSample, held: Mapping[str, int]) -> Typed | None:
    """Dates as 20200131: eight digits, all of them a day; with a hint in the name, or recent and many."""
    if any(len(text) != 8 for text in held):
        return None
    found = dates.read(held)
    if not found or found.share < 1 or list(found.formats) != ["%Y%m%d"]:
        return None
    recent = all("1900" <= text[:4] <= "2099" for text in held)
    if not (
        _DATE_NAME.search(words(sample.name))
        or (recent and len(held) >= 10 and not _CODE_NAME.search(words(sample.name)))
    ):
        return None
    return Typed("date", "%Y%m%d", "DATE", confidence=0.95)


def _date(sample: ColumnSample, held: Mapping[str, int], day_first: bool | None) -> Typed | None:
    found = dates.read(held, sample.in_order, day_first)
    if not found or (found.kind != "time" and _looks_like_versions(sample, held, found)):
        return None
    formats = list(found.formats)
    seen = formats if len(formats) > 1 else []
    kind: FieldType = found.kind  # type: ignore[assignment]
    form, physical = formats[0], "VARCHAR"
    if all(_is_default(kind, each) for each in formats):
        form, seen = "default", []
    if found.words is not None or (len(formats) == 1 and found.confidence <= UNSURE):
        seen = formats  # typed only by a repair, which says what it took the text for
    if not seen and kind != "yearmonth":
        zone = "TIMESTAMPTZ" if found.zoned else "TIMESTAMP"
        physical = {"date": "DATE", "datetime": zone, "time": "TIME"}[kind]
    return Typed(
        kind,
        form,
        physical,
        found.share,
        found.confidence * (0.9 if len(seen) > 1 else 1),
        formats_seen=seen,
        date_words=found.words,
        note=found.note,
        reads=dates.is_date if found.words is not None else lambda text: bool(dates.formats_of(text)),
        quantities=True,
    )


def _duration(sample: ColumnSample, held: Mapping[str, int], _: bool | None) -> Typed | None:
    """Spans of time, where something shows that they are no times of day and no numbers with a unit."""
    styles = {text: style for text in held if (style := durations.style_of(text))}
    kinds = set(styles.values())
    named = bool(_SPAN_NAME.search(words(sample.name)))
    if "clock" in kinds and not (named or any(durations.past_midnight(text) for text in styles)):
        return None
    if kinds == {"words"} and not any(re.search(r"\d\s*[A-Za-z.]+[ ,]*(?:and )?\d", text) for text in styles):
        return None
    share = sum(held[text] for text in styles) / sum(held.values())
    return Typed("duration", share=share) if kinds else None


def _looks_like_versions(sample: ColumnSample, held: Mapping[str, int], found: dates.DateReading) -> bool:
    """`1.2.10`-like texts that a date format happens to read."""
    if re.search(r"(?i)version|release|\bip\b", sample.name) and any(text.count(".") >= 2 for text in held):
        return True
    if _DATE_NAME.search(words(sample.name)) or not all(re.fullmatch(r"%\w\.%\w\.%y", form) for form in found.formats):
        return False
    padded = sum(len(text) == 8 for text in held)  # 01.02.20: nobody writes versions so
    return found.share < 0.98 or (len(held) < 20 and padded < 0.5 * len(held))


def _is_default(kind: str, form: str) -> bool:
    """Whether a plain cast reads the strptime pattern."""
    if kind == "date":
        return form == "%Y-%m-%d"
    if kind == "datetime":
        return bool(re.fullmatch(r"%Y-%m-%d([T ]%H:%M(:%S(\.%f)?)?(Z|%z)?)?", form))
    if kind == "time":
        return bool(re.fullmatch(r"%H:%M(:%S(\.%f)?)?", form))
    return form == "%Y-%m"


def _styled_number(sample: ColumnSample, held: Mapping[str, int], _: bool | None) -> Typed | None:
    found = numbers.read(held)
    if not found or _TEXT_NAME.search(words(sample.name)):
        return None
    if found.style == "plain" and found.bare:
        return None  # what a plain cast reads was judged before
    if _lettered(held):
        return None
    total = sum(found.units.values())
    named = {unit: count for unit, count in found.units.items() if unit}
    currencies = all(unit in CURRENCY_CODES for unit in named)
    if len(named) > (12 if currencies else 4):
        return None
    if named and not currencies and sum(named.values()) < 0.5 * total:
        return None  # a few "12 of something" among plain numbers are slips, not a unit
    unit = max(named, key=lambda each: named[each]) if len(named) == 1 else None
    kind: FieldType = "integer" if found.whole and found.bare and not named else "number"
    note = "" if len(named) < 2 else f"several units: {', '.join(sorted(named))}"
    confidence = 0.95 if len(named) < 2 else 0.7
    return Typed(
        kind, share=found.share, confidence=confidence, number_style=found.style, unit=unit,
        units_seen=sorted(found.spellings), note=note, reads=numbers.reader(found.style), quantities=True,
    )  # fmt: skip


def _lettered(held: Mapping[str, int]) -> bool:
    """Whether `12B` may be flat B of house 12: one letter, no fraction and no currency anywhere."""
    letters = {text[-1] for text in held if re.fullmatch(r"\d{1,4}[A-Z]", text)}
    return len(letters) == 1 and not any(re.search(r"[^\w\s]|_", text) for text in held)


def _structured(sample: ColumnSample, held: Mapping[str, int], _: bool | None) -> Typed | None:
    total = sum(held.values())
    kinds: tuple[tuple[FieldType, re.Pattern[str]], ...] = (
        ("object", _JSON_OBJECT), ("array", _JSON_ARRAY), ("geopoint", _GEOPOINT),
    )  # fmt: skip
    for kind, pattern in kinds:
        read = sum(count for text, count in held.items() if pattern.fullmatch(text) and _is_json(kind, text))
        if kind == "geopoint" and not _looks_like_places(sample.name, held):
            continue
        if read >= noise.ENOUGH * total:
            return Typed(kind, share=read / total)
    return None


def _looks_like_places(name: str, held: Mapping[str, int]) -> bool:
    """Whether pairs of numbers are places rather than numbers with decimal commas."""
    pointed = sum("." in text or "(" in text for text in held)
    return pointed >= 0.5 * len(held) or bool(_PLACE_NAME.search(words(name)))


def _is_json(kind: str, text: str) -> bool:
    if kind not in {"object", "array"}:
        return True
    import json

    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def is_number(text: str) -> bool:
    """Whether a plain cast reads `text` as a number."""
    return bool(_NUMBER.fullmatch(text.strip()))


def is_integer(text: str) -> bool:
    """Whether `text` is a whole number, plainly written."""
    return bool(_INTEGER.fullmatch(text.strip()))
