"""A report in short, as Markdown: for an asset's metadata, a message or a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aifirst_dagster.quality.report.content import Content, Point
from aifirst_dagster.quality.report.page import count, dollars, percent, text

#: Dagster's UI shows Markdown up to here at once, and a link to what is longer.
COMPACT = 1_000
_MARKS = {"good": "✅", "warn": "⚠️", "bad": "⛔", "none": "ℹ️"}
_BLOCKS = "▁▂▃▄▅▆▇█"


def markdown(content: Content) -> str:
    """The report without its plots: verdict, score, trend, broken rules, repairs, quarantine, drift, provenance."""
    parts = [f"# {_cell(content.title, 120)}", _said(content)]
    rows: list[tuple[Any, ...]]
    if content.explained:
        rows = [
            (one["dimension"], percent(one["score"]), one["rules"], one["failing"], percent(one["weight"], 0))
            for one in content.explained
        ]
        parts.append("## Score by dimension\n\n" + _table(("dimension", "score", "rules", "broken", "weight"), rows))
    if len(content.trend) > 1:
        rows = [
            (point.label, percent(point.score), count(point.rows), count(point.quarantined), dollars(point.cost_usd))
            for point in content.trend[-10:]
        ]
        parts.append("## Trend\n\n" + _table(("version", "score", "rows", "in quarantine", "cost"), rows))
    if content.failing:
        rows = [_rule(rule) for rule in content.failing[:20]]
        parts.append("## Broken rules\n\n" + _table(("rule", "severity", "unexpected", "examples"), rows))
    if content.repairs:
        rows = [
            (_cell(one.column), one.action.replace("_", " "), count(one.rows), _pairs(one.examples))
            for one in content.repairs[:15]
        ]
        parts.append("## Repairs\n\n" + _table(("column", "repair", "cells", "before → after"), rows))
    if content.aside.total:
        rows = [(count(one["rows"]), _cell(one["reason"], 160), one["step"]) for one in content.aside.reasons]
        parts.append("## In quarantine\n\n" + _table(("rows", "why", "step"), rows))
    if content.anomalies and content.anomalies["groups"]:
        rows = [
            (_cell(", ".join(one["columns"]), 60), _cell(one["cause"], 120), count(one["rows"]),
             f"`{_code(one['command'], 200)}`" if one["command"] else "")
            for one in content.anomalies["groups"][:12]
        ]  # fmt: skip
        head = f"## Anomalies\n\nIn {count(content.anomalies['rows_affected'])} rows"
        if content.anomalies["sampled"]:
            head += f", of {count(content.anomalies['sampled'])} that were looked at"
        parts.append(f"{head}.\n\n" + _table(("columns", "likely cause", "rows", "what can be done"), rows))
    if content.drift:
        parts.append(f"## Drift\n\n{_cell(content.drift.get('insight') or '', 600)}")
    if content.provenance:
        parts.append(
            "## Provenance\n\n" + "\n".join(f"- {name}: {_cell(value, 200)}" for name, value in content.provenance)
        )
    return "\n\n".join(parts) + "\n"


def compact(content: Content) -> str:
    """The verdict, the dimensions and the worst rules, short enough to stand in the UI as it is."""
    parts = [_said(content, remarks=False)]
    if content.explained:
        by = " · ".join(f"{one['dimension']} **{percent(one['score'])}**" for one in content.explained)
        parts.append(by)
    if line := trend_line(content.trend):
        parts.append(line)
    lines = [
        f"- {_cell(rule['id'], 60)}: {count(rule['unexpected']) or 'its figure'} unexpected ({rule['severity']})"
        for rule in content.failing[:5]
    ]
    if len(content.failing) > 5:
        lines.append(f"- and {len(content.failing) - 5} more")
    while lines and len("\n\n".join([*parts, "\n".join(lines)])) >= COMPACT:
        lines.pop(-2 if len(lines) > 1 else -1)
    return "\n\n".join([*parts, "\n".join(lines)] if lines else parts)


def trend_line(points: Sequence[Point]) -> str:
    """The score's way over the last versions, in block characters; "" where there are no two of them."""
    scores = [point.score for point in points if point.score is not None][-20:]
    if len(scores) < 2:
        return ""
    low, high = min(scores), max(scores)
    span = (high - low) or 1.0
    drawn = "".join(_BLOCKS[round((score - low) / span * 7)] if high > low else _BLOCKS[-1] for score in scores)
    return f"`{drawn}` {percent(scores[0])} → {percent(scores[-1])} over {len(scores)} versions"


def _said(content: Content, remarks: bool = True) -> str:
    lines = [f"{_MARKS[content.status]} **{_cell(content.verdict, 400)}**"]
    if remarks and content.remarks:
        lines += ["", *(f"- {_cell(remark, 300)}" for remark in content.remarks)]
    elif content.self_learned:
        lines += ["", "_Rules were learned from these very rows._"]
    return "\n".join(lines)


def _rule(rule: dict[str, Any]) -> tuple[Any, ...]:
    examples = " ".join(f"`{_code(one)}`" for one in rule["examples"][:3])
    share = f"{count(rule['unexpected'])} of {count(rule['evaluated'])}" if rule["unexpected"] is not None else "–"
    return _cell(rule["id"], 80), rule["severity"], share, examples or _cell(rule["error"] or "", 80)


def _pairs(examples: Sequence[Sequence[Any]]) -> str:
    return " · ".join(f"`{_code(pair[0])}` → `{_code(pair[1])}`" for pair in examples[:2])


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = f"| {' | '.join(names)} |\n|{'---|' * len(names)}"
    return "\n".join([head, *(f"| {' | '.join(str(value) for value in row)} |" for row in rows)])


def _cell(value: Any, most: int = 60) -> str:
    """A text of the data that cannot become markup."""
    plain = text(value, most).replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;")
    for char in "|`*[]":
        plain = plain.replace(char, f"\\{char}")
    return plain


def _code(value: Any, most: int = 40) -> str:
    """A text of the data between backticks, in a table's cell."""
    return text(value, most).replace("`", "'").replace("|", "¦")
