"""How a dataset stands, in one sentence, and what has to be known to read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aifirst_dagster.quality.report.content import Content, Status

SELF_LEARNED = (
    "The rules were learned from these very rows: the score says how usual the rows are among themselves. "
    "How good they are, the next delivery's score will say."
)
_TIMES = {"completeness": "missing values", "validity": "invalid values", "uniqueness": "duplicates",
          "consistency": "contradictions", "timeliness": "late data", "integrity": "broken references"}  # fmt: skip


def verdict_of(content: Content, gate: Mapping[str, Any], skipped: str | None = None) -> tuple[Status, str, list[str]]:
    """(status, sentence, remarks) of a report whose figures are in.

    Args:
        content: The report.
        gate: The version's gate, which may come from a step above.
        skipped: Why the step had nothing to do.
    """
    if skipped:
        return "none", f"Nothing was made: {skipped}.", []
    if content.score is None:
        said = f"{plural(content.rows, 'row')}, not judged by rules"
        inherited = gate.get("status") if gate else None
        if inherited == "passed":
            return "good", f"{said} here; they passed the check of {gate['by']}.", []
        if inherited:
            status: Status = "bad" if inherited == "blocked" else "warn"
            return status, f"{said} here; above, {gate.get('by')}: {gate.get('reason', inherited)}.", []
        return "none", f"{said}.", []
    failing = content.failing
    remarks = [SELF_LEARNED] if content.self_learned else []
    figure = f"a quality score of {content.score:.1%}"
    limit = "" if content.threshold is None else f" (at least {content.threshold:.0%} is wanted)"
    tail = _findings(content)
    if gate.get("status") == "blocked":
        return "bad", f"Not fit for use: {figure}{limit}; outputs are blocked. {tail}", remarks
    if gate.get("status") == "warned" or (content.threshold is not None and content.score < content.threshold):
        return "warn", f"To be used with care: {figure}{limit}. {tail}", remarks
    if any(rule["severity"] == "error" and not rule["set_aside"] for rule in failing):
        return "warn", f"Fit for use but for one thing or another: {figure}{limit}. {tail}", remarks
    return ("warn" if failing and _drifted(content) else "good"), f"Fit for use: {figure}{limit}. {tail}", remarks


def _findings(content: Content) -> str:
    """What was found, in a clause or two."""
    counted, failing = [rule for rule in content.rules if rule["status"] == "active"], content.failing
    if not counted:
        return "No rule judged it."
    if not failing:
        parts = [f"All {plural(len(counted), 'rule')} hold"]
    else:
        words = list(dict.fromkeys(_TIMES[rule["dimension"]] for rule in failing))
        parts = [f"{len(failing)} of {plural(len(counted), 'rule')} found {listed(words[:3])}"]
    if content.aside.total:
        parts.append(
            f"{plural(content.aside.total, 'row')} {'is' if content.aside.total == 1 else 'are'} in quarantine"
        )
    if _drifted(content):
        parts.append("the data drifted from its baseline")
    return f"{listed(parts)}."


def _drifted(content: Content) -> bool:
    return bool(content.drift and content.drift.get("drifted"))


def plural(number: int, word: str) -> str:
    """`1 row`, `2,500 rows`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
