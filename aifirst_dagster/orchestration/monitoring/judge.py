"""Is a dataset worse than it was? Judged on its own history: robust median and spread, and a least change that counts.

Pure: the same measures and settings give the same answer, whenever and however often they are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from aifirst_dagster.pipelines.monitoring import Monitoring

if TYPE_CHECKING:
    from aifirst_dagster.state.measures import Measure

#: Of a normal distribution: how many standard deviations are one median absolute deviation.
_MAD = 1.4826
#: Few versions tell their spread too small: it is widened by this share of one for each of them. Of histories that only
#: vary (normal, sensitivity 4), 0.06 % of the versions are then beyond it after 20 versions, 1.5 % after 5.
_FEW = 5.0


@dataclass(frozen=True)
class Reference:
    """What is normal.

    Attributes:
        median: Of the versions compared with.
        limit: Beyond it, a version counts as degraded.
        versions: How many were compared with.
    """

    median: float
    limit: float
    versions: int


@dataclass(frozen=True)
class Degraded:
    """A dataset whose newest version is worse than it was.

    Attributes:
        kind: score, quarantine, cost or duration.
        newest: The newest version.
        since: The first version of those that are worse without a break.
        value: The newest version's.
        usual: What was normal before.
        before: The versions that were normal, newest last.
    """

    kind: str
    newest: Measure
    since: Measure
    value: float
    usual: Reference
    before: tuple[Measure, ...]


@dataclass(frozen=True)
class _Metric:
    """A figure of a version.

    Attributes:
        read: The figure; None: it has none.
        worse: +1 where more is worse, -1 where less is.
        least: The least change that counts.
        factor: Counts only from so many times the median.
        grows: More rows may mean more of it.
    """

    read: Callable[[Measure], float | None]
    worse: int
    least: float
    factor: float = 1.0
    grows: bool = False


def judge(
    history: Sequence[Measure], wanted: Monitoring, accepted: Mapping[str, datetime] | None = None
) -> dict[str, Degraded | None]:
    """What became worse.

    Args:
        history: Versions of one dataset, newest last.
        wanted: The pipeline's settings.
        accepted: By kind, from when on a person took what there is for normal: earlier versions do not count.

    Returns:
        For each kind that can be judged, how it is degraded, or None where it is not. Kinds with too little history
        are left out.
    """
    found: dict[str, Degraded | None] = {}
    for kind, metric in _metrics(wanted).items():
        if not wanted.watches(kind):
            continue
        begin = (accepted or {}).get(kind)
        counted = [one for one in history if metric.read(one) is not None and (begin is None or one.made_at >= begin)]
        if not counted or counted[-1] is not history[-1]:
            continue
        clean, streak, judged = _replay(counted, metric, wanted)
        if not judged:
            continue
        usual = _reference(clean[-wanted.history :], metric, wanted, streak[-1]) if streak else None
        found[kind] = (
            Degraded(kind, streak[-1], streak[0], _read(metric, streak[-1]), usual, tuple(clean[-wanted.history :]))
            if usual
            else None
        )
    return found


def _replay(
    history: Sequence[Measure], metric: _Metric, wanted: Monitoring
) -> tuple[list[Measure], list[Measure], bool]:
    """Walk through the versions: those that are normal, those that are worse up to the newest without a break, and
    whether the newest one could be judged.

    Versions that are worse do not count as history, so that a trouble does not become normal by lasting; only when it
    has lasted for as many versions as are compared, it has.
    """
    clean: list[Measure] = []
    streak: list[Measure] = []
    judged = False
    for one in history:
        judged = len(clean) >= wanted.least
        usual = _reference(clean[-wanted.history :], metric, wanted, one) if judged else None
        if usual is None or not _beyond(_read(metric, one), usual, metric):
            clean, streak = [*clean, one], []
            continue
        streak.append(one)
        if len(streak) >= wanted.history:
            clean, streak = streak, []
    return clean, streak, judged


def _reference(clean: Sequence[Measure], metric: _Metric, wanted: Monitoring, one: Measure) -> Reference:
    """What is normal for a version."""
    values = [_read(metric, earlier) for earlier in clean]
    middle = median(values)
    spread = _MAD * (1 + _FEW / len(values)) * median(abs(value - middle) for value in values)
    if metric.grows and one.rows_in > 0:
        usual_rows = median(earlier.rows_in for earlier in clean)
        if usual_rows > 0 and one.rows_in > usual_rows:
            middle, spread = (figure * one.rows_in / usual_rows for figure in (middle, spread))
    change = max(wanted.sensitivity * spread, metric.least, (metric.factor - 1) * middle)
    return Reference(middle, middle + metric.worse * change, len(values))


def _beyond(value: float, usual: Reference, metric: _Metric) -> bool:
    # A hair's breadth for sums of floats: what equals the limit is not beyond it.
    return metric.worse * (value - usual.limit) > 1e-9


def _read(metric: _Metric, one: Measure) -> float:
    value = metric.read(one)
    assert value is not None
    return value


def _metrics(wanted: Monitoring) -> dict[str, _Metric]:
    return {
        "score": _Metric(lambda one: one.score, -1, wanted.score_drop),
        "quarantine": _Metric(set_aside, +1, wanted.quarantine_rise),
        "cost": _Metric(lambda one: one.cost_usd, +1, wanted.cost_rise, wanted.factor),
        "duration": _Metric(lambda one: one.seconds, +1, wanted.duration_rise, wanted.factor, grows=True),
    }


def set_aside(one: Measure) -> float | None:
    """The share of a version's rows that were quarantined or failed; None where it read none."""
    return (one.quarantined + one.failed) / one.rows_in if one.rows_in > 0 else None
