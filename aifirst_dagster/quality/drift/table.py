"""Drift of the table as a whole: schema, volume, freshness, and how many different values a column has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from aifirst_dagster.quality.drift import words
from aifirst_dagster.quality.drift.calibrate import of_one
from aifirst_dagster.quality.drift.history import Past
from aifirst_dagster.quality.drift.models import Finding, SchemaChange, Thresholds
from aifirst_dagster.quality.drift.sketch import Baseline, ColumnSketch
from aifirst_dagster.quality.engines.plan import FLOATS, INTEGERS

#: Share of the baseline's time span by which its newest time may lie back, where there is no history.
BACK = 0.25


def schema_changes(base: Baseline, new: Baseline) -> list[SchemaChange]:
    """Columns that came, went or changed type; a column without values has no type to speak of."""
    changes = [
        SchemaChange(column=column.name, change="removed", **{"from": column.type})
        for column in base.columns
        if new.column(column.name) is None
    ]
    for column in new.columns:
        was = base.column(column.name)
        if was is None:
            changes.append(SchemaChange(column=column.name, change="added", to=column.type))
        elif was.type != column.type and was.count and column.count and _family(was) != _family(column):
            changes.append(SchemaChange(column=column.name, change="type", **{"from": was.type}, to=column.type))
    return changes


def worded(change: SchemaChange) -> Finding:
    """A schema change as a finding."""
    verb = {"added": "is new", "removed": "is gone", "type": "changed its type"}[change.change]
    more = f" from {change.from_} to {change.to}" if change.change == "type" else ""
    return Finding(kind="schema", columns=[change.column], text=f"Column {change.column!r} {verb}{more}")


def certain(base: Baseline, new: Baseline, limits: Thresholds) -> list[Finding]:
    """What needs no test: a table that is empty now, or was."""
    if base.rows and not new.rows:
        return [Finding(kind="volume", effect=0.0, text="The new table has no rows")]
    if new.rows and not base.rows:
        text = "The baseline has no rows, so that nothing can be compared with it"
        return [Finding(kind="volume", text=text)]
    if limits.volume and base.rows:
        factor = max(new.rows / base.rows, base.rows / new.rows)
        if factor > limits.volume:
            text = f"Rows went from {base.rows:,} to {new.rows:,}"
            return [Finding(kind="volume", effect=round(factor, 4), threshold=limits.volume, text=text)]
    return []


def went_back(base: Baseline, new: Baseline) -> list[Finding]:
    """Times whose newest is clearly older than the baseline's: an old delivery, once more."""
    found = []
    for a in base.columns:
        b = new.column(a.name)
        if a.kind != "time" or b is None or b.kind != "time" or a.newest is None or b.newest is None:
            continue
        behind = a.newest - b.newest
        if behind > max(BACK * (a.newest - a.points[0]), 1.0):
            text = f"The newest {a.name!r} went back from {words.moment(a.newest)} to {words.moment(b.newest)}"
            found.append(Finding(kind="freshness", columns=[a.name], effect=behind, threshold=0.0, text=text))
    return found


def by_history(new: Baseline, at: datetime, past: Sequence[Past], limits: Thresholds) -> list[tuple[Finding, bool]]:
    """Volume, freshness and distinct values among the earlier versions; whether each is also large enough to count."""
    found = []
    if new.rows:
        found.append(_volume(new, past, limits))
    for column in new.columns:
        before = [one for version in past if (one := version.sketch.column(column.name)) and one.kind == column.kind]
        if len(before) < len(past):
            continue
        if column.kind == "time" and column.newest is not None:
            found.append(_freshness(column, at, past))
        if column.kind in ("text", "number") and column.distinct:
            found.append(_distinct(column, before, limits.cardinality))
    return found


def by_theory(a: ColumnSketch, b: ColumnSketch, limits: Thresholds) -> tuple[Finding, bool] | None:
    """Distinct values against what the baseline allows in a table of this size.

    They grow with the rows, ever more slowly: so those of a part of the rows lie between their share and all.
    """
    if a.kind != b.kind or a.kind not in ("text", "number") or not a.distinct or not b.distinct:
        return None
    grown = b.count / a.count
    ends = sorted((float(a.distinct), a.distinct * grown))
    low, high = ends[0], min(ends[1], float(b.count))
    factor = max(low / b.distinct, b.distinct / max(high, 1.0), 1.0)
    # A few per cent are the estimate's own error.
    z = max(0.0, math.log(factor)) / (1 / math.sqrt(max(1.0, min(low, b.distinct))) + 0.05)
    return _of_distinct(a, b, factor, math.erfc(z / math.sqrt(2)), limits.cardinality)


def _volume(new: Baseline, past: Sequence[Past], limits: Thresholds) -> tuple[Finding, bool]:
    logs = [math.log(version.sketch.rows + 1) for version in past]
    p_value, _ = of_one(math.log(new.rows + 1), logs, max(0.005, math.exp(-sum(logs) / len(logs) / 2)))
    usual = math.exp(sum(logs) / len(logs)) - 1
    factor = max((new.rows + 1) / (usual + 1), (usual + 1) / (new.rows + 1))
    sizes = [version.sketch.rows for version in past]
    text = f"{new.rows:,} rows, where {min(sizes):,} to {max(sizes):,} are usual"
    least = limits.volume or 1.1
    finding = Finding(kind="volume", test="t", effect=round(factor, 4), threshold=least, p_value=p_value, text=text)
    return finding, factor >= least


def _freshness(column: ColumnSketch, at: datetime, past: Sequence[Past]) -> tuple[Finding, bool]:
    lags = [
        version.at.timestamp() - one.newest
        for version in past
        if (one := version.sketch.column(column.name)) and one.newest is not None
    ]
    lag = at.timestamp() - (column.newest or 0.0)
    mean = sum(lags) / len(lags) if lags else lag
    p_value, z = of_one(lag, lags, max(60.0, 0.01 * abs(mean))) if len(lags) > 1 else (1.0, 0.0)
    text = (
        f"The newest {column.name!r} is {words.moment(column.newest or 0.0)}, {words.duration(lag)} old, "
        f"where {words.duration(mean)} are usual"
    )
    finding = Finding(kind="freshness", columns=[column.name], test="t", effect=lag, p_value=p_value / 2, text=text)
    return finding, z > 0


def _distinct(column: ColumnSketch, before: Sequence[ColumnSketch], least: float) -> tuple[Finding, bool]:
    """Against the earlier numbers, or their shares of the values, whichever were steadier."""
    counts = [math.log(max(1, one.distinct)) for one in before]
    shares = [value - math.log(max(1, one.count)) for value, one in zip(counts, before, strict=True)]
    now = math.log(column.distinct)
    past, value = (
        (counts, now) if _spread(counts) <= _spread(shares) else (shares, now - math.log(max(1, column.count)))
    )
    p_value, _ = of_one(value, past, 0.05)
    factor = math.exp(abs(value - sum(past) / len(past)))
    middle = sorted(before, key=lambda one: one.distinct)[len(before) // 2]
    return _of_distinct(middle, column, factor, p_value, least)


def _of_distinct(a: ColumnSketch, b: ColumnSketch, factor: float, p_value: float, least: float) -> tuple[Finding, bool]:
    text = f"about {b.distinct:,} different values in {b.count:,}, where {a.distinct:,} in {a.count:,} were usual"
    finding = Finding(
        kind="cardinality", columns=[a.name], test="distinct", effect=round(factor, 4), threshold=least,
        p_value=p_value, text=text,
    )  # fmt: skip
    return finding, factor >= least


def _spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values)


def _family(column: ColumnSketch) -> str:
    """What a type is compared as: whole and other numbers are one, for a file without fractions says integer."""
    name = column.type.lower()
    if name in ("integer", "number", "year") or name.split("(")[0] in _NUMBERS:
        return "number"
    if name in ("date", "datetime") or name.startswith("timestamp"):
        return "time"
    return "string" if name in ("varchar", "string", "any") else name


_NUMBERS = frozenset({*(name.lower() for name in (*INTEGERS, *FLOATS)), "decimal"})
