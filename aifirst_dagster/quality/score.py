"""The quality score: how much of what was judged is as expected, from 0 to 1, by dimension and in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from aifirst_dagster.quality.dimensions import Dimension
from aifirst_dagster.quality.results import RuleResult

WEIGHTS = {"error": 3.0, "warn": 1.0}
"""How much a rule counts: a broken key or an invalid value weighs as much as three oddities."""

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


@dataclass(frozen=True)
class Part:
    """What one rule brings to the score.

    Attributes:
        id: The rule's.
        dimension: Which figure it counts in.
        share: How much of the rule holds, see `share`.
        weight: By severity, times the weight of its dimension.
    """

    id: str
    dimension: Dimension
    share: float
    weight: float


@dataclass(frozen=True)
class Score:
    """A table's score, and what it is made of.

    Attributes:
        overall: The weighted mean over all parts; None where nothing was judged.
        dimensions: Every dimension -> its weighted mean; None where no rule judges it.
        columns: Column -> dimension -> the mean over the rules that read the column.
        parts: Each rule that counts.
        weights: Weight of each dimension in the overall figure.
    """

    overall: float | None
    dimensions: dict[str, float | None]
    columns: dict[str, dict[str, float]] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def rounded(self) -> dict[str, float | None]:
        """The dimensions, as they are printed and kept."""
        return {name: None if value is None else round(value, 6) for name, value in self.dimensions.items()}


def share(result: RuleResult) -> float:
    """The share of a rule that holds, 0 to 1.

    A rule over values or rows: the share of them as expected, 1 where its verdict is a success (`mostly` reached). One
    about a figure or the table: 1 or 0. A rule that could not be judged: 0, for nothing is known to be well.
    """
    if result.success is None:
        return 0.0
    if result.success:
        return 1.0
    percent = result.unexpected_percent
    if percent is None and result.unexpected_count and result.evaluated:
        percent = 100 * result.unexpected_count / result.evaluated  # of rows that a query finds
    return 0.0 if percent is None else max(0.0, min(1.0, 1 - percent / 100))


def score(results: Iterable[RuleResult], weights: Mapping[str, float] | None = None) -> float:
    """The overall figure; 1.0 where nothing was judged, for nothing speaks against it."""
    overall = by_dimension(results, weights=weights).overall
    return 1.0 if overall is None else overall


def by_dimension(
    results: Iterable[RuleResult], columns: Sequence[str] = (), weights: Mapping[str, float] | None = None
) -> Score:
    """The score of a table by what its active rules found.

    Args:
        results: Verdicts; muted and proposed rules do not count.
        columns: Columns to give figures for, also where no rule reads them; those of the rules come anyway.
        weights: Weight of a dimension in the overall figure; 1 where none is given, 0 leaves it out.
    """
    weighing: dict[str, float] = {name: float((weights or {}).get(name, 1.0)) for name in DIMENSIONS}
    active = [result for result in results if result.counts]
    parts = tuple(
        Part(one.id, one.dimension, share(one), WEIGHTS[one.severity] * weighing[one.dimension]) for one in active
    )
    # Within a dimension its own weight is one and the same for all: a weight of 0 leaves its figure standing.
    plain = [(part, WEIGHTS[one.severity]) for part, one in zip(parts, active, strict=True)]
    by_column: dict[str, dict[str, float]] = {name: {} for name in columns}
    for name in dict.fromkeys([*columns, *(column for one in active for column in one.columns)]):
        own = [pair for pair, one in zip(plain, active, strict=True) if name in one.columns]
        by_column[name] = {
            dimension: mean
            for dimension in DIMENSIONS
            if (mean := _mean([(part.share, by) for part, by in own if part.dimension == dimension])) is not None
        }
    return Score(
        overall=_mean([(part.share, part.weight) for part in parts]),
        dimensions={
            name: _mean([(part.share, weight) for part, weight in plain if part.dimension == name])
            for name in DIMENSIONS
        },
        columns=by_column,
        parts=parts,
        weights=weighing,
    )


def explained(score: Score) -> list[dict[str, Any]]:
    """Each judged dimension: its figure, how many rules it is made of, and its part of the overall weight."""
    total = sum(part.weight for part in score.parts) or 1.0
    found = []
    for name in DIMENSIONS:
        own = [part for part in score.parts if part.dimension == name]
        if own:
            found.append(
                {
                    "dimension": name,
                    "score": score.dimensions[name],
                    "rules": len(own),
                    "failing": sum(part.share < 1 for part in own),
                    "weight": sum(part.weight for part in own) / total,
                }
            )
    return found


def _mean(weighed: Sequence[tuple[float, float]]) -> float | None:
    """A weighted mean; None of nothing."""
    total = sum(weight for _, weight in weighed)
    return sum(value * weight for value, weight in weighed) / total if total else None
