"""What a run would ask models, found by doing the run's work aside: nothing is kept, and no model is asked.

The steps that lead to a model's work run on the real data into a temporary folder, with designs opened for preview and
a recorder in the model's place. So each prompt is the one that a run would send, and a design that is accepted and
current asks nothing, as it would then.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.llm.recorder import Recorder
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.datasets.store import DatasetStore
    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.llm.preview import Preview
    from aifirst_dagster.state import State
    from aifirst_dagster.steps.run import StepRun

#: Step types that touch nothing but their own dataset: only these are rehearsed.
HARMLESS = {"connector", "sql", "python", "llm_transform", "llm_map", "llm_validation"}


@dataclass(frozen=True)
class Rehearsed:
    """What one step would ask.

    Attributes:
        prompts: Each first request, as a run would send it.
        columns: Columns of the step's result.
        why_not: Why the step could not be rehearsed; "" where it was.
        requests: How many there would be, where `prompts` holds only the first of many that are alike.
    """

    prompts: tuple[Preview, ...] = ()
    columns: int = 0
    why_not: str = ""
    requests: int = 0


def rehearse(spec: PipelineSpec, project: Project, llm: LLM) -> dict[str, Rehearsed]:
    """Every step that may ask a model, and the steps it reads, by key."""
    from aifirst_dagster.datasets.store import DatasetStore

    wanted = _wanted(spec)
    found: dict[str, Rehearsed] = {}
    with tempfile.TemporaryDirectory(prefix="aifirst-estimate-") as folder:
        store = DatasetStore(Path(folder))
        for key in spec.order:
            if key not in wanted:
                continue
            step = spec.step(key)
            if waiting := [need for need in step.inputs if found[need].why_not]:
                found[key] = Rehearsed(why_not=found[waiting[0]].why_not)
            elif step.type not in HARMLESS:
                found[key] = Rehearsed(why_not=f"a step of type {step.type} does not run for an estimate")
            elif spec.partitions is not None:
                found[key] = Rehearsed(why_not="a partition's data is known only when it runs")
            else:
                found[key] = _one(spec, step, project, llm, store)
    return found


def _one(spec: PipelineSpec, step: StepSpec, project: Project, llm: LLM, store: DatasetStore) -> Rehearsed:
    """Run one step aside."""
    from aifirst_dagster.proposals.designs import DesignStore
    from aifirst_dagster.steps.run import StepRun, manifest

    recorder = Recorder(llm)
    writer = store.write(spec.slug, step.key)

    def state() -> State:
        from aifirst_dagster import state as database

        return database.open(project)

    try:
        run = StepRun(
            project=project, pipeline=spec.slug, step=step.key, config=step.resolve(),
            inputs={need: store.open(spec.slug, need) for need in step.inputs}, writer=writer, previous=None,
            llm=recorder,  # type: ignore[arg-type]
            designs=DesignStore(project.designs / spec.slug / step.key, preview=True), state=state, run_id="estimate",
            samples=spec.samples,
        )  # fmt: skip
        result = step.step_type.run(run)
        if result.skipped:
            return Rehearsed(why_not=result.skipped)
        writer.publish(manifest(run, result, step.rows, step.code_hash, ""))
    except (AifirstError, OSError) as error:
        if recorder.previews:  # what would be asked is known; only its answer is not
            return Rehearsed(tuple(recorder.previews), requests=_requests(step, run))
        return Rehearsed(why_not=str(getattr(error, "message", None) or error))
    return Rehearsed(tuple(recorder.previews), len(result.columns))


def _requests(step: StepSpec, run: StepRun) -> int:
    """Requests of a step that asks for each row; 0 for others."""
    from aifirst_dagster.steps import llm_map

    return llm_map.different_rows(run) if step.type == llm_map.STEP.type else 0


def _wanted(spec: PipelineSpec) -> set[str]:
    """The steps that may ask a model, and everything that they read."""
    waiting = [step.key for step in spec.steps if asks(step)]
    wanted: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in wanted:
            wanted.add(key)
            waiting += spec.step(key).inputs
    return wanted


def asks(step: StepSpec) -> bool:
    """Whether a step, as it is configured, may ask a model at all."""
    if not step.step_type.uses_llm:
        return False
    if step.type == "connector":
        return step.config.get("llm_enhanced", False) is not False
    if step.type == "python":
        return step.config.get("instructions") is not None
    if step.type == "llm_validation":
        return step.config.get("rules", "auto_generate") == "auto_generate" or bool(step.config.get("assess"))
    return True
