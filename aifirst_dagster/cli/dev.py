"""`aifirst dev`: the Dagster UI and daemon on one command, reloading as pipelines and designs change."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import click

from aifirst_dagster.cli.output import notice


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, help="Port of the UI.")
@click.option("--no-reload", is_flag=True, help="Do not reload when pipelines or designs change.")
def command(host: str, port: int, no_reload: bool) -> int:
    """Open the Dagster UI with every pipeline loaded; Ctrl-C stops webserver and daemon."""
    from aifirst_dagster.cli.reloading import keep_current
    from aifirst_dagster.orchestration.storage import dagster_home
    from aifirst_dagster.project import MARKER, Project

    project = Project.find()
    if not (project.root / MARKER).is_file():
        raise click.UsageError(f"There is no {MARKER} in {project.root} or above: run this inside a project.")
    os.environ["AIFIRST_PROJECT"] = str(project.root)
    home = dagster_home(project)
    arguments = ["dev", "-w", str(project.root / MARKER), "-h", host, "-p", str(port)]
    process = subprocess.Popen([sys.executable, "-m", "dagster", *arguments], cwd=project.root, start_new_session=True)
    notice(f"Dagster UI: http://{host}:{port}  (records in {home}; Ctrl-C stops)")
    stop = threading.Event()
    if not no_reload:
        folders = [project.pipelines, project.designs]
        threading.Thread(target=keep_current, args=(folders, f"http://{host}:{port}", stop), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: _stop(process))
    try:
        return process.wait()
    except KeyboardInterrupt:
        _stop(process)
        return 0
    finally:
        stop.set()
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let Dagster end its own children, and see that it does."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
