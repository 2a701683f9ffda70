"""A connector's `vision: true`: a model looks at the first file when a design is made; the data stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import ConfigError, ServiceError

if TYPE_CHECKING:
    from aifirst_dagster.connectors.base import ReadTable
    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.llm.types import Usage
    from aifirst_dagster.proposals.outcome import Outcome
    from aifirst_dagster.steps.run import StepRun


@dataclass(frozen=True)
class Looked:
    """What became of looking.

    Attributes:
        details: For the manifest: the claims, and the design beside which they were made; empty where nobody looked.
        notes: Disagreements, and why nobody looked.
    """

    usage: Usage
    details: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def look(step: StepRun, config: Any, table: ReadTable, outcome: Outcome[list[Column]]) -> Looked:
    """Have the model look, unless it did when the design in use was new.

    Args:
        step: The connector's run.
        config: Its configuration with `model`, `mode` and `tools`.
        table: The files, read.
        outcome: The columns' design.
    """
    from aifirst_dagster.llm.types import Usage
    from aifirst_dagster.proposals.vision import of_table

    before = step.previous.manifest.details.get("vision") if step.previous else None
    if outcome.reused and before and before.get("design") == outcome.content:
        return Looked(Usage.none(), {"vision": before})
    try:
        sight = of_table(step.con, table, outcome.answer, step.llm, step.wish(config), where=(step.pipeline, step.step))
    except (ServiceError, ConfigError) as error:
        took = getattr(error, "usage", None) or Usage.none()
        return Looked(took, notes=[f"vision: nobody looked at {table.files[0]}: {error.message}"])
    told = [f"vision: {sight.model} and the data disagree on {claim}." for claim in sight.disagreements]
    details = {"vision": {**sight.summary(), "file": table.files[0], "design": outcome.content}}
    return Looked(sight.usage, details, [*sight.notes, *told])
