"""Running a pipeline for the command line: project found, run made, answer and exit code worked out."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import AifirstError, ConfigError, ServiceError
from aifirst_dagster.observe.log import configure
from aifirst_dagster.observe.progress import heard
from aifirst_dagster.pipelines.load import find
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from dagster import DagsterEvent


def project_of(pipeline: str) -> tuple[Project, Path]:
    """The project and file of what a user calls a pipeline.

    Raises:
        ConfigError: There is no such pipeline.
    """
    project = Project.find()
    path = find(pipeline, project.pipelines)
    if not path.is_file():
        raise ConfigError(
            f"There is no pipeline file {pipeline!r}.", hint="Name a YAML file, or one of resources/pipelines/."
        )
    return Project.find(path), path.resolve()


def run(
    pipeline: str,
    partition: str | None,
    steps: list[str],
    inputs: dict[str, str],
    provider: str | None,
    progress: Callable[[str], None],
    accept_drift: bool = False,
) -> dict[str, Any]:
    """Run the pipeline; returns the answer of `aifirst run`.

    Raises:
        AifirstError: The pipeline file, the partition or a step's name is wrong.
    """
    project, path = project_of(pipeline)
    os.environ["AIFIRST_PROJECT"] = str(project.root)
    _quiet()
    progress(f"Running {path.name} ...")
    from aifirst_dagster.garbage import uncollected

    with uncollected():
        from aifirst_dagster import state
        from aifirst_dagster.datasets.store import DatasetStore
        from aifirst_dagster.llm.resource import choose
        from aifirst_dagster.orchestration.report import report
        from aifirst_dagster.orchestration.runner import run_pipeline

    with heard(lambda step, text: progress(f"  {step}: {text}")):
        spec, ran = run_pipeline(
            project,
            path,
            partition=partition,
            steps=steps,
            inputs=inputs,
            provider=provider,
            accept_drift=accept_drift,
            watch=lambda event: _tell(event, progress),
        )
    chosen = choose(spec.llm, project).provider
    calls = state.open(project).ledger.rows(run_id=ran.run_id) if chosen != "offline" else ()
    return report(spec, ran, DatasetStore(project.datasets), partition, chosen, calls)


def exit_code(answer: dict[str, Any]) -> int:
    """0 done; 1 blocking or ERROR checks failed; 2 bad input or configuration; 3 a service failed."""
    kinds = {error.get("type") for error in answer["errors"]}
    services = {kind.__name__ for kind in _family(ServiceError)}
    judged = {kind.__name__ for kind in _family(AifirstError) if kind.exit_code == 1}
    bad = {kind.__name__ for kind in _family(AifirstError)} - services - judged
    if kinds & services:
        return 3
    if kinds & bad:
        return 2
    failed = any(
        not check["passed"] and (check["blocking"] or check["severity"] == "error") for check in answer["checks"]
    )
    if failed or kinds & judged:
        return 1
    return 0 if answer["success"] else 2


def _family(kind: type[AifirstError]) -> list[type[AifirstError]]:
    """A class and all below it."""
    return [kind, *(below for child in kind.__subclasses__() for below in _family(child))]


def _tell(event: DagsterEvent, progress: Callable[[str], None]) -> None:
    """Word a step's end."""
    name = event.step_key or ""
    if name.endswith("__checks"):
        return
    step = name.partition("__")[2]
    if event.event_type_value == "STEP_SUCCESS":
        progress(f"  {step}: {event.step_success_data.duration_ms / 1000:.1f} s")
    elif event.event_type_value == "STEP_FAILURE":
        progress(f"  {step}: failed")
    elif event.event_type_value == "STEP_SKIPPED":
        progress(f"  {step}: skipped")


def _quiet() -> None:
    """Our own warnings on stderr; Dagster's log lines stay in the run's record."""
    configure()
    logging.getLogger("dagster").addHandler(logging.NullHandler())
