"""Drift: whether a delivery still is what its baseline was, and what changed, in plain words.

    sketch = baseline(con, relation, columns, like=None)        a table's small sketch, over another one's frame
    report = compare(base, new, thresholds, history=, at=, deliveries=)
    report = traced(con, relation, report, look)                with the rows that the drift comes from

`sketch` is what is kept, `gather` makes it, `questions` are the tests, `statistics` their mathematics, `history` and
`calibrate` what is normal for a dataset, `table` what concerns the whole table, `causes` which rows a drift comes from,
`words` the sentences. docs/drift.md
"""

from aifirst_dagster.quality.drift.causes import traced
from aifirst_dagster.quality.drift.compare import compare
from aifirst_dagster.quality.drift.gather import baseline
from aifirst_dagster.quality.drift.history import Past
from aifirst_dagster.quality.drift.models import (
    Cause,
    ColumnDrift,
    Compared,
    DriftReport,
    Explanation,
    Finding,
    SchemaChange,
    Thresholds,
)
from aifirst_dagster.quality.drift.sketch import Baseline, ColumnSketch

__all__ = [
    "Baseline",
    "Cause",
    "ColumnDrift",
    "ColumnSketch",
    "Compared",
    "DriftReport",
    "Explanation",
    "Finding",
    "Past",
    "SchemaChange",
    "Thresholds",
    "baseline",
    "compare",
    "traced",
]
