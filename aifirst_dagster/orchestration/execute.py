"""One step of a pipeline, executed: inputs pinned, work done, the new version ready to publish. No Dagster in here."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets import parquet
from aifirst_dagster.datasets.session import literal
from aifirst_dagster.datasets.store import Dataset, DatasetStore, Manifest, Version, VersionWriter
from aifirst_dagster.errors import StorageError
from aifirst_dagster.orchestration.measuring import remember
from aifirst_dagster.orchestration.reporting import described, write_page
from aifirst_dagster.orchestration.watch import watch
from aifirst_dagster.steps.run import Partition, StepRun, manifest

if TYPE_CHECKING:
    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
    from aifirst_dagster.project import Project
    from aifirst_dagster.proposals.designs import DesignStore
    from aifirst_dagster.state.database import State
    from aifirst_dagster.state.measures import Measure


@dataclass(frozen=True)
class Work:
    """A step to execute for one partition.

    Attributes:
        inputs: Pinned datasets by step key.
        override: A file to read instead of a connector's own.
        designs: The step's designs in place of the project's own.
        scratch: Nothing is remembered: no profile for drift.
        accept_drift: What is made now is the new baseline.
    """

    project: Project
    pipeline: PipelineSpec
    step: StepSpec
    store: DatasetStore
    inputs: Mapping[str, Dataset]
    llm: LLM
    run_id: str
    partition: Partition | None = None
    override: Path | None = None
    log: Callable[[str], None] = field(default=lambda text: None)
    designs: DesignStore | None = None
    scratch: bool = False
    accept_drift: bool = False


@dataclass(frozen=True)
class Done:
    """A version that is written and not yet published.

    Attributes:
        skipped: Why it holds nothing.
        history: What the dataset's earlier versions came to, where this one has a verdict.
    """

    writer: VersionWriter
    manifest: Manifest
    skipped: str | None
    history: tuple[Measure, ...] = ()

    @property
    def verdict(self) -> dict[str, Any]:
        """What rules said of it; empty where none judged it."""
        return Version(self.writer.folder, self.manifest).read_json("verdict.json") or {}


def execute(work: Work) -> Done:
    """Run the step; what it wrote is discarded where it fails.

    Raises:
        AifirstError: What the step found wrong.
    """
    spec, pipeline = work.step, work.pipeline
    key = work.partition.key if work.partition else None
    writer: VersionWriter | None = None
    try:
        writer = work.store.write(pipeline.slug, spec.key, key)
        step = StepRun(
            project=work.project,
            pipeline=pipeline.slug,
            step=spec.key,
            config=spec.resolve(),
            inputs=work.inputs,
            writer=writer,
            previous=_previous(work, key),
            llm=work.llm,
            designs=work.designs or _designs(work),
            state=functools.partial(open_state, work.project),
            run_id=work.run_id,
            partition=work.partition,
            override=work.override,
            log=work.log,
            samples=pipeline.samples,
            scratch=work.scratch,
        )
        return _finish(work, step)
    except BaseException:
        if writer is not None:
            writer.discard()
        raise


def published(project: Project, store: DatasetStore, made: Manifest, log: Callable[[str], None]) -> None:
    """What follows a publication: the version's figures go into the history, its report beside it where wanted."""
    remember(functools.partial(open_state, project), store, made, log)
    if dataset := made.details.get("report"):
        folder = store.place(made.pipeline, made.step, made.partition) / made.version
        write_page(project, Version(folder, made), dataset, log)


def _previous(work: Work, partition: str | None) -> Version | None:
    """The version to build on; a damaged one is as good as none: the step makes its data anew."""
    try:
        return work.store.current(work.pipeline.slug, work.step.key, partition)
    except StorageError as error:
        work.log(f"{error.message} It is left aside, and everything is made anew.")
        return None


def open_state(project: Project) -> State:
    """The project's state database."""
    from aifirst_dagster import state

    return state.open(project)


def _finish(work: Work, step: StepRun) -> Done:
    """Run the step's work and describe what it wrote."""
    begun = time.perf_counter()
    waiting = [key for key, dataset in step.inputs.items() if dataset.skipped]
    if waiting:
        from aifirst_dagster.steps.run import StepResult

        result = StepResult(skipped=f"its input {waiting[0]!r} holds nothing")
    else:
        result = work.step.step_type.run(step)
    parts = sorted((step.writer.folder / "data").glob("*.parquet"))
    digest = ""
    if parts:
        relation = f"read_parquet([{', '.join(map(literal, parts))}], union_by_name = true)"
        digest = _inherited(step, parts) or parquet.content_hash(step.con, relation)
        if work.pipeline.drift is not None and not result.skipped and not work.scratch:
            watch(step, work.pipeline.drift, relation, result, work.accept_drift, digest)
    row_contract = work.step.step_type.rows
    if getattr(step.config, "report", False) and not work.scratch:
        result.details["report"] = described(work.pipeline, work.step)
    result.details["seconds"] = round(time.perf_counter() - begun, 3)
    made = manifest(step, result, row_contract, work.step.code_hash, digest)
    judged = (step.writer.folder / "verdict.json").is_file() and not work.scratch
    return Done(step.writer, made, result.skipped, _history(step) if judged else ())


def _history(step: StepRun) -> tuple[Measure, ...]:
    """What earlier versions came to."""
    key = step.partition.key if step.partition else None
    return tuple(step.state().measures.of(step.pipeline, step.step, key))


def _inherited(step: StepRun, parts: list[Path]) -> str:
    """The input's content hash where the step took over its very files; "" where the rows are new."""
    versions = [version for dataset in step.inputs.values() for version in dataset.versions]
    if len(versions) != 1:
        return ""
    taken, given = ({path.stat().st_ino for path in paths} for paths in (parts, versions[0].parts))
    return versions[0].manifest.content_hash if taken == given else ""


def _designs(work: Work) -> DesignStore:
    """The step's designs, frozen where the pipeline says so."""
    from aifirst_dagster.proposals.designs import DesignStore

    folder = work.project.designs / work.pipeline.slug / work.step.key
    frozen = True if work.pipeline.designs == "frozen" else None
    history = open_state(work.project).designs if work.step.step_type.uses_llm else None
    return DesignStore(folder, frozen, history, work.run_id)
