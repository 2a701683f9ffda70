"""Which quarantined rows of a step a person let pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aifirst_dagster.steps.run import StepRun


def quarantine_releases(step: StepRun) -> list[str]:
    """Ids of the rows of this step (and partition) whose newest decision is to let them pass."""
    partition = step.partition.key if step.partition else ""
    decisions = step.state().quarantine.newest(step.pipeline, step.step, partition)
    return [decision.entry_id for decision in decisions if decision.action == "release"]
