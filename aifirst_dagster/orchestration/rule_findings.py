"""What a version says about one rule: verdict, reason, trend over versions, and the rows that break it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from aifirst_dagster.orchestration.findings import Finding

if TYPE_CHECKING:
    from aifirst_dagster.state.measures import Measure

_BARS = "▁▂▃▄▅▆▇█"
#: Versions that a trend goes back; the least share that its lowest bar stands for where all is nearly well.
VERSIONS, FLOOR = 30, 0.9
_VERDICTS = {True: "passed", False: "failed", None: "not evaluated"}


def rule_finding(result: dict[str, Any] | None, released: int, history: Sequence[Measure] = ()) -> Finding:
    """The finding for a rule's check.

    Args:
        result: Its entry in the verdict; None where the rule is no longer in the rule set.
        released: Rows that a person let pass.
        history: Measures of this and earlier versions, the newest last.
    """
    if result is None:
        return Finding(
            False,
            False,
            "Not evaluated: the rule is no longer in the rule set. Reload the code location to drop its check.",
        )
    shown = _figures(result) | _trend(result["id"], history) | _rows(result)
    status = result.get("status", "active")
    if status != "active":
        return Finding(True, False, f"{_set_apart(result, status)} {_found(result)}", shown)
    if result["success"] is None:
        return Finding(False, False, f"Not evaluated: {result.get('error') or 'unknown reason'}.", shown)
    if result["success"]:
        return Finding(True, result["severity"] == "error", "Every value keeps the rule.", shown)
    text = _found(result)
    if result.get("set_aside"):
        rest = f", but for {released} that a person let pass" if released else ""
        return Finding(
            False, False, f"{text} Rows that break it are not in the dataset: they were set aside{rest}.", shown
        )
    return Finding(False, result["severity"] == "error", text, shown)


def _found(result: dict[str, Any]) -> str:
    """What the rule came to, in a sentence."""
    if result["success"] is None:
        return f"It could not be evaluated: {result.get('error') or 'unknown reason'}."
    if result.get("unexpected_count"):
        one = result["unexpected_count"] == 1
        return "1 value breaks the rule." if one else f"{result['unexpected_count']} values break the rule."
    if result["success"]:
        return "Every value keeps the rule."
    if result.get("unexpected_count") is None and result.get("observed_value") is not None:
        return f"The figure is {result['observed_value']}."
    return "0 values break the rule."


def _set_apart(result: dict[str, Any], status: str) -> str:
    """Why a rule has no consequences."""
    said = result.get("decision") or {}
    if status == "proposed":
        return "Proposed: it waits for a person and has no consequences yet."
    by = f" by {said['by']}" if said.get("by") else ""
    why = f" because: {said['why'].rstrip('.')}" if said.get("why") else ""
    return f"{status.capitalize()}{by}{why}: it has no consequences."


def _figures(result: dict[str, Any]) -> dict[str, Any]:
    """Counts, reason and examples."""
    shown: dict[str, Any] = {
        "evaluated": result.get("evaluated") or 0,
        "unexpected": result.get("unexpected_count") or 0,
        "severity": result["severity"],
    }
    if result.get("dimension"):
        shown["dimension"] = result["dimension"]
    if result.get("status", "active") != "active":
        shown["status"] = result["status"]
    if result.get("unexpected_percent") is not None:
        shown["unexpected %"] = round(float(result["unexpected_percent"]), 4)
    if result.get("observed_value") is not None:
        shown["observed value"] = str(result["observed_value"])
    if result.get("unexpected_list"):
        # As text: JSON and Markdown hide behind a link in the UI.
        shown["examples"] = " · ".join(
            json.dumps(str(one)[:100], ensure_ascii=False) for one in result["unexpected_list"][:10]
        )
    if result.get("rationale"):
        shown["why"] = result["rationale"]
    return shown


def _trend(rule: str, history: Sequence[Measure]) -> dict[str, Any]:
    """The share of values that kept the rule in the last versions: bars, and a table."""
    points = [
        (measure, said) for measure in history[-VERSIONS:] for said in measure.rules if said.get("id") == rule
    ]  # fmt: skip
    if len(points) < 2:
        return {}
    shares = [kept(said) for _, said in points]
    known = [share for share in shares if share is not None]
    if not known:
        return {}
    floor = min(FLOOR, *known)
    # The full bar is for all values: one that breaks the rule shows.
    bars = "".join(
        " " if one is None else _BARS[7 if one == 1 else int((one - floor) / (1 - floor) * 6.99)] for one in shares
    )
    rows = [
        dg.TableRecord(
            {
                "version": measure.version,
                "made": measure.made_at.strftime("%Y-%m-%d %H:%M"),
                "verdict": _VERDICTS[said.get("success")],
                "kept": "" if (share := kept(said)) is None else f"{share:.2%}",
            }
        )
        for measure, said in reversed(points)
    ]
    text = f"{bars} {known[0]:.1%} → {known[-1]:.1%} over {len(points)} versions"
    return {"trend": text, "versions": dg.MetadataValue.table(rows)}


def kept(said: dict[str, Any]) -> float | None:
    """The share of values that kept a rule, from its entry in a measure; None where it was not evaluated."""
    if said.get("success") is None:
        return None
    if said.get("unexpected_percent") is None:
        return 1.0 if said["success"] else 0.0
    return max(0.0, min(1.0, 1 - float(said["unexpected_percent"]) / 100))


def _rows(result: dict[str, Any]) -> dict[str, Any]:
    """The rows that break the rule, with the line of their file."""
    failing = result.get("failing") or []
    if not failing:
        return {}
    records = []
    for row in failing:
        values = {name: "" if value is None else value for name, value in row["values"].items()}
        records.append(dg.TableRecord({"_source_line": str(row["source_line"] or ""), **values}))
    return {"failing rows": dg.MetadataValue.table(records)}
