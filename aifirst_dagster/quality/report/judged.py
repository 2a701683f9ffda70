"""What rules found, ordered and worded for a report, with the score that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aifirst_dagster.quality.report.content import Content
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import short_type
from aifirst_dagster.quality.score import by_dimension, explained, share

#: Examples of a rule's unexpected values, at most.
EXAMPLES = 6


def judged(
    content: Content,
    results: Sequence[RuleResult],
    kept: Sequence[Mapping[str, Any]] = (),
    weights: Mapping[str, float] | None = None,
) -> None:
    """Put verdicts and score into `content`.

    Args:
        content: The report.
        results: Verdicts.
        kept: The same, in the same order, as a version keeps them: with `set_aside` and `self_learned`.
        weights: Weights of dimensions, as the pipeline has them.
    """
    scored = by_dimension(results, weights=weights)
    content.explained = explained(scored)
    content.heat = {name: by for name, by in scored.columns.items() if by}
    more = list(kept) or [{}] * len(results)
    told = [_told(result, beside) for result, beside in zip(results, more, strict=True)]
    content.rules = sorted(told, key=_worst)


def results_of(verdict: Mapping[str, Any]) -> list[RuleResult]:
    """A stored verdict's rules as results: not validated again, for they were when they were judged."""
    known = set(RuleResult.model_fields)
    return [
        RuleResult.model_construct(**{name: value for name, value in rule.items() if name in known})
        for rule in verdict.get("rules", [])
    ]


def _told(result: RuleResult, beside: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's verdict as a report shows it."""
    distinct = list(dict.fromkeys(str(value) for value in result.unexpected_list if value is not None))
    return {
        "id": result.id,
        "type": result.type,
        "name": short_type(result.type).replace("_", " "),
        "columns": [str(name) for name in result.columns],
        "why": result.rationale,
        "severity": result.severity,
        "status": result.status,
        "dimension": result.dimension,
        "provenance": result.provenance,
        "success": result.success,
        "error": result.error,
        "evaluated": result.evaluated or 0,
        "unexpected": result.unexpected_count,
        "percent": result.unexpected_percent,
        "observed": result.observed_value,
        "mostly": result.kwargs.get("mostly"),
        "share": share(result),
        "examples": distinct[:EXAMPLES],
        "missing": bool(result.unexpected_list) and not distinct,
        "set_aside": bool(beside.get("set_aside")),
        "self_learned": bool(beside.get("self_learned")),
    }


def _worst(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    """What breaks and counts first: errors, then warnings, by how much of them breaks."""
    counts = rule["status"] == "active"
    broken = counts and rule["success"] is not True
    return not broken, not counts, rule["severity"] != "error", rule["share"], -(rule["unexpected"] or 0), rule["id"]
