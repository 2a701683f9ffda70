"""Whether a cron expression means something, without Dagster: five fields, or an alias such as `@daily`.

What passes here is a subset of what Dagster's scheduler accepts (a test holds the two together).
"""

from __future__ import annotations

import re

ALIASES = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_PART = re.compile(r"(?:(?P<star>\*)|(?P<low>[a-z]+|\d+)(?:-(?P<high>[a-z]+|\d+))?)(?:/(?P<step>\d+))?")
HINT = "Five fields: minute hour day-of-month month day-of-week, say `0 6 * * 1-5`; or an alias such as @daily."


def problem(expression: str) -> str | None:
    """What is wrong with a cron expression, in words that name the field; None if nothing is."""
    text = expression.strip().lower()
    if text.startswith("@"):
        return None if text in ALIASES else f"{expression!r} is no cron alias; there are {', '.join(ALIASES)}"
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"a cron expression has 5 fields, {expression!r} has {len(fields)}"
    for value, (name, least, most, names) in zip(fields, _FIELDS, strict=True):
        for part in value.split(","):
            if wrong := _wrong_part(part, name, least, most, names):
                return wrong
    return _never(fields[2], fields[3])


def _wrong_part(part: str, name: str, least: int, most: int, names: dict[str, int]) -> str | None:
    """What is wrong with one comma-separated part of a field."""
    if name == "day of month" and part == "l":
        return None
    match = _PART.fullmatch(part)
    if not match:
        return f"{part!r} is no {name}"
    if match["step"] is not None and not 1 <= int(match["step"]) <= most:
        return f"the step of {part!r} ({name}) must lie from 1 to {most}"
    ends = []
    for text in filter(None, (match["low"], match["high"])):
        number = int(text) if text.isdigit() else names.get(text)
        if number is None:
            return f"{text!r} is no {name}"
        if not least <= number <= most:
            return f"{text} is no {name}: it must lie from {least} to {most}"
        ends.append(number)
    if len(ends) == 2 and ends[0] > ends[1]:
        return f"the range {part!r} ({name}) runs backwards"
    return None


def _never(days: str, months: str) -> str | None:
    """A date that no calendar has: 30 or 31 February."""
    if months in ("2", "feb") and days in ("30", "31"):
        return f"{days} February never comes"
    return None
