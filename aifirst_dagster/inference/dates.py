"""How dates and times are written: which strptime formats read a text, and which of them a whole column means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference import datewords
from aifirst_dagster.inference.noise import LEAST

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_MONTH_FORM = {**{name: "%B" for name in _MONTHS}, **{name[:3]: "%b" for name in _MONTHS}}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_FORM = {**{name: "%A" for name in _DAYS}, **{name[:3]: "%a" for name in _DAYS}}

_TIME = re.compile(
    r"(?P<h>\d{1,2})(?::(?P<m>\d{2})(?P<s>:\d{2})?(?P<f>[.,]\d{1,9})?)?(?P<p> ?[AaPp]\.?[Mm]\.?)?"
    r"(?P<z> ?(?:Z|UTC|GMT)| ?[+-]\d{2}:?(?:\d{2})?| [A-Z][A-Za-z]+(?:/[A-Za-z_]+){1,2})?$"
)
_NUMERIC = re.compile(r"(\d{1,4})([-/. ])(\d{1,2})\2(\d{1,4})(?=$|[T ,])")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?=$|[T ])")
_WORDY = re.compile(r"[A-Za-z]{3,9}|\d{1,4}(?:st|nd|rd|th)?|[^A-Za-z\d]+")
#: Years that a date is believed to lie in.
EARLIEST, LATEST = 1000, 2200


@dataclass(frozen=True)
class DateReading:
    """What a column's texts are as dates.

    Attributes:
        kind: `date`, `datetime`, `time`, or `yearmonth`.
        formats: strptime patterns with the cells each reads, most frequent first; one unless styles are mixed.
        share: The share of cells that some format reads.
        confidence: How sure the order of day and month is, from 0 to 1.
        zoned: Some cell has a UTC offset.
        note: Why the order of day and month was chosen, where the texts do not say.
        words: The formats are those of the texts as `datewords.plain` has them, these words replaced; else None.
    """

    kind: str
    formats: dict[str, int]
    share: float
    confidence: float = 1.0
    zoned: bool = False
    note: str = ""
    rivals: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] | None = None


def formats_of(text: str) -> tuple[str, ...]:
    """The strptime formats that read `text`; two where day and month could be either way, none where it is no date."""
    text = text.strip()
    if not 3 <= len(text) <= 50 or not any(character.isdigit() for character in text):
        return ()
    if time := _time_format(text):
        # 9:00-13:30 is a span of time, not a time with an offset.
        return () if "%z" in time.lower() else (time,)
    if found := _NUMERIC.match(text):
        dates = _numeric(found[1], found[2], found[3], found[4])
        return _with_time(dates, text[found.end() :])
    if found := _COMPACT.match(text):
        good = EARLIEST <= int(found[1]) <= LATEST and 1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31
        return _with_time(("%Y%m%d",) if good else (), text[found.end() :])
    if found := re.fullmatch(r"(\d{4})([-/.])(\d{1,2})|(\d{1,2})([-/.])(\d{4})", text):
        year, month, separator = (found[1], found[3], found[2]) if found[1] else (found[6], found[4], found[5])
        if 1500 <= int(year) <= LATEST and 1 <= int(month) <= 12 and (separator != "." or len(month) == 2):
            return (f"%Y{separator}%m" if found[1] else f"%m{separator}%Y",)
        return ()
    return _named(text) if any(character.isalpha() for character in text) else ()


def _numeric(first: str, separator: str, second: str, third: str) -> tuple[str, ...]:
    a, b, c = int(first), int(second), int(third)
    s = separator
    if len(first) == 4:
        if not EARLIEST <= a <= LATEST or len(third) > 2:
            return ()
        return tuple(f for f, ok in ((f"%Y{s}%m{s}%d", _day(c, b)), (f"%Y{s}%d{s}%m", b > 12 and _day(b, c))) if ok)
    if len(first) > 2 or len(third) == 3:
        return ()
    year = "%Y" if len(third) == 4 else "%y"
    if (year == "%Y" and not EARLIEST <= c <= LATEST) or (len(third) == 1):
        return ()
    found = [(f"%d{s}%m{s}{year}", _day(a, b)), (f"%m{s}%d{s}{year}", _day(b, a))]
    if year == "%y" and len(first) == 2:
        found.append((f"%y{s}%m{s}%d", _day(c, b) and (a > 31 or s == "-")))
    return tuple(form for form, ok in found if ok)


def _day(day: int, month: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _with_time(dates: tuple[str, ...], rest: str) -> tuple[str, ...]:
    if not rest or not dates:
        return dates
    joint = re.match(r"T|,? +", rest)
    time = _time_format(rest[joint.end() :]) if joint else None
    return tuple(f"{form}{joint[0]}{time}" for form in dates) if joint and time else ()


@lru_cache(4096)
def _time_format(text: str) -> str | None:
    found = _TIME.match(text)
    if (
        not found
        or not (found["m"] or found["p"])
        or int(found["m"] or 0) > 59
        or int(found["h"]) > 23
        or (found["f"] and not found["s"])
    ):
        return None
    half = found["p"]
    if half and not 1 <= int(found["h"]) <= 12:
        return None
    zone = found["z"] or ""
    if "/" in zone:
        zone = " %Z"
    elif zone.strip() not in {"", "Z", "UTC", "GMT"}:
        zone = zone[: len(zone) - len(zone.lstrip())] + "%z"
    parts = [
        "%I" if half else "%H",
        ":%M" if found["m"] else "",
        ":%S" if found["s"] else "",
        found["f"][0] + "%f" if found["f"] else "",
    ]
    return "".join([*parts, (" %p" if half.startswith(" ") else "%p") if half else "", zone])


def _named(text: str) -> tuple[str, ...]:
    """Formats of a text with a month's name in it."""
    form, digits, months, clock = [], [], 0, ""
    if at := re.search(r"[T ,]+(?=\d{1,2}:\d{2})", text):
        text, clock = text[: at.start()], text[at.start() :]
    for part in _WORDY.findall(text):
        lower = part.lower()
        if lower in _MONTH_FORM:
            months += 1
            form.append(_MONTH_FORM[lower])
        elif lower in _DAY_FORM:
            form.append(_DAY_FORM[lower])
        elif part[0].isdigit():
            if not part.isdigit():
                return ()
            digits.append(part)
            form.append(f"\0{len(digits) - 1}")
        elif part.isalpha():
            return ()
        else:
            form.append(part)
    if months != 1 or not 1 <= len(digits) <= 2 or "".join(form).count("%") > 2:
        return ()
    kinds = _year_and_day(digits)
    if kinds is None:
        return ()
    pattern = "".join(kinds[int(part[1:])] if part.startswith("\0") else part for part in form)
    either = (pattern, pattern.replace("%b", "%B")) if re.search(r"(?i)\bmay\b", text) else (pattern,)
    return _with_time(either, clock)


def _year_and_day(digits: Sequence[str]) -> list[str] | None:
    """What the one or two numbers beside a month's name are."""
    if len(digits) == 1:
        return (
            ["%Y"]
            if len(digits[0]) == 4 and EARLIEST <= int(digits[0]) <= LATEST
            else ["%y"]
            if len(digits[0]) == 2
            else None
        )
    first, second = digits
    if len(first) == 4:
        return ["%Y", "%d"] if 1 <= int(second) <= 31 else None
    if not 1 <= int(first) <= 31 or len(second) not in (2, 4):
        return None
    return ["%d", "%Y" if len(second) == 4 else "%y"]


def kind_of(form: str) -> str:
    """`date`, `datetime`, `time` or `yearmonth`: what texts in the strptime pattern `form` are."""
    clock = "%H" in form or "%I" in form
    year, day = "%Y" in form or "%y" in form, "%d" in form
    return ("datetime" if clock else "date") if year and day else "yearmonth" if year else "time"


def read(counts: Mapping[str, int], in_order: Sequence[str] = (), day_first: bool | None = None) -> DateReading | None:
    """The formats that the sampled texts are written in, or None where too few of the cells are dates.

    Where every cell could be day-month or month-day, the order is taken from `day_first` (other columns of the table),
    from a constant first or second number, or from the rows' order (dates that only rise one way); each lowers the
    confidence. Nothing of the kind: dots and dashes are day first, slashes month first, at confidence 0.5.

    Args:
        counts: Distinct texts (null tokens aside) and their cells.
        in_order: Some texts in the order of the rows.
        day_first: What other columns of the table use.
    """
    total = sum(counts.values())
    readable, words = _readable(counts)
    cells = sum(counts[text] for text in readable)
    if not total or cells < LEAST * total:
        return None
    sure = Counter[str]()
    for text, found in readable.items():
        if len(found) == 1:
            sure[found[0]] += counts[text]
    used, rivals, confidence, note = Counter[str](sure), {}, 1.0, ""
    undecided: dict[tuple[str, ...], list[str]] = {}
    for text, found in readable.items():
        if len(found) > 1:
            undecided.setdefault(found, []).append(text)
    for found, texts in undecided.items():
        weight = sum(counts[text] for text in texts)
        if "%b" in found[0]:  # "May" is short and long
            used[max(found, key=lambda form: sure[form])] += weight
            continue
        votes = sorted(found, key=lambda form: -_support(form, sure))
        chosen = votes[0]
        if not _support(chosen, sure):
            chosen, certainty, note = _guess(found, texts, in_order, day_first)
            confidence = min(confidence, certainty)
            rivals[chosen] = next(form for form in found if form != chosen)
        elif _support(votes[1], sure):
            confidence = min(
                confidence, max(0.5, _support(chosen, sure) / (_support(chosen, sure) + _support(votes[1], sure)))
            )
            note = "some cells are day first and some month first"
        used[chosen] += weight
    kinds = Counter[str]()
    for form, count in used.items():
        kinds[kind_of(form)] += count
    kind = "datetime" if {"date", "datetime"} <= kinds.keys() and "time" not in kinds else kinds.most_common(1)[0][0]
    if kind == "datetime" and kinds["datetime"] < 0.02 * cells:
        kind = "date"
    keep = {"date", "datetime"} if kind in {"date", "datetime"} else {kind}
    formats = {form: count for form, count in used.most_common() if kind_of(form) in keep}
    zoned = any(form.endswith(("%z", "%Z", "Z", "UTC", "GMT")) for form in formats)
    return DateReading(kind, formats, sum(formats.values()) / total, confidence, zoned, note, rivals, words)


def _readable(counts: Mapping[str, int]) -> tuple[dict[str, tuple[str, ...]], dict[str, str] | None]:
    """The texts that are dates with their formats; as they stand, or with their words made plain where that reads more.

    Returns:
        Text -> formats, and the words that are to be replaced; None where the texts are read as they stand.
    """
    readable = {text: found for text in counts if (found := formats_of(text))}
    cells = sum(counts[text] for text in readable)
    unread = [text for text in counts if text not in readable]
    if not any(datewords.plain(text) for text in unread[:50]):
        return readable, None
    words: dict[str, str] = {}
    plainly: dict[str, tuple[str, ...]] = {}
    for text in counts:
        plain = datewords.plain(text)
        if found := formats_of(plain[0] if plain else text):
            plainly[text] = found
            words |= plain[1] if plain else {}
    more = sum(counts[text] for text in plainly)
    return (plainly, words) if more > cells else (readable, None)


def is_date(text: str) -> bool:
    """Whether some format reads `text`, its words made plain if need be."""
    return bool(formats_of(text) or ((plain := datewords.plain(text)) and formats_of(plain[0])))


def _support(form: str, sure: Mapping[str, int]) -> int:
    """Cells whose order of day and month is plain, and that of `form` (with any clock, with short years too)."""
    order = _order(form)
    same = sum(
        count for other, count in sure.items() if other != form and _order(other) == order and form[2] == other[2]
    )
    exact = sure.get(form, 0)
    return 2 * exact + same


def _order(form: str) -> list[str]:
    return [part.lower() for part in re.findall(r"%[dmyYbB]", form)]


def _guess(
    found: tuple[str, ...], texts: Sequence[str], in_order: Sequence[str], day_first: bool | None
) -> tuple[str, float, str]:
    """The order of day and month where no cell tells, how sure, and why."""
    two = [form for form in found if form.startswith(("%d", "%m"))]
    by_first = {form.startswith("%d"): form for form in two}
    if len(by_first) < 2:
        return found[0], 0.6, "the order of year, month and day is not plain"
    parts = [re.findall(r"\d+", text)[:2] for text in texts]
    firsts, seconds = {int(part[0]) for part in parts}, {int(part[1]) for part in parts}
    if len(texts) >= 4 and len(firsts) == 1 < len(seconds):
        return by_first[True], 0.9, "the first number never changes, so it is the day"
    if len(texts) >= 4 and len(seconds) == 1 < len(firsts):
        return by_first[False], 0.9, "the second number never changes, so it is the day"
    if day_first is not None:
        return by_first[day_first], 0.8, "the order of day and month is that of the table's other dates"
    rising = {first: _rises(in_order, first) for first in (True, False)}
    if rising[True] != rising[False]:
        return by_first[rising[True]], 0.75, "the rows are in this order of time only if read so"
    first = found[0][2] != "/"
    return by_first[first], 0.5, "day and month could be the other way round in every cell"


def _rises(in_order: Sequence[str], day_first: bool) -> bool:
    keys = []
    for text in in_order:
        numbers = re.findall(r"\d+", text)
        if len(numbers) < 3:
            return False
        day, month = (numbers[0], numbers[1]) if day_first else (numbers[1], numbers[0])
        keys.append((int(numbers[2]), int(month), int(day)))
    return len(keys) > 4 and len(set(keys)) > 1 and (keys == sorted(keys) or keys == sorted(keys, reverse=True))


def parse_sql(form: str, text_sql: str, kind: str | None = None) -> str:
    """SQL: VARCHAR -> DATE, TIMESTAMP, TIMESTAMPTZ or TIME by the strptime pattern `form`; NULL for the rest.

    A year before 1000 is NULL: `%Y` would read `05/06/20` as the year 20.
    """
    kind = kind or kind_of(form)
    read = f"try_strptime({text_sql}, {literal(form)})"
    if kind == "time":
        return f"CAST({read} AS TIME)"
    target = "DATE" if kind in {"date", "yearmonth"} else "TIMESTAMPTZ" if "%z" in form.lower() else "TIMESTAMP"
    cast = f"CAST({read} AS {target})"
    return f"CASE WHEN {cast} >= '1000-01-01' THEN {cast} END" if "%Y" in form else cast
