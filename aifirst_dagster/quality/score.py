"""The quality score: one figure from 0 to 1 for how much of what was judged is as expected."""

from __future__ import annotations

from collections.abc import Iterable

from aifirst_dagster.quality.results import RuleResult

WEIGHTS = {"error": 3.0, "warn": 1.0}
"""How much a rule counts: a broken key or an invalid value weighs as much as three oddities."""


def share(result: RuleResult) -> float:
    """The share of a rule that holds, 0 to 1.

    A rule over values: the share of values as expected, 1 where its verdict is a success (`mostly` reached). A rule
    about a figure or the table: 1 or 0. A rule that could not be judged: 0, for nothing is known to be well.
    """
    if result.success is None:
        return 0.0
    if result.success:
        return 1.0
    if result.unexpected_percent is None:
        return 0.0
    return max(0.0, min(1.0, 1 - result.unexpected_percent / 100))


def score(results: Iterable[RuleResult]) -> float:
    """The mean of `share` over active rules, weighted by severity; 1.0 without any, for nothing speaks against it."""
    weighed = [(WEIGHTS[result.severity], share(result)) for result in results if result.counts]
    total = sum(weight for weight, _ in weighed)
    return sum(weight * part for weight, part in weighed) / total if total else 1.0
