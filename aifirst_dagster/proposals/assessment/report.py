"""An assessment as Markdown, for an asset's page."""

from __future__ import annotations

from typing import Any

from aifirst_dagster.proposals.cells import cell

_SHOWN = 40


def markdown(assessment: dict[str, Any]) -> str:
    """The summary and a table of issues; text from data or a model cannot break out of its cell.

    Args:
        assessment: `Assessment` as plain data.
    """
    lines = [cell(assessment["summary"], 2_000), ""]
    if assessment["issues"]:
        lines += ["| severity | column | issue | rows | what to do | state |", "|---|---|---|---|---|---|"]
    for issue in assessment["issues"][:_SHOWN]:
        rows = "" if issue["rows_affected"] is None else f"{issue['rows_affected']:,}"
        todo = issue["action"] + (f" ({issue['repair']})" if issue["repair"] else "")
        words = f"{issue['kind']}: {issue['evidence']}"
        cells = (issue["severity"], cell(issue["column"] or "(rows)"), cell(words, 300), rows, todo, issue["state"])
        lines.append(f"| {' | '.join(cells)} |")
    if len(assessment["issues"]) > _SHOWN:
        lines += ["", f"{len(assessment['issues']) - _SHOWN} more issues are in assessment.json."]
    if assessment["rejected"]:
        lines += ["", f"{len(assessment['rejected'])} issues that a model named were contradicted by the data."]
    return "\n".join(lines)
