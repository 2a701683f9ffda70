"""Cells that stand out from their column: missing, marked, mistyped, rarely written so, made otherwise, far outside."""

from __future__ import annotations

from collections.abc import Iterator

from aifirst_dagster.quality import forms, makes, marks, merged, missing, mixed_dates, outliers, slips
from aifirst_dagster.quality.facts import Facts, Query


def queries(facts: Facts, supported: dict[str, str] | None = None) -> Iterator[Query]:
    """One or more queries for each column; the first to flag a cell gives its reason.

    Args:
        facts: The table.
        supported: Column -> SELECT of values that the rest of their rows speaks for (see `slips`).
    """
    yield from merged.queries(facts)
    yield from missing.queries(facts)
    yield from slips.queries(facts, supported)
    yield from marks.queries(facts)
    yield from mixed_dates.queries(facts)
    yield from forms.queries(facts)
    yield from makes.queries(facts)
    yield from outliers.queries(facts)
