"""Dagster's default run launcher, which can also tell whether a run of `aifirst run` still has its process."""

from __future__ import annotations

from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

from aifirst_dagster.orchestration.abandoned import PROCESS_TAG, is_gone


class Launcher(DefaultRunLauncher):
    """Named in `dagster.yaml`; the daemon's run monitoring asks it about each started run."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """It does."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Failed where the run names a process that is gone; runs from the UI are watched by their code server."""
        process = run.tags.get(PROCESS_TAG)
        if process and is_gone(process):
            return CheckRunHealthResult(WorkerStatus.FAILED, "the process of this run was killed")
        return CheckRunHealthResult(WorkerStatus.RUNNING)
