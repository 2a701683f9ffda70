"""A drift in the words of the pipeline's model, in the run that found it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aifirst_dagster.steps.run import StepResult, StepRun

if TYPE_CHECKING:
    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.quality.drift import Baseline, DriftReport

#: The drift report in a version's folder.
REPORT = "drift.json"


def explained(
    step: StepRun,
    relation: str,
    columns: list[Column],
    sketches: tuple[Baseline, Baseline],
    report: DriftReport,
    look: Callable[[str], DriftReport],
    result: StepResult,
) -> DriftReport:
    """The report with an explanation, where a model was chosen, the drift came in here, and the data bears it out.

    Args:
        step: The run that found it.
        relation: The new rows.
        columns: Those that are watched.
        sketches: Of what was compared with, and of the new rows.
        report: What changed.
        look: Compares other rows of the same shape with the same.
        result: What the step made; what the answer took is added to it.
    """
    from aifirst_dagster.proposals.asking import Wish
    from aifirst_dagster.proposals.drift import explain

    if _passed_on(step):
        return report
    wish = Wish(prompts=step.project.resources / "prompts", samples=step.samples, run_id=step.run_id)
    where = (step.pipeline, step.step)
    outcome = explain(step.con, relation, columns, sketches, report, look, llm=step.llm, wish=wish, where=where)
    result.usage = result.usage + outcome.usage if result.usage else outcome.usage
    result.notes += outcome.notes
    return outcome.answer


def _passed_on(step: StepRun) -> bool:
    """Whether an input drifted: then what there is to say was said there."""
    reports = (version.read_json(REPORT) for data in step.inputs.values() for version in data.versions)
    return any(report and report["drifted"] for report in reports)
