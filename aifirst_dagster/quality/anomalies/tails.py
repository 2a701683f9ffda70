"""How far out is too far: a tail model from quantiles, for numbers on the scale that fits them.

Beyond its outer quantiles a column is taken to fall off exponentially, as fast as it does between them, each side for
itself: skewed columns and heavy tails widen their own fence. Quantiles up to the 97.5th leave room for one cell in
forty to be wrong before the fence moves. Positive numbers that are less lopsided as logarithms must stand out on that
scale as well, which makes the fence one of a power law.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PROBABILITIES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)
#: The quantile where the model of a tail begins.
OUT = 0.05


@dataclass(frozen=True)
class Tails:
    """Where both tails of a column begin, and how far a value must go for each e-fold of rarity."""

    low: float
    low_scale: float
    high: float
    high_scale: float
    median: float
    inner: tuple[float, float]

    @property
    def skew(self) -> float:
        """How lopsided the column is, 0 to 1, by its outer quantiles and its median."""
        low, high = self.inner
        return abs(low + high - 2 * self.median) / (high - low) if high > low else 0.0

    def surprise(self, x: str) -> str:
        """SQL: -log10 of the chance that a cell lies as far out as `x`; 0 within."""
        ten, begin = math.log(10), -math.log10(OUT)
        return (
            f"CASE WHEN {x} > {self.high!r} THEN {begin!r} + ({x} - {self.high!r}) / {self.high_scale * ten!r} "
            f"WHEN {x} < {self.low!r} THEN {begin!r} + ({self.low!r} - {x}) / {self.low_scale * ten!r} ELSE 0 END"
        )


def asked(x: str) -> str:
    """SQL: the quantiles that `of` is made from."""
    return f"quantile_cont({x}, [{', '.join(map(str, PROBABILITIES))}])"


def of(quantiles: Sequence[Any] | None) -> Tails | None:
    """The tails of a column with these quantiles; None where it hardly varies."""
    if quantiles is None or any(one is None for one in quantiles):
        return None
    q = dict(zip(PROBABILITIES, (float(one) for one in quantiles), strict=True))
    if not all(map(math.isfinite, q.values())) or q[0.75] <= q[0.25]:
        return None
    half = (q[0.75] - q[0.25]) / (2 * math.log(2))
    high = _scale(q[0.75], q[0.9], q[0.95], q[0.975])
    low = _scale(-q[0.25], -q[0.1], -q[0.05], -q[0.025])
    # A side that does not vary is still as uncertain as a part of the other.
    floor = 0.25 * half
    return Tails(q[0.05], max(low, floor), q[0.95], max(high, floor), q[0.5], (q[0.05], q[0.95]))


def _scale(q75: float, q90: float, q95: float, q975: float) -> float:
    """The widest e-fold between outer quantiles; up to one cell in forty may be wrong before it widens for that."""
    return max((q90 - q75) / math.log(2.5), (q95 - q90) / math.log(2), (q975 - q95) / math.log(2))


def needed(cells: int, alarms: float) -> float:
    """The surprise from which on a cell among `cells` is one of no more than `alarms` that lie so far out by chance."""
    return math.log10(max(cells, 1)) - math.log10(alarms)
