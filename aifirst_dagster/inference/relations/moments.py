"""What follows from dates: their parts and names, their date without the time, the days between two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference.relations.found import Claim
from aifirst_dagster.inference.relations.look import MOMENTS, NUMERIC, Look

#: Date columns that take part; rows that all have to agree; different values that there must be.
COLUMNS, FIRST, VALUES = 6, 60, 3

#: Part -> in Python, in SQL over a TIMESTAMP.
_NUMBERS: dict[str, tuple[Callable[[datetime], int], str]] = {
    "year": (lambda moment: moment.year, "year({0})"),
    "month": (lambda moment: moment.month, "month({0})"),
    "day of the month": (lambda moment: moment.day, "day({0})"),
    "quarter": (lambda moment: (moment.month + 2) // 3, "quarter({0})"),
    "ISO week": (lambda moment: moment.isocalendar().week, "week({0})"),
    "weekday, Monday 1": (lambda moment: moment.isoweekday(), "isodow({0})"),
    "weekday, Monday 0": (lambda moment: moment.weekday(), "isodow({0}) - 1"),
    "weekday, Sunday 0": (lambda moment: moment.isoweekday() % 7, "dayofweek({0})"),
    "weekday, Sunday 1": (lambda moment: moment.isoweekday() % 7 + 1, "dayofweek({0}) + 1"),
    "hour": (lambda moment: moment.hour, "hour({0})"),
    "day of the year": (lambda moment: moment.timetuple().tm_yday, "dayofyear({0})"),
}
#: Names are compared by their first three letters: "Mon", "Monday".
_WORDS: dict[str, tuple[Callable[[datetime], str], str]] = {
    "weekday": (lambda moment: moment.strftime("%a").lower(), "lower(left(dayname({0}), 3))"),
    "month": (lambda moment: moment.strftime("%b").lower(), "lower(left(monthname({0}), 3))"),
}


def claims(look: Look) -> Iterator[Claim]:
    """What the look's first rows say of each date and the other columns."""
    dates = [at for at, column in enumerate(look.columns) if column.type in MOMENTS and _varied(look.values[at])]
    for date in dates[:COLUMNS]:
        for out in range(len(look.columns)):
            if out != date and (found := next(_of(look, date, out, dates[:COLUMNS]), None)):
                yield found


def _varied(values: list[Any]) -> bool:
    return len({value for value in values if value is not None}) >= VALUES


def _of(look: Look, date: int, out: int, dates: list[int]) -> Iterator[Claim]:
    column, names = look.columns[out], (look.columns[date].name, look.columns[out].name)
    if column.type in NUMERIC:
        for part, (make, sql) in _NUMBERS.items():
            if _agrees(look.values[date], look.values[out], make):
                test = f"{sql.format(f't{date}')} = t{out}"
                yield Claim(names, "date_part", test, f"{names[1]} is the {part} of {names[0]}")
        for other in dates:
            if other != date and _between(look, date, other, out):
                three = (names[0], look.columns[other].name, names[1])
                test = f"date_diff('day', t{date}, t{other}) = t{out}"
                yield Claim(three, "date_difference", test, f"{names[1]} is the days from {names[0]} to {three[1]}")
    elif column.type == "date" and look.columns[date].type == "datetime":
        if _agrees(look.values[date], look.values[out], lambda moment: moment.replace(hour=0, minute=0, second=0,
                                                                                    microsecond=0)):  # fmt: skip
            test = f"t{date}::DATE = t{out}::DATE"
            yield Claim(names, "date_part", test, f"{names[1]} is the date of {names[0]}")
    elif column.type == "string" and max(map(len, look.texts[out]), default=0) <= 12:
        short = [text[:3].lower() or None for text in look.texts[out]]
        for part, (name, sql) in _WORDS.items():
            if _agrees(look.values[date], short, name):
                test = f"{sql.format(f't{date}')} = lower(left(r{out}, 3))"
                yield Claim(names, "date_part", test, f"{names[1]} is the name of the {part} of {names[0]}")
        for pattern in ("%Y-%m", "%Y%m", "%Y-%m-%d"):
            written = (moment.strftime(pattern) if moment is not None else None for moment in look.values[date])
            if _same(written, look.texts[out]):
                test = f"strftime(t{date}, {literal(pattern)}) = r{out}"
                yield Claim(names, "date_part", test, f"{names[1]} is {names[0]} as {pattern}")


def _between(look: Look, date: int, other: int, out: int) -> bool:
    gaps = (
        (late.date() - early.date()).days if early and late else None
        for early, late in zip(look.values[date], look.values[other], strict=True)
    )
    return _same(gaps, look.values[out])


def _agrees(moments: list[Any], values: list[Any], make: Callable[[Any], Any]) -> bool:
    """Whether the first rows with both agree, with enough different values to mean it."""
    return _same((make(moment) if moment is not None else None for moment in moments), values)


def _same(made: Any, values: list[Any]) -> bool:
    seen: set[Any] = set()
    rows = wrong = 0
    for one, value in zip(made, values, strict=True):
        if one is None or value is None or value == "":
            continue
        rows += 1
        wrong += one != value
        if wrong > 1 + rows // 50:
            return False
        seen.add(value)
        if rows >= FIRST and len(seen) >= VALUES:
            break
    return len(seen) >= VALUES and wrong <= 0.03 * rows
