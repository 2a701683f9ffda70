"""What an argument of an expectation may be: each kind says what is wrong with a value, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Test = Callable[[Any], str | None]
"""Says what a value should have been, or None where it is fine."""


@dataclass(frozen=True)
class Kwarg:
    """One argument: its test, whether it must be given, whether null is a value for it, and its default."""

    test: Test
    required: bool = False
    nullable: bool = True
    default: Any = None


def number(value: Any) -> bool:
    """Whether `value` is a number; true and false are not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def text(value: Any) -> str | None:
    """Text."""
    return None if isinstance(value, str) else "text"


def flag(value: Any) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "true or false"


def integer(value: Any) -> str | None:
    """A whole number."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return None if whole or (isinstance(value, float) and value.is_integer()) else "a whole number"


def real(value: Any) -> str | None:
    """A number."""
    return None if number(value) else "a number"


def share(value: Any) -> str | None:
    """A number from 0 to 1."""
    return None if number(value) and 0 <= value <= 1 else "a number from 0 to 1"


def positive(value: Any) -> str | None:
    """A number that is not negative."""
    return None if number(value) and value >= 0 else "a number of at least 0"


def bound(value: Any) -> str | None:
    """A limit: a number, a date or time, or the text of either."""
    if number(value) or isinstance(value, date | datetime):
        return None
    if isinstance(value, str):
        if moment(value) is not None:
            return None
        try:
            float(value)
        except ValueError:
            pass
        else:
            return None
    return "a number, or a date or time such as 2024-01-31"


def moment(value: str) -> datetime | None:
    """The point in time that a text writes in ISO form, else None."""
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        return None


def mapping(value: Any) -> str | None:
    """Names and values."""
    return None if isinstance(value, dict) else "a mapping"


def sequence(value: Any) -> str | None:
    """A list."""
    return None if isinstance(value, list | tuple | set) else "a list"


def filled(value: Any) -> str | None:
    """A list with something in it."""
    return None if isinstance(value, list | tuple | set) and value else "a list that is not empty"


def texts(value: Any) -> str | None:
    """A list of texts."""
    good = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    return None if good else "a list of texts"


def pairs(value: Any) -> str | None:
    """A list of pairs."""
    good = isinstance(value, list | tuple) and all(isinstance(p, list | tuple) and len(p) == 2 for p in value)
    return None if good else "a list of pairs, such as [[1, 2], [3, 4]]"


def quantiles(value: Any) -> str | None:
    """Quantiles and the range of each."""
    wanted = "{quantiles: [0.5], value_ranges: [[low, high]]} with as many ranges as quantiles"
    if not isinstance(value, dict) or set(value) != {"quantiles", "value_ranges"}:
        return wanted
    places, ranges = value["quantiles"], value["value_ranges"]
    if sequence(places) or pairs(ranges) or len(places) != len(ranges) or any(share(place) for place in places):
        return wanted
    return None if all(end is None or not bound(end) for pair in ranges for end in pair) else wanted


def character(value: Any) -> str | None:
    """A single character."""
    return None if isinstance(value, str) and len(value) == 1 else "a single character"


def one_of(*choices: str) -> Test:
    """One of `choices`."""

    def test(value: Any) -> str | None:
        return None if value in choices else "one of " + ", ".join(choices)

    return test


def text_or_flag(value: Any) -> str | None:
    """Text, or true or false."""
    return None if isinstance(value, str | bool) else "true, false or text"


def condition(value: Any) -> str | None:
    """A condition on rows: text, or Great Expectations' mapping."""
    return None if isinstance(value, str | dict) else "a condition such as 'age > 17'"


_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week|month|quarter|year)s?\s*", re.IGNORECASE)


def span(value: Any) -> str | None:
    """A length of time, such as "36 hours"."""
    good = isinstance(value, str) and _SPAN.fullmatch(value) and not re.match(r"\s*0+(\.0+)?\s", value)
    return None if good else "a length of time such as '36 hours' or '2 days'"


def interval(value: str) -> str:
    """A length of time as the text of a SQL interval: `36 hours`; `1 quarter` is `3 months`."""
    found = _SPAN.fullmatch(value)
    if not found:
        raise ValueError(f"{value!r} is no length of time.")
    number_, unit = found[1], found[2].lower()
    return f"{float(number_) * 3:g} months" if unit == "quarter" else f"{number_} {unit}s"


def pace(value: Any) -> str | None:
    """A step: a number above 0, or a length of time."""
    if number(value):
        return None if value > 0 else "a number above 0, or a length of time such as '1 day'"
    return "a number above 0, or a length of time such as '1 day'" if span(value) else None


def point(value: Any) -> str | None:
    """A date or a point in time."""
    good = isinstance(value, date | datetime) or (isinstance(value, str) and moment(value) is not None)
    return None if good else "a date or time such as 2024-01-31"


def named(value: Any) -> str | None:
    """A list of texts that is not empty."""
    return "a list of texts that is not empty" if texts(value) or not value else None


def several(value: Any) -> str | None:
    """A list of at least two texts."""
    return "a list of at least two texts" if texts(value) or len(value) < 2 else None
