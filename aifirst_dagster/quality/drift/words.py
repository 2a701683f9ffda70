"""Findings in plain words: what was, what is."""

from __future__ import annotations

from datetime import UTC, datetime

from aifirst_dagster.datasets.session import SOURCE
from aifirst_dagster.quality.drift.models import Cause, DriftReport
from aifirst_dagster.quality.drift.sketch import POINTS, ColumnSketch, Histogram, Tally


def missing(a: ColumnSketch, b: ColumnSketch) -> str:
    """Another share of missing values."""
    if a.count and not b.count:
        return "all values are missing now"
    if b.count and not a.count:
        return "it had no values before and has some now"
    return f"missing values went from {a.null_rate:.1%} to {b.null_rate:.1%}"


def moved(a: ColumnSketch, b: ColumnSketch, dated: bool = False) -> str:
    """Another distribution: the category whose share moved most, or the median."""
    if a.tally is not None and b.tally is not None and a.kind != "text":
        return _share(a.tally, b.tally)
    if dated:
        return _ages(a, b)
    was, now = _at(a, 0.5), _at(b, 0.5)
    what = "the median length" if a.kind == "text" else "the median"
    if was == now:
        return spread(a, b)
    if a.kind == "time":
        return f"{what} went from {moment(was)} to {moment(now)}"
    return f"{what} went from {was:,.6g} to {now:,.6g}"


def spread(a: ColumnSketch, b: ColumnSketch, dated: bool = False) -> str:
    """Another spread or shape."""
    if dated:
        return _ages(a, b)
    what = "its lengths' spread" if a.kind == "text" else "its spread"
    show = moment if a.kind == "time" else "{:,.6g}".format
    was, now = ((_at(one, 0.25), _at(one, 0.75)) for one in (a, b))
    if was == now:
        was, now = ((_at(one, 0.05), _at(one, 0.95)) for one in (a, b))
        part = "nine tenths"
    else:
        part = "middle half"
    if was == now:
        return "the shares of its values changed"
    return f"{what} changed (the {part} was {show(was[0])} to {show(was[1])}, is {show(now[0])} to {show(now[1])})"


def outside(a: ColumnSketch, b: ColumnSketch) -> str:
    """Values beyond all that were seen before."""
    if b.spread is None:
        return "values lie outside of the range so far"
    low, high = b.spread.counts[0], b.spread.counts[-1]
    show = moment if a.kind == "time" else "{:,.6g}".format
    least, most = b.spread.edges[1 if len(b.spread.edges) > 1 else 0], b.spread.edges[-1]
    what = "lengths" if a.kind == "text" else "values"
    parts = [f"{high / b.count:.1%} of {what} are above {show(most)}"] if high else []
    parts += [f"{low / b.count:.1%} of {what} are below {show(least)}"] if low else []
    return " and ".join(parts) + ", where none was before"


def fresh(b: ColumnSketch) -> str:
    """Categories that the baseline lacks."""
    assert b.tally is not None
    shown = ", ".join(repr(value[:60]) for value in list(b.tally.fresh)[:3])
    return f"{b.tally.others / b.count:.1%} of values are new ({shown}{', ...' if len(b.tally.fresh) > 3 else ''})"


def shape(a: ColumnSketch, b: ColumnSketch) -> str:
    """Texts of another form."""
    assert a.tally is not None and b.tally is not None
    share = b.tally.others / max(1, b.tally.total)
    if share - a.tally.others / max(1, a.tally.total) > 0.01 and b.tally.fresh:
        names = ", ".join(repr(name) for name in list(b.tally.fresh)[:2])
        return f"{share:.1%} of texts have a form that was not usual ({names}; 9 stands for digits, a for letters)"
    return f"{_share(a.tally, b.tally, 'form')} (9 stands for digits, a for letters)"


def insight(report: DriftReport) -> str:
    """The whole in a few sentences."""
    against = report.baseline.text or "the baseline"
    if not report.drifted:
        rows = f"{report.rows[1]} rows" if report.baseline.kind == "history" else ""
        rows = rows or f"{report.rows[1]} rows against {report.rows[0]} in the baseline"
        told = f"; compared with {report.baseline.text}" if report.baseline.text else ""
        return f"Nothing changed beyond chance: {rows}{told}."
    parts = [f"{finding.text}." for finding in report.findings if finding.kind == "schema"][:5]
    parts += [f"{finding.text}." for finding in report.findings if finding.kind in ("volume", "freshness")]
    drifted = [column for column in report.columns if column.drifted]
    for column in sorted(drifted, key=lambda one: -(one.statistic or 0))[:5]:
        parts.append(f"{column.name}: {'; '.join(column.reasons)}.")
    if len(drifted) > 5:
        parts.append(f"{len(drifted) - 5} more columns drifted.")
    joint = [finding for finding in report.findings if finding.kind in ("joint", "duplicates")]
    parts += [f"{finding.text[0].upper()}{finding.text[1:]}." for finding in joint[:3]]
    if len(joint) > 3:
        parts.append(f"{len(joint) - 3} more pairs of columns go together otherwise than before.")
    parts += [caused(cause) for cause in report.causes[:2]]
    if report.baseline.text:
        parts.append(f"Compared with {against}.")
    said = f"{report.explanation.text} " if report.explanation else ""
    return said + " ".join(parts)


def caused(cause: Cause) -> str:
    """Which rows explain other columns' drift."""
    shown = ", ".join(repr(value[:60]) for value in cause.values[:3]) + (", ..." if len(cause.values) > 3 else "")
    where = f"from {shown}" if cause.column == SOURCE else f"where {cause.column!r} is {shown}"
    names = [repr(name) for name in cause.columns[:6]] + (
        [f"{len(cause.columns) - 6} more"] if len(cause.columns) > 6 else []
    )
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"Without the {cause.rows:,} rows ({cause.share:.1%}) {where}, {told} would not have drifted."


def moment(seconds: float) -> str:
    """A time since 1970 as a date, with the time of day where it is not midnight."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:,.6g}"
    return f"{at:%Y-%m-%d}" if seconds % 86_400 == 0 or abs(seconds) > 1e12 else f"{at:%Y-%m-%d %H:%M}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.0f} seconds"


def _share(a: Tally, b: Tally, what: str = "share") -> str:
    counts = {name: (x, y) for name, x, y in zip(a.names, a.counts, b.counts, strict=True)}
    counts |= {name: (0, count) for name, count in b.fresh.items()}
    n, m = max(1, a.total), max(1, b.total)
    top = max(counts, key=lambda name: abs(counts[name][0] / n - counts[name][1] / m))
    was, now = counts[top][0] / n, counts[top][1] / m
    told = "the share of" if what == "share" else f"the share of the {what}"
    return f"{told} {top[:60]!r} went from {was:.1%} to {now:.1%}"


def _ages(a: ColumnSketch, b: ColumnSketch) -> str:
    was, now = (_middle(one.ages) for one in (a, b))
    return (
        f"its times lie otherwise before the newest (half of them within {duration(was)}, now within {duration(now)})"
    )


def _middle(counted: Histogram | None) -> float:
    """The edge below which half of the values lie."""
    if counted is None:
        return 0.0
    seen = 0
    for edge, count in zip(counted.edges, counted.counts, strict=False):
        seen += count
        if 2 * seen >= counted.total:
            return max(0.0, edge)
    return counted.edges[-1]


def _at(column: ColumnSketch, point: float) -> float:
    return column.points[POINTS.index(point)] if column.points else 0.0
