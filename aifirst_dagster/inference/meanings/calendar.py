"""Parts of the calendar: weekdays, months, quarters, years, and clocks that count seconds."""

from __future__ import annotations

from collections.abc import Callable

from aifirst_dagster.inference.meanings.kind import DIGITS, NUMERIC, WHOLE, Look, Meaning, like, one_of, within
from aifirst_dagster.inference.vocabularies import calendar


def _several(look: Look) -> bool:
    """`Sat` and `Sun`, `May` and `June`: one word alone may be anything."""
    return len(look.texts) >= 2


def _whole(low: int, high: int) -> Callable[[str], object]:
    return lambda text: text.isdigit() and low <= int(text) <= high


MEANINGS = (
    Meaning(
        "month_name", "Months", "names of months, whole or short", one_of(calendar.MONTHS),
        "month_name", chance=0.02, weight=0.95, given=_several,
        alone=0.95,
    ),
    Meaning(
        "weekday", "Days of the week", "names of weekdays, whole or short", one_of(calendar.WEEKDAYS),
        "weekday", chance=0.02,
        weight=0.95, given=_several, alone=0.95,
    ),
    Meaning(
        "quarter", "Quarters of a year", "Q1 to Q4, perhaps with a year", like(r"(?i)(?:\d{4}[-"
                                                                               r" ]?)?[QT][1-4](?:[- /]?\d{2,4})?"
                                                                               r"|[1-4]\. ?Quartal"),
        "quarter", chance=0.01, weight=0.93, given=_several,
    ),
    Meaning("quarter", "Quarters of a year", "1 to 4", like(r"[1-4]"), "quarter",
            types=DIGITS, alone=None, named=0.99, weight=0.8),
    Meaning(
        "month", "Months as numbers", "1 to 12", _whole(1, 12),
        "month",
        types=DIGITS, alone=None, named=0.99, weight=0.85,
    ),
    Meaning(
        "day_of_month", "Days of a month", "1 to 31", _whole(1, 31),
        "day_of_month", types=DIGITS, alone=None, named=0.99, weight=0.75,
        given=lambda look: look.distinct > 7,
    ),
    Meaning(
        "hour", "Hours of a day", "0 to 24", _whole(0, 24),
        "hour", types=DIGITS, alone=None, named=0.99, weight=0.75,
    ),
    Meaning(
        "week_number", "Weeks of a year", "0 to 53", _whole(0, 53),
        "week_number",
        types=DIGITS, alone=None, named=0.99, weight=0.75,
    ),
    Meaning("year", "Years", "four digits", like(r"\d{4}"), "year", frozenset({"year"}), chance=0.0),
    Meaning(
        "epoch_seconds", "Moments as seconds since 1970", "between 1973 and 2096", within(1e8, 4e9), "epoch_seconds",
        types=NUMERIC, alone=None, named=0.98, weight=0.8,
    ),
    Meaning(
        "epoch_milliseconds", "Moments as milliseconds since 1970", "between 1973 and 2096", within(1e11, 4e12),
        "epoch_milliseconds",
        types=NUMERIC, alone=None, named=0.98, weight=0.85,
    ),
    Meaning(
        "excel_serial", "Days as Excel counts them", "between 1982 and 2064", within(30_000, 60_000),
        "excel_serial",
        types=WHOLE | NUMERIC, alone=None, named=0.98, weight=0.7,
    ),
)  # fmt: skip
