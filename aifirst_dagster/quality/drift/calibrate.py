"""What is normal for a dataset: the spread of each statistic between its earlier versions, and the chance beyond it.

A squared distance of a new version is the sum of chance in its rows (`noise`, known) and of what differs from delivery
to delivery anyway. The mean of the second over earlier versions, each compared with the rest of them, is the excess
here; the ratio of the new square to both together is judged by Fisher's F, its degrees of freedom matched to their
variances (Satterthwaite, Biometrics Bulletin 2, 1946). So few earlier versions mean wide limits, not false alarms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aifirst_dagster.quality.drift.questions import Question
from aifirst_dagster.quality.drift.statistics import Measured

#: Share of the level that goes to pairs of columns, of which there may be hundreds.
JOINT_SHARE = 0.2


@dataclass(frozen=True)
class Judged:
    """A question with its chance in this dataset, and the effect from which it would be a finding."""

    question: Question
    p_value: float
    threshold: float


def by_theory(question: Question, each: float) -> Judged:
    """As the rows alone tell: the threshold is the least effect, or what chance makes of few rows."""
    measured = question.measured
    limit = _limit(measured, measured.noise, measured.freedom, math.inf, each)
    return Judged(question, measured.p_value, max(question.least, _effect_at(measured, limit)))


def by_history(question: Question, past: Sequence[Measured], each: float) -> Judged:
    """As earlier versions tell; what chance in the rows explains is never a finding."""
    from scipy.special import fdtrc

    new = question.measured
    excess = max(0.0, sum(one.square - one.noise for one in past) / len(past))
    usual = new.noise + excess
    if not usual:
        return by_theory(question, each)
    freedom = usual**2 / (new.noise**2 / new.freedom + excess**2)
    # Half of what normal deviations would know: real ones have heavier tails.
    known = max(1.0, len(past) * freedom / 2)
    p_value = max(new.p_value, float(fdtrc(freedom, known, new.square / usual)))
    limit = max(_limit(new, usual, freedom, known, each), _limit(new, new.noise, new.freedom, math.inf, each))
    return Judged(question, p_value, max(question.least, _effect_at(new, limit)))


def of_one(value: float, past: Sequence[float], least: float) -> tuple[float, float]:
    """(p-value, z) of one number among earlier ones by Student's prediction interval; `least` is its least spread."""
    from scipy.special import stdtr

    k = len(past)
    mean = sum(past) / k
    spread = math.sqrt(sum((one - mean) ** 2 for one in past) / (k - 1))
    z = (value - mean) / (max(spread, least) * math.sqrt(1 + 1 / k))
    return float(2 * stdtr(k - 1, -abs(z))), z


def _limit(measured: Measured, usual: float, freedom: float, known: float, each: float) -> float:
    """The square that would have the chance `each`."""
    from scipy.special import chdtri, fdtri

    if math.isinf(known):
        return usual * float(chdtri(freedom, each)) / freedom
    return usual * float(fdtri(freedom, known, 1 - each))


def _effect_at(measured: Measured, square: float) -> float:
    """The effect that goes with another square."""
    if measured.square <= 0 or not measured.effect or not math.isfinite(square):
        return (
            0.0 if math.isfinite(square) and measured.squared else math.sqrt(square) if math.isfinite(square) else 1.0
        )
    ratio = square / measured.square
    return measured.effect * (ratio if measured.squared else math.sqrt(ratio))
