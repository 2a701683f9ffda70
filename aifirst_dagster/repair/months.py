"""Month and weekday names as European languages write them in dates: those that inference knows, no others."""

from __future__ import annotations

from aifirst_dagster.inference.datewords import FILLERS, MONTHS

#: Words that belong to a time of day.
CLOCK = frozenset("t z am pm utc gmt st nd rd th er h".split())  # noqa: SIM905

__all__ = ["CLOCK", "FILLERS", "MONTHS"]
