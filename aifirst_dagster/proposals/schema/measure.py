"""How well a description of columns reads all rows: one scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.inference import infer
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb


def count(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> list[Column]:
    """The columns exactly as described, with the evidence of all rows; each text that failed is an example once."""
    counted: list[Column] = []
    # Wide tables in slices: one SELECT of a thousand regular expressions is slow to plan.
    for start in range(0, len(columns), 200):
        for column in infer.evidence(con, relation, columns[start : start + 200]):
            different = list(dict.fromkeys(column.evidence.examples_failed))[:5]
            evidence = column.evidence.model_copy(update={"examples_failed": different})
            counted.append(column.model_copy(update={"evidence": evidence}))
    return counted


def share(column: Column) -> float:
    """The share of non-empty cells that the description reads; 1 where there are none."""
    cells = column.evidence.parsed + column.evidence.failed
    return column.evidence.parsed / cells if cells else 1.0
