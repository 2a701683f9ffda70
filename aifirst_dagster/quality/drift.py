"""Drift: whether a delivery still is what its baseline was, column by column, and what changed, in plain words."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.quality.baseline import Baseline, ColumnSketch, baseline
from aifirst_dagster.quality.statistics import chi_squared, holm, ks, two_shares

__all__ = ["Baseline", "ColumnDrift", "DriftReport", "SchemaChange", "Thresholds", "baseline", "compare"]


class Thresholds(BaseModel):
    """When a difference counts: it has to be beyond chance, and large enough to matter.

    `level` is the chance of any alarm on the whole table where nothing changed (Holm's correction over all its tests).
    `distance` is the least Kolmogorov-Smirnov distance, `association` the least Cohen's w, `null_rate` the least
    difference of null rates, `new_share` the least share of values in categories that the baseline lacks.
    """

    model_config = ConfigDict(extra="forbid")

    level: float = Field(0.01, gt=0, lt=1)
    distance: float = Field(0.05, ge=0, le=1)
    association: float = Field(0.1, ge=0, le=1)
    null_rate: float = Field(0.02, ge=0, le=1)
    new_share: float = Field(0.005, ge=0, le=1)


class SchemaChange(BaseModel):
    """A column that came (`added`), went (`removed`), or changed its type (`type`) or place (`order`)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    column: str
    change: Literal["added", "removed", "type"]
    from_: str | None = Field(None, serialization_alias="from", validation_alias="from")
    to: str | None = None


class ColumnDrift(BaseModel):
    """One column compared: the test of its distribution, its null rates, and categories that the baseline lacks."""

    name: str
    test: str
    statistic: float | None = None
    p_value: float | None = None
    threshold: float | None = None
    drifted: bool = False
    null_rate: tuple[float, float] = (0.0, 0.0)
    new_values: list[str] = Field(default_factory=list)
    reasons: list[str] = Field(default_factory=list)


class DriftReport(BaseModel):
    """What changed from a baseline to a newer table."""

    drifted: bool
    rows: tuple[int, int]
    schema_changes: list[SchemaChange] = Field(default_factory=list)
    columns: list[ColumnDrift] = Field(default_factory=list)
    insight: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As the command line prints it."""
        return self.model_dump(by_alias=True)


def compare(base: Baseline, new: Baseline, thresholds: Thresholds | None = None) -> DriftReport:
    """Compare two sketches; `new` is best made with `like=base`.

    A column is tested by Kolmogorov-Smirnov (numbers, times, lengths of free text) or chi-squared (categories), and its
    null rate by a test of two shares. All p-values of the table are corrected together; what is beyond chance counts
    where it is also larger than its threshold.
    """
    limits = thresholds or Thresholds()
    changes = _schema(base, new)
    pairs = [(column, later) for column in base.columns if (later := new.column(column.name)) is not None]
    columns = [_distribution(a, b, limits) for a, b in pairs]
    nulls = [two_shares(a.nulls, a.rows, b.nulls, b.rows) for a, b in pairs]
    tested = [1.0 if column.p_value is None else column.p_value for column in columns]
    found = holm([*tested, *nulls], limits.level)
    for place, ((a, b), column) in enumerate(zip(pairs, columns, strict=True)):
        column.null_rate = (round(a.null_rate, 6), round(b.null_rate, 6))
        if found[place] and column.statistic is not None and column.statistic >= (column.threshold or 0):
            column.reasons.append(_moved(a, b))
        if found[len(columns) + place] and abs(a.null_rate - b.null_rate) >= limits.null_rate:
            column.reasons.append(f"missing values went from {a.null_rate:.1%} to {b.null_rate:.1%}")
        _emptied(a, b, column, limits)
        _new_values(a, b, column, limits)
        column.drifted = bool(column.reasons)
    emptied = (base.rows == 0) != (new.rows == 0)
    drifted = bool(changes) or any(column.drifted for column in columns) or emptied
    report = DriftReport(drifted=drifted, rows=(base.rows, new.rows), schema_changes=changes, columns=columns)
    report.insight = _insight(report)
    return report


def _schema(base: Baseline, new: Baseline) -> list[SchemaChange]:
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


def _family(column: ColumnSketch) -> str:
    """What a type is compared as: whole and other numbers are one, for a file without fractions says integer."""
    name = column.type.lower()
    if name in ("integer", "number", "year") or name.split("(")[0] in _NUMBERS:
        return "number"
    if name in ("date", "datetime") or name.startswith("timestamp"):
        return "time"
    return "string" if name in ("varchar", "string", "any") else name


_NUMBERS = frozenset(
    [
        "tinyint",
        "smallint",
        "bigint",
        "hugeint",
        "utinyint",
        "usmallint",
        "uinteger",
        "ubigint",
        "uhugeint",
        "float",
        "double",
        "decimal",
    ]
)


def _distribution(a: ColumnSketch, b: ColumnSketch, limits: Thresholds) -> ColumnDrift:
    """The test of two sketches' distributions, or why there is none."""
    if not a.count or not b.count:
        return ColumnDrift(name=a.name, test="none")
    if a.counts is not None and b.counts is not None:
        names = sorted({*a.counts, *b.counts})
        first = [a.counts.get(name, 0) for name in names] + [a.others]
        second = [b.counts.get(name, 0) for name in names] + [b.others]
        statistic, p_value = chi_squared(first, second)
        return _tested(a.name, "chi_squared", statistic, p_value, limits.association)
    for test, one, two in (("ks", a.quantiles, b.quantiles), ("ks_length", a.lengths, b.lengths)):
        if one and two:
            statistic, p_value = ks(one, a.count, two, b.count)
            return _tested(a.name, test, statistic, p_value, limits.distance)
    return ColumnDrift(name=a.name, test="none")


def _tested(name: str, test: str, statistic: float, p_value: float, threshold: float) -> ColumnDrift:
    return ColumnDrift(name=name, test=test, statistic=round(statistic, 6), p_value=p_value, threshold=threshold)


def _emptied(a: ColumnSketch, b: ColumnSketch, column: ColumnDrift, limits: Thresholds) -> None:
    """A column that lost all its values, or has its first, is a finding where that is more than chance in few rows."""
    if a.count and b.rows and not b.count and a.null_rate**b.rows < limits.level:
        column.reasons = ["all values are missing now"]
    elif not a.count and a.rows and b.count and b.null_rate**a.rows < limits.level:
        column.reasons = ["it had no values before and has some now"]


def _new_values(a: ColumnSketch, b: ColumnSketch, column: ColumnDrift, limits: Thresholds) -> None:
    """Categories that the baseline lacks: listed always, a finding where they are more than a few strays."""
    if a.kind not in ("category", "flag") or a.counts is None or b.counts is None or a.others:
        return
    fresh = {value: count for value, count in b.counts.items() if value not in a.counts}
    column.new_values = list(fresh)[:50]
    total = sum(fresh.values())
    # A baseline may have missed a value that is this rare: by the rule of three it is then below 3/n of all.
    unseen = 3 / a.count + 3 * (sum(count == 1 for count in a.counts.values()) / a.count)
    if total and total / b.count > max(limits.new_share, 2 * unseen):
        shown = ", ".join(repr(value) for value in column.new_values[:3])
        column.reasons.append(f"{total / b.count:.1%} of values are new ({shown}{', ...' if len(fresh) > 3 else ''})")


def _moved(a: ColumnSketch, b: ColumnSketch) -> str:
    """What moved, in words."""
    if a.counts is not None and b.counts is not None:
        names = {*a.counts, *b.counts}
        shift = {name: b.counts.get(name, 0) / b.count - a.counts.get(name, 0) / a.count for name in names}
        top = max(shift, key=lambda name: abs(shift[name]))
        was, now = a.counts.get(top, 0) / a.count, b.counts.get(top, 0) / b.count
        return f"the share of {top!r} went from {was:.1%} to {now:.1%}"
    one, two = (a.quantiles, b.quantiles) if a.quantiles else (a.lengths, b.lengths)
    if not one or not two:
        return "its distribution changed"
    was, now = one[len(one) // 2], two[len(two) // 2]
    what = "the median" if a.quantiles else "the median length"
    if a.kind == "time":
        from datetime import UTC, datetime

        before, after = (f"{datetime.fromtimestamp(point, UTC):%Y-%m-%d}" for point in (was, now))
        return f"{what} went from {before} to {after}"
    if was == now:
        return f"its spread changed (the middle half was {_span(one)}, is {_span(two)})"
    return f"{what} went from {was:,.6g} to {now:,.6g}"


def _span(quantiles: list[float]) -> str:
    quarter = (len(quantiles) - 1) // 4
    return f"{quantiles[quarter]:,.6g} to {quantiles[-1 - quarter]:,.6g}"


def _insight(report: DriftReport) -> str:
    """The whole in a few sentences."""
    if not report.drifted:
        return f"Nothing changed beyond chance: {report.rows[1]} rows against {report.rows[0]} in the baseline."
    parts = []
    if report.rows[0] and not report.rows[1]:
        parts.append("The new table has no rows.")
    if report.rows[1] and not report.rows[0]:
        parts.append("The baseline has no rows, so that nothing can be compared with it.")
    words = {"added": "is new", "removed": "is gone", "type": "changed its type"}
    for change in report.schema_changes[:5]:
        more = f" from {change.from_} to {change.to}" if change.change == "type" else ""
        parts.append(f"Column {change.column!r} {words[change.change]}{more}.")
    moved = [column for column in report.columns if column.drifted]
    for column in sorted(moved, key=lambda one: -(one.statistic or 0))[:5]:
        parts.append(f"{column.name}: {'; '.join(column.reasons)}.")
    if len(moved) > 5:
        parts.append(f"{len(moved) - 5} more columns drifted.")
    return " ".join(parts)
