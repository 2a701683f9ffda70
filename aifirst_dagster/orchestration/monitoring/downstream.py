"""What a dataset's trouble hits: the assets made from it, and where outputs write."""

from __future__ import annotations

from collections.abc import Collection

from aifirst_dagster.datasets.store import DatasetStore
from aifirst_dagster.errors import StorageError
from aifirst_dagster.observe.alerts import Downstream
from aifirst_dagster.observe.redact import redact
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project


def below(pipeline: PipelineSpec, steps: Collection[str]) -> list[str]:
    """The keys of all steps that are made from `steps`, in order."""
    reached = set(steps)
    for key in pipeline.order:
        if reached & set(pipeline.step(key).inputs):
            reached.add(key)
    return [key for key in pipeline.order if key in reached and key not in steps]


def downstream(project: Project, pipeline: PipelineSpec, steps: Collection[str]) -> list[Downstream]:
    """What is made from `steps`; an output among them hits its own target."""
    own = [key for key in steps if _known(pipeline, key) and pipeline.step(key).type == "output"]
    return [_named(project, pipeline, pipeline.step(key)) for key in [*own, *below(pipeline, steps)]]


def _known(pipeline: PipelineSpec, key: str) -> bool:
    return any(step.key == key for step in pipeline.steps)


def _named(project: Project, pipeline: PipelineSpec, step: StepSpec) -> Downstream:
    name = f"{pipeline.slug}/{step.key}"
    if step.type != "output":
        return Downstream(name)
    return Downstream(name, "output", redact(_place(project, pipeline, step)))


def _place(project: Project, pipeline: PipelineSpec, step: StepSpec) -> str:
    """Where an output wrote last; before it has, what its settings say."""
    store = DatasetStore(project.datasets)
    keys: list[str | None] = [None]
    if pipeline.partitions is not None:
        keys = list(store.partitions(pipeline.slug, step.key)[-1:])
    for key in keys:
        try:
            version = store.current(pipeline.slug, step.key, key)
        except StorageError:
            version = None
        if version is not None and (output := version.manifest.details.get("output")):
            return str(output["location"])
    form = step.config.get("format", "parquet")
    for setting in ("path", "table"):
        if isinstance(step.config.get(setting), str):
            return f"{form} {step.config[setting]}"
    return f"{form} {pipeline.slug}" if form == "postgres" else f"{form} out/{pipeline.slug}/{step.key}"
