"""Ticks of a drift sensor by Dagster's own daemon code, each in a child process that is killed at one of its effects.

python -m aifirst_dagster_tests.orchestration.killed_ticks ROOT PIPELINE_FILE HOME     prints the run keys, one a line
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path

import dagster as dg
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.sensor import execute_sensor_iteration

#: Where the daemon may die: the tick is recorded; a run is created, and not launched; a run is launched.
POINTS = ("TICK_CREATED", "TICK_HELD", "RUN_CREATED", "RUN_LAUNCHED")


def main(root: str, pipeline: str, home: str) -> None:
    """Kill a tick at each of the points, let the last ones through, and say which runs there are."""
    code = Path(home) / "code.py"
    code.write_text(
        "from pathlib import Path\n"
        "from aifirst_dagster.orchestration.build import definitions\n"
        "from aifirst_dagster.pipelines.load import load_file\n"
        "from aifirst_dagster.project import Project\n"
        f"defs = definitions(Project(Path({root!r})), [load_file(Path({pipeline!r}))])\n"
    )
    (Path(home) / "dagster.yaml").write_text(
        "run_launcher: {module: dagster._core.test_utils, class: MockedRunLauncher}\ntelemetry: {enabled: false}\n"
    )
    origin = InProcessCodeLocationOrigin(LoadableTargetOrigin(python_file=str(code), attribute="defs"))
    os.environ["AIFIRST_SENSOR_SECONDS"] = "1"
    for point in (*POINTS, None, None):
        time.sleep(1.1)
        child = os.fork()
        if child == 0:
            _tick(home, origin, point)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(f"{point}: {'killed' if os.WIFSIGNALED(status) else f'exit {os.WEXITSTATUS(status)}'}", file=sys.stderr)
    with dg.DagsterInstance.from_config(home) as instance:
        for run in instance.get_runs():
            print(run.tags["dagster/run_key"])


def _tick(home: str, origin: InProcessCodeLocationOrigin, point: str | None) -> None:
    with (
        dg.DagsterInstance.from_config(home) as instance,
        create_test_daemon_workspace_context(InProcessWorkspaceLoadTarget(origin), instance) as context,
    ):
        request = context.create_request_context()
        (location,) = request.code_locations
        (repository,) = location.get_repositories().values()
        (sensor,) = [one for one in repository.get_sensors() if one.name.endswith("__drift")]
        instance.start_sensor(sensor)
        crash = {sensor.name: {point: signal.SIGKILL}} if point else None
        list(execute_sensor_iteration(context, logging.getLogger("tick"), None, None, debug_crash_flags=crash))


if __name__ == "__main__":
    main(*sys.argv[1:])
