"""Histories of datasets, made of figures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from aifirst_dagster.state.measures import Measure

BEGIN = datetime(2026, 11, 1, 6, tzinfo=UTC)


def measure(number: int, pipeline: str = "p", step: str = "check", **figures: Any) -> Measure:
    """The version of a day."""
    figures.setdefault("rows_in", 1_000)
    at = BEGIN + timedelta(days=number)
    return Measure(pipeline, step, None, f"v{number:04d}", f"run-{number}", at, **figures)


def scores(values: Iterable[float | None], **figures: Any) -> list[Measure]:
    """A version a day with these scores."""
    return [measure(number, score=value, **figures) for number, value in enumerate(values)]
