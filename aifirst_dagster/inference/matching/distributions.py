"""Numbers and dates compared by their distributions, texts by how they are built."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.inference.matching.facts import Facts
from aifirst_dagster.inference.matching.kinds import kind

if TYPE_CHECKING:
    import numpy as np

#: Points of a distribution that are compared.
POINTS = 21


class Numbers:
    """The distributions of the target's numbers and dates."""

    def __init__(self, targets: Sequence[Facts]) -> None:
        import numpy as np

        held = [quantiles(one) if kind(one) in ("number", "time") else None for one in targets]
        self._known = np.array([one is not None for one in held], dtype=bool)
        self._points = np.array([one for one in held if one is not None]).reshape(-1, POINTS)
        self._wide = np.array([len(np.unique(one)) >= 5 for one in held if one is not None], dtype=bool)

    def row(self, source: Facts) -> tuple[np.ndarray, np.ndarray]:
        """(likeness, against) of each target: by the greatest distance of the cumulative shares."""
        import numpy as np

        like, against = np.zeros(len(self._known)), np.zeros(len(self._known))
        mine = quantiles(source)
        if mine is None or not len(self._points):
            return like, against
        steps = (np.arange(POINTS) + 1) / POINTS
        above = np.searchsorted(mine, self._points, side="right") / POINTS
        below = np.searchsorted(mine, self._points, side="left") / POINTS
        apart = np.maximum(np.maximum(steps - 1 / POINTS - above, below - steps), 0).max(axis=1)
        wide = self._wide & (len(np.unique(mine)) >= 5)
        like[self._known] = np.where(wide, 0.7, 0.3) * np.maximum(0.0, 1 - 1.6 * apart)
        against[self._known] = np.maximum(0.0, apart - 0.6)
        return like, against


def quantiles(facts: Facts) -> np.ndarray | None:
    """The quantiles of a column's numbers or days, weighted by how often each occurs; None where most are neither."""
    import numpy as np

    numbers, counts = [], []
    for value, count in facts.values.items():
        number = _number(value)
        if number is not None:
            numbers.append(number)
            counts.append(count)
    if len(numbers) < max(3, len(facts.values) // 2):
        return None
    order = np.argsort(numbers)
    held, weights = np.array(numbers)[order], np.cumsum(np.array(counts)[order])
    at = np.searchsorted(weights, np.linspace(0, 1, POINTS) * weights[-1], side="left")
    return np.asarray(held[np.minimum(at, len(held) - 1)])


def _number(value: str) -> float | None:
    """A number, or a moment in days; None for anything else."""
    from datetime import datetime

    try:
        number = float(value)
    except ValueError:
        try:
            moment = datetime.fromisoformat(value).replace(tzinfo=None)
        except ValueError:
            return None
        return moment.toordinal() + moment.hour / 24 + moment.minute / 1440
    return number if math.isfinite(number) else None


def shape_rows(sources: Sequence[Facts], targets: Sequence[Facts]) -> np.ndarray:
    """How much the shapes of each pair's texts overlap, from 0 to 1; words alone are no shape."""
    import numpy as np

    left, right = [shapes(one) for one in sources], [shapes(one) for one in targets]
    found = np.zeros((len(sources), len(targets)))
    where: dict[str, list[tuple[int, float]]] = {}
    for at, one in enumerate(right):
        for shape, share in one.items():
            where.setdefault(shape, []).append((at, share))
    for at, one in enumerate(left):
        for shape, share in one.items():
            for to, other in where.get(shape, ()):
                found[at, to] += min(share, other)
    return found


def shapes(facts: Facts) -> dict[str, float]:
    """How values are built, runs of letters and digits as one sign: shape -> share of cells."""
    if kind(facts) not in ("text", "category"):
        return {}
    counted: Counter[str] = Counter()
    for value, count in list(facts.values.items())[:300]:
        shape = re.sub(r"[^\W\d_]+", "a", value[:60])
        counted[re.sub(r"\d+", lambda run: "9" * min(3, len(run.group())), shape)] += count
    total = counted.total()
    return {shape: count / total for shape, count in counted.most_common(20) if re.search(r"[^a\s.,'-]", shape)}
