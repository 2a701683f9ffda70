"""Lengths of time as people write them: 90m, 26h, 7d, 2w."""

from __future__ import annotations

import re
from datetime import timedelta

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
HINT = "A number and a unit: 30s, 90m, 26h, 7d, 2w."
_LONGEST = timedelta(days=36_500)


def age(text: str) -> timedelta:
    """The length of time.

    Raises:
        ValueError: It is none, or is no time at all.
    """
    found = _AGE.fullmatch(text.strip().lower())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not 0 < seconds <= _LONGEST.total_seconds():
        raise ValueError(f"{text!r} is no length of time")
    return timedelta(seconds=seconds)


def shown(length: timedelta) -> str:
    """A length of time in its largest fitting units: `2 d 3 h`, `45 min`, `12 s`."""
    left, parts = int(length.total_seconds()), []
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if left >= seconds:
            parts.append(f"{left // seconds} {unit}")
            left %= seconds
    return " ".join(parts[:2]) or f"{left} s"
