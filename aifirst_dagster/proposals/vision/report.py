"""What a model saw on a picture as Markdown, for an asset's page: disagreements with both sides first."""

from __future__ import annotations

from typing import Any

from aifirst_dagster.proposals.cells import cell

_SHOWN = 60


def markdown(vision: dict[str, Any]) -> str:
    """A table of claims; text from data or a model cannot break out of its cell.

    Args:
        vision: `Sight.summary()`.
    """
    order = {"failed": 0, "untested": 1, "corroborated": 2, "tested": 3}
    claims = sorted(vision["claims"], key=lambda claim: order[claim["state"]])
    trusted = "" if vision["trusted"] is not False else " The model cannot read the picture: nothing of it counts."
    lines = [f"{vision['model']}: {vision['disagreements']} of {len(claims)} claims disagree with the data.{trusted}"]
    lines += ["", "| state | of | what | seen | in the data | evidence |", "|---|---|---|---|---|---|"]
    for claim in claims[:_SHOWN]:
        state = "differs" if claim["state"] == "failed" else claim["state"]
        texts = [cell(claim[name]) for name in ("subject", "what", "value", "data")]
        lines.append(f"| {' | '.join([state, *texts, cell(claim['evidence'], 300)])} |")
    if len(claims) > _SHOWN:
        lines += ["", f"{len(claims) - _SHOWN} more claims are in the version's manifest."]
    return "\n".join(lines)
