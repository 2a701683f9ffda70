"""From scores of pairs to matches: each target filled by one source at most, rivals and candidates told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.inference.matching.score import Scores

if TYPE_CHECKING:
    import numpy as np

#: Below this a pair is no match.
LEAST = 0.35
#: A source whose best target another one fills takes its next one if that is this much worse at most.
GIVES_WAY = 0.05


@dataclass
class Match:
    """A source column and the target column that it is.

    Attributes:
        source: Place of the source column.
        target: Place of the target column.
        confidence: From 0 to 1.
        filled_by: The place of the source that fills this target better: this one is told, but not used. None: it is.
        candidates: The nearest targets and their scores, the best first.
    """

    source: int
    target: int
    confidence: float
    filled_by: int | None = None
    candidates: list[tuple[int, float]] = field(default_factory=list)


def assign(scores: Scores, least: float = LEAST, candidates: int = 3) -> list[Match]:
    """One match for each source column that has one, in the order of the sources.

    The whole is weighed at once (the assignment of the greatest sum); then a source that had to give way to another
    either takes a target that is nearly as good for it, or shares the better one and says so.
    """
    import numpy as np

    total = scores.total
    if not total.size:
        return []
    held = _assigned(np.where(total >= least, total, 0.0))
    best = total.argmax(axis=1)
    chosen = {}
    for source in range(len(total)):
        target = held.get(source)
        if target is not None and total[source, target] >= total[source, best[source]] - GIVES_WAY:
            chosen[source] = target
        elif total[source, best[source]] >= least:
            chosen[source] = int(best[source])
    fillers: dict[int, int] = {}
    for source, target in chosen.items():
        if target not in fillers or total[source, target] > total[fillers[target], target]:
            fillers[target] = source
    found = []
    for source, target in sorted(chosen.items()):
        filler = fillers[target]
        order = np.argsort(-total[source], kind="stable")[: max(1, candidates)]
        found.append(
            Match(
                source, target, confidence(total[source], target), None if filler == source else filler,
                [(int(at), round(float(total[source, at]), 3)) for at in order if total[source, at] > 0],
            )
        )  # fmt: skip
    return found


def confidence(row: np.ndarray, target: int) -> float:
    """How sure a match is: its score, less where another target is as good."""
    score = float(row[target])
    others = [value for at, value in enumerate(row.tolist()) if at != target]
    margin = score - max(others, default=0.0)
    return round(score * (0.8 + 0.2 * min(1.0, max(0.0, margin) / 0.15)), 3)


def _assigned(total: np.ndarray) -> dict[int, int]:
    """Source -> target of the assignment with the greatest sum; pairs of no worth are left out."""
    from scipy.optimize import linear_sum_assignment

    # Squares: one sure match is worth more than two halves.
    rows, columns = linear_sum_assignment(total**2, maximize=True)
    return {int(row): int(column) for row, column in zip(rows, columns, strict=True) if total[row, column] > 0}
