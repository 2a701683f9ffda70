"""`aifirst run`: a real Dagster run of a pipeline in this process, recorded in the instance that the UI shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.events import RunFailureReason
from dagster._core.execution.api import create_execution_plan, execute_run_iterator
from dagster._core.execution.plan.objects import ErrorSource
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.orchestration.abandoned import PROCESS_TAG, mark_failed, this_process
from aifirst_dagster.orchestration.assets import INPUT_TAG, REASON_TAG
from aifirst_dagster.orchestration.build import runnable
from aifirst_dagster.orchestration.keys import asset_key
from aifirst_dagster.orchestration.partitions import files_name
from aifirst_dagster.orchestration.storage import dagster_home, open_instance
from aifirst_dagster.orchestration.watch import ACCEPT_TAG
from aifirst_dagster.pipelines.load import Broken, load_file
from aifirst_dagster.pipelines.spec import FilePartitions, PipelineSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from dagster import DagsterEvent

JOB = "__ASSET_JOB"
LOCATION = "aifirst_dagster"


@dataclass
class Ran:
    """A run that has ended.

    Attributes:
        events: All its events, in order.
        step_seconds: From the first step's start to the last one's end.
    """

    run_id: str
    success: bool
    events: list[DagsterEvent] = field(default_factory=list)
    step_seconds: float = 0.0


def run_pipeline(
    project: Project,
    path: Path,
    *,
    partition: str | None = None,
    steps: list[str] | None = None,
    inputs: Mapping[str, str] | None = None,
    provider: str | None = None,
    reason: str = "aifirst run",
    accept_drift: bool = False,
    watch: Callable[[DagsterEvent], None] = lambda event: None,
) -> tuple[PipelineSpec, Ran]:
    """Run a pipeline file, whether it lies in the project's folder or elsewhere.

    Args:
        project: Where datasets, designs and Dagster's records lie.
        path: The pipeline's YAML file.
        partition: Key of the partition to make, where the pipeline has partitions.
        steps: Keys or names of the steps to run; default: all.
        inputs: Connector step -> file to read instead of its own.
        provider: LLM resource in place of the pipeline's own.
        reason: Shown with the run.
        accept_drift: The data made now is the new baseline for drift.
        watch: Called with each event as it happens.

    Raises:
        PipelineErrors: The file does not hold a valid pipeline.
        ConfigError: There is no such step, partition or LLM resource, or an input is for a step that reads no files.
        KeyboardInterrupt: The run was interrupted; nothing of the step at work was published.
    """
    loaded = load_file(path)
    if isinstance(loaded, Broken):
        raise loaded.error
    pipeline = loaded.spec
    if provider:
        choose(provider, project)
        pipeline = pipeline.model_copy(update={"llm": provider})
        loaded = replace(loaded, spec=pipeline)
    chosen = [pipeline.step(name).key for name in steps or pipeline.order]
    tags = {
        "aifirst/pipeline": pipeline.slug,
        REASON_TAG: reason,
        PROCESS_TAG: this_process(),
        **_input_tags(pipeline, inputs or {}),
    }
    if accept_drift:
        tags[ACCEPT_TAG] = "true"
    dagster_home(project)
    with open_instance() as instance:
        mark_failed(instance)
        job = runnable(project, loaded).resolve_implicit_global_asset_job_def()
        tags |= _partition_tags(instance, pipeline, job, partition)
        keys = frozenset(asset_key(pipeline.slug, step) for step in chosen)
        subset = job.get_subset(asset_selection=keys)
        config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        wrapped = InMemoryJob(subset)
        plan = create_execution_plan(wrapped, run_config=config, instance_ref=instance.get_ref(), tags=tags)
        run = instance.create_run_for_job(
            subset,
            execution_plan=plan,
            run_config=config,
            tags=tags,
            asset_selection=keys,
            remote_job_origin=_origin(project, path),
        )
        done, started, interrupted = Ran(run.run_id, False), None, False
        for event in execute_run_iterator(wrapped, run, instance):
            done.events.append(event)
            watch(event)
            if _is_interrupt(event) and not interrupted:
                interrupted = True
                if not event.is_run_failure:
                    # Asked for by a person: the run then ends as cancelled, not as failed.
                    instance.report_run_canceling(run)
            if event.is_step_start and started is None:
                started = time.perf_counter()
            if started is not None and (event.is_step_success or event.is_step_failure):
                done.step_seconds = time.perf_counter() - started
        if interrupted:
            raise KeyboardInterrupt
        finished = instance.get_run_by_id(run.run_id)
        done.success = finished is not None and finished.is_success
    return pipeline, done


def _is_interrupt(event: DagsterEvent) -> bool:
    """Whether the event says that a signal ended the run: in a step, or between two."""
    if event.is_step_failure:
        return event.step_failure_data.error_source == ErrorSource.INTERRUPT
    return event.is_run_failure and event.job_failure_data.failure_reason == RunFailureReason.UNEXPECTED_TERMINATION


def _input_tags(pipeline: PipelineSpec, inputs: Mapping[str, str]) -> dict[str, str]:
    """The tags that name files to read.

    Raises:
        ConfigError: The step is not there, or reads no files.
    """
    tags = {}
    for name, file in inputs.items():
        step = pipeline.step(name)
        if step.rows != "source":
            readers = ", ".join(one.key for one in pipeline.steps if one.rows == "source")
            raise ConfigError(f"The step {name!r} is no connector: it reads no file.", hint=f"Connectors: {readers}.")
        tags[f"{INPUT_TAG}{step.key}"] = str(Path(file).resolve())
    return tags


def _partition_tags(
    instance: dg.DagsterInstance, pipeline: PipelineSpec, job: dg.JobDefinition, partition: str | None
) -> dict[str, str]:
    """The tags of the partition to make; a file's partition is added where it is new.

    Raises:
        ConfigError: The pipeline has partitions and none was named, or the other way round, or there is no such one.
    """
    if pipeline.partitions is None:
        if partition is not None:
            raise ConfigError(f"The pipeline {pipeline.name!r} has no partitions.", hint="Leave out --partition.")
        return {}
    if partition is None:
        raise ConfigError(
            f"The pipeline {pipeline.name!r} has partitions: say which one to run.", hint="Add --partition KEY."
        )
    if isinstance(pipeline.partitions, FilePartitions):
        instance.add_dynamic_partitions(files_name(pipeline.slug), [partition])
        return {"dagster/partition": partition}
    known = job.partitions_def.get_partition_keys() if job.partitions_def else []
    if partition not in known:
        shown = f"{known[0]} to {known[-1]}" if known else "none yet"
        raise ConfigError(f"There is no partition {partition!r}.", hint=f"Partitions: {shown}.")
    return {"dagster/partition": partition}


def _origin(project: Project, path: Path) -> RemoteJobOrigin | None:
    """The job as the UI knows it, so that the run can be executed again from there; None for files elsewhere."""
    if path.resolve().parent != project.pipelines.resolve():
        return None
    target = LoadableTargetOrigin(module_name=f"{LOCATION}.definitions", executable_path=None)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), JOB)
