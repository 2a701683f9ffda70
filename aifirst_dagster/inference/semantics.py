"""What a column's values mean: email, country, money, ...; by the share of values that look so, and by the name."""

from __future__ import annotations

from aifirst_dagster.inference.sampling import ColumnSample
from aifirst_dagster.inference.schema import Column


def describe(column: Column, sample: ColumnSample | None) -> Column:
    """`column` with its semantic type and a sentence about it."""
    return column
