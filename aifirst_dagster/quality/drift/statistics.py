"""Tests of whether two samples come from one distribution, on counts; SciPy has the distributions.

Each answers with a `Measured`: how large the difference is, how likely it is by chance, and what chance alone makes of
its square, so that earlier comparisons can tell what is normal (`calibrate`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Mean of the square of a variable with Kolmogorov's distribution, and the degrees of freedom of a like chi-squared.
KOLMOGOROV_SQUARE, KOLMOGOROV_FREEDOM = math.pi**2 / 12, 5.0


@dataclass(frozen=True)
class Measured:
    """A difference of two samples.

    Attributes:
        effect: Its size, on the scale that thresholds are set in.
        p_value: Chance of one as large in samples of one distribution, the rows being independent.
        square: A squared distance; its mean under chance alone is `noise`, like `noise` x chi-squared / `freedom`.
        squared: Whether `effect` grows with `square`, in place of its root.
    """

    effect: float
    p_value: float
    square: float
    noise: float
    freedom: float = 1.0
    squared: bool = False


def ks(a: Sequence[int], b: Sequence[int]) -> Measured | None:
    """Kolmogorov-Smirnov over common bins: the distance at their edges is at most the true one."""
    import numpy as np
    from scipy.special import kolmogorov

    n, m = sum(a), sum(b)
    if not n or not m:
        return None
    distance = float(np.abs(np.cumsum(a) / n - np.cumsum(b) / m).max())
    size = n * m / (n + m)
    root = math.sqrt(size)
    p_value = float(kolmogorov((root + 0.12 + 0.11 / root) * distance))
    return Measured(distance, p_value, distance**2, KOLMOGOROV_SQUARE / size, KOLMOGOROV_FREEDOM)


def psi(a: Sequence[int], b: Sequence[int], parts: int = 12) -> Measured | None:
    """Population stability index over about `parts` equal parts of the first sample, tested by chi-squared."""
    import numpy as np

    first, second = _equal_parts(a, b, parts)
    n, m = sum(first), sum(second)
    if not n or not m or len(first) < 2:
        return None
    p, q = (np.clip(np.array(one) / total, 1e-4, None) for one, total in ((first, n), (second, m)))
    effect = float(((p - q) * np.log(p / q)).sum())
    tested = _chi_squared(first, second)
    return Measured(effect, *tested, squared=True)


def chi_squared(a: Sequence[int], b: Sequence[int], rest: tuple[int, int] = (0, 0)) -> Measured | None:
    """Chi-squared of counts of the same categories, rare ones joined; its effect is Cohen's w of the shares.

    `rest` counts values of no category: they are joined with the rare ones.
    """
    first, second = _pooled(a, b, rest)
    n, m = sum(first), sum(second)
    if not n or not m or len(first) < 2:
        return None
    # The effect is taken on shares, so that it does not depend on how many rows each side has.
    shares = [(x / n, y / m) for x, y in zip(first, second, strict=True)]
    effect = math.sqrt(sum((p - q) ** 2 / ((p + q) / 2) for p, q in shares if p + q))
    return Measured(effect, *_chi_squared(first, second))


def _chi_squared(first: Sequence[int], second: Sequence[int]) -> tuple[float, float, float, float]:
    """(p-value, square, noise, freedom) of counts without cells that are empty on both sides."""
    import numpy as np
    from scipy.special import chdtrc

    x, y = np.array(first, dtype=float), np.array(second, dtype=float)
    n, m = x.sum(), y.sum()
    pool = (x + y) / (n + m)
    size = n * m / (n + m)
    known = pool > 0
    square = float((((x / n - y / m) ** 2)[known] / pool[known]).sum())
    freedom = max(int(known.sum()) - 1, 1)
    return float(chdtrc(freedom, square * size)), square, freedom / size, float(freedom)


def two_shares(x: int, n: int, y: int, m: int) -> Measured | None:
    """x of n against y of m: exact where either side of the share is rare, else by the normal approximation."""
    from scipy.special import bdtr, bdtrc

    if not n or not m:
        return None
    pooled = (x + y) / (n + m)
    difference, noise = abs(x / n - y / m), pooled * (1 - pooled) * (1 / n + 1 / m)
    if not noise:
        return Measured(0.0, 1.0, 0.0, 0.25 * (1 / n + 1 / m) / (n + m))
    rare = min(x + y, n + m - x - y)
    if rare * min(n, m) / (n + m) < 20:
        seen = y if x + y == rare else m - y
        share = m / (n + m)
        tail = min(float(bdtr(seen, rare, share)), float(bdtrc(seen - 1, rare, share)) if seen else 1.0)
        p_value = min(1.0, 2 * tail)
    else:
        p_value = math.erfc(max(0.0, difference - 0.5 * (1 / n + 1 / m)) / math.sqrt(2 * noise))
    return Measured(difference, p_value, difference**2, noise)


def unseen(n: int, singles: int, x: int, m: int) -> Measured | None:
    """x of m values are of a kind that n earlier values lack, but for `singles` that stand alone there.

    By Good and Turing, a kind not yet seen is about as likely as one that was seen once. With `singles` 0 the chance
    is exact for values below the least or above the largest of n, whatever the distribution.
    """
    from scipy.special import bdtrc

    if not n or not m:
        return None
    expected = singles + 1
    p_value = float(bdtrc(x - 1, x + expected, m / (n + m))) if x else 1.0
    effect, usual = x / m, expected / n
    # From delivery to delivery such shares vary as squares of what moves the values do, not as it does itself.
    return Measured(effect, p_value, effect, usual, squared=True)


def correlation(r: float, n: int, s: float, m: int) -> Measured | None:
    """Two rank correlations, by Fisher's transformation (variance after Fieller, Hartley and Pearson, 1957)."""
    if n < 10 or m < 10:
        return None
    first, second = (math.atanh(max(-0.999, min(0.999, one))) for one in (r, s))
    noise = 1.06 / (n - 3) + 1.06 / (m - 3)
    square = (first - second) ** 2
    return Measured(abs(r - s), math.erfc(math.sqrt(square / noise / 2)), square, noise)


def jensen_shannon(a: Sequence[int], b: Sequence[int]) -> float:
    """Jensen-Shannon distance (base 2: from 0 to 1) of two rows of counts."""
    import numpy as np
    from scipy.special import rel_entr

    if not sum(a) or not sum(b):
        return 0.0
    p, q = np.array(a) / sum(a), np.array(b) / sum(b)
    middle = (p + q) / 2
    divergence = (rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2
    return float(math.sqrt(max(0.0, divergence) / math.log(2)))


def wasserstein(points: Sequence[float], a: Sequence[float], b: Sequence[float]) -> float:
    """Wasserstein's distance of two quantile functions known at `points`, in middle halves of the first."""
    import numpy as np

    first, second = np.array(a), np.array(b)
    with np.errstate(over="ignore", invalid="ignore"):
        distance = float(np.trapezoid(np.abs(first - second), points))
    unit = float(np.interp(0.75, points, first) - np.interp(0.25, points, first)) or float(np.ptp(first)) or 1.0
    return distance / unit if math.isfinite(distance / unit) else 1e308


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Which of several tests are significant at `level` taken together (Holm, Scand. J. Stat. 6, 1979)."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    found = [False] * len(p_values)
    for rank, place in enumerate(order):
        if p_values[place] > level / (len(p_values) - rank):
            break
        found[place] = True
    return found


def _equal_parts(a: Sequence[int], b: Sequence[int], parts: int) -> tuple[list[int], list[int]]:
    """Neighbouring bins joined until each holds its part of both samples together."""
    n, m = sum(a), sum(b)
    least = max((n + m) / parts * 0.999, 5 * (n + m) / max(1, min(n, m)))
    first, second, x, y = [], [], 0, 0
    for one, other in zip(a, b, strict=True):
        x, y = x + one, y + other
        if x + y >= least:
            first.append(x)
            second.append(y)
            x = y = 0
    if x + y and first:
        first[-1] += x
        second[-1] += y
    return first, second


def _pooled(a: Sequence[int], b: Sequence[int], others: tuple[int, int]) -> tuple[list[int], list[int]]:
    """The counts with categories of fewer than five expected joined: the test's approximation needs that many."""
    n, m = sum(a) + others[0], sum(b) + others[1]
    small = min(n, m) / (n + m) if n + m else 0
    first: list[int] = []
    second: list[int] = []
    rest = list(others)
    for x, y in zip(a, b, strict=True):
        if (x + y) * small < 5:
            rest[0] += x
            rest[1] += y
        else:
            first.append(x)
            second.append(y)
    left = rest[0] + rest[1]
    if left * small >= 5 or (left > 0 and not first):
        first.append(rest[0])
        second.append(rest[1])
    elif left and first:
        first[-1] += rest[0]
        second[-1] += rest[1]
    return first, second
