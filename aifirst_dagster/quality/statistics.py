"""Tests of whether two samples come from one distribution, on sketches; no heavy library is imported.

Sources: Kolmogorov-Smirnov by its asymptotic distribution (Numerical Recipes, 14.3); chi-squared survival by the
regularised incomplete gamma function (the same, 6.2); Holm's step-down correction (Scand. J. Stat. 6, 1979).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence


def ks(a: Sequence[float], n: int, b: Sequence[float], m: int) -> tuple[float, float]:
    """(greatest distance of two distributions, its p-value) from evenly spaced quantiles of n and m values."""
    points = sorted({*a, *b})
    distance = max((abs(_cdf(a, x) - _cdf(b, x)) for x in points), default=0.0)
    before = max((abs(_cdf(a, x, left=True) - _cdf(b, x, left=True)) for x in points), default=0.0)
    distance = max(distance, before)
    effective = math.sqrt(n * m / (n + m)) if n and m else 0.0
    # A sketch of k points knows a distribution to 1/(2k): a distance below that is none.
    slack = 0.5 / max(len(a) - 1, 1) + 0.5 / max(len(b) - 1, 1) if min(n, m) > len(a) else 0.0
    sure = max(0.0, distance - slack)
    return distance, _kolmogorov((effective + 0.12 + 0.11 / effective) * sure) if effective else 1.0


def _cdf(quantiles: Sequence[float], x: float, left: bool = False) -> float:
    """Share of values up to (`left`: below) x, linear between quantiles."""
    last = len(quantiles) - 1
    if last < 1:
        return 1.0 if quantiles and (quantiles[0] < x or (quantiles[0] == x and not left)) else 0.0
    if left:
        from bisect import bisect_left

        place = bisect_left(quantiles, x)
    else:
        place = bisect_right(quantiles, x)
    if place == 0:
        return 0.0
    if place > last:
        return 1.0
    low, high = quantiles[place - 1], quantiles[place]
    return (place - 1 + (x - low) / (high - low) if high > low else place - 1) / last


def _kolmogorov(value: float) -> float:
    if value < 0.2:
        return 1.0
    total = 2 * sum((-1) ** (j - 1) * math.exp(-2 * (j * value) ** 2) for j in range(1, 101))
    return min(1.0, max(0.0, total))


def chi_squared(a: Sequence[int], b: Sequence[int]) -> tuple[float, float]:
    """(Cohen's w of the two rows of shares, p-value) of counts over the same categories; rare ones are joined first."""
    first, second = _pooled(a, b)
    n, m = sum(first), sum(second)
    if not n or not m or len(first) < 2:
        return 0.0, 1.0
    total = 0.0
    for x, y in zip(first, second, strict=True):
        for seen, size in ((x, n), (y, m)):
            expected = (x + y) * size / (n + m)
            total += (seen - expected) ** 2 / expected
    # The effect is taken on shares, so that it does not depend on how many rows each side has.
    shares = [(x / n, y / m) for x, y in zip(first, second, strict=True)]
    effect = math.sqrt(sum((p - q) ** 2 / ((p + q) / 2) for p, q in shares if p + q))
    return effect, chi_squared_survival(total, len(first) - 1)


def _pooled(a: Sequence[int], b: Sequence[int]) -> tuple[list[int], list[int]]:
    """The counts with categories of fewer than five expected joined: the test's approximation needs that many."""
    n, m = sum(a), sum(b)
    small = min(n, m) / (n + m) if n + m else 0
    first: list[int] = []
    second: list[int] = []
    rest = [0, 0]
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


def chi_squared_survival(value: float, freedom: int) -> float:
    """P(X >= value) for chi-squared with `freedom` degrees."""
    if value <= 0:
        return 1.0
    s, x = freedom / 2, value / 2
    front = math.exp(-x + s * math.log(x) - math.lgamma(s)) if x < 700 + s else 0.0
    if not front:
        return 0.0
    if x < s + 1:
        term = total = 1 / s
        for k in range(1, 1000):
            term *= x / (s + k)
            total += term
            if term < total * 1e-12:
                break
        return max(0.0, 1 - front * total)
    b = x + 1 - s
    c, d = 1e300, 1 / b
    fraction = d
    for k in range(1, 1000):
        an = -k * (k - s)
        b += 2
        d = 1 / (an * d + b or 1e-300)
        c = b + an / c or 1e-300
        step = d * c
        fraction *= step
        if abs(step - 1) < 1e-12:
            break
    return min(1.0, front * fraction)


def two_shares(x: int, n: int, y: int, m: int) -> float:
    """p-value of x of n and y of m having one share: a z-test on the pooled share, 1 where there is none."""
    if not n or not m:
        return 1.0
    pooled = (x + y) / (n + m)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    if not spread:
        return 1.0
    return math.erfc(max(0.0, abs(x / n - y / m) - 0.5 * (1 / n + 1 / m)) / spread / math.sqrt(2))


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Which of several tests are significant at `level` taken together."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    found = [False] * len(p_values)
    for rank, place in enumerate(order):
        if p_values[place] > level / (len(p_values) - rank):
            break
        found[place] = True
    return found


def psi(a: Sequence[float], b: Sequence[float]) -> float:
    """Population stability index of two rows of shares."""
    pairs = [(max(x, 1e-4), max(y, 1e-4)) for x, y in zip(a, b, strict=True)]
    return sum((x - y) * math.log(x / y) for x, y in pairs)
