"""`aifirst dev` in a throw-away project: the real webserver and daemon on loopback, gone without a trace afterwards."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aifirst_dagster_tests.e2e.graphql import Client, until
from aifirst_dagster_tests.e2e.workplace import Workplace


@dataclass(frozen=True)
class Server:
    """A running UI."""

    place: Workplace
    ui: Client
    process: subprocess.Popen[bytes]

    def log(self) -> str:
        """What it has said so far."""
        return (self.place.root / "dev.log").read_text(errors="replace")


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dagster_server(place: Workplace, *options: str) -> Iterator[Server]:
    """Run `aifirst dev`; yields when the location is loaded. Ctrl-C must end it and all it started."""
    port = free_port()
    command = [sys.executable, "-m", "aifirst_dagster.cli.main", "dev", "--port", str(port), *options]
    with (place.root / "dev.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=place.root, env=place.environment, stdout=log, stderr=log, start_new_session=True
        )
    server = Server(place, Client(f"http://127.0.0.1:{port}"), process)
    try:
        until(lambda: _loaded(server), 90, "the UI")
        yield server
    finally:
        stop(server)


def stop(server: Server, seconds: float = 40) -> None:
    """Ctrl-C, then see that nothing is left."""
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGINT)
    try:
        server.process.wait(seconds)
        until(lambda: not server.place.processes(), 10, f"the end of {server.place.processes()}")
    finally:
        server.place.end_all()


def _loaded(server: Server) -> bool:
    """Whether the location is loaded; a server that ended, or definitions that fail, fail the test."""
    assert server.process.poll() is None, server.log()
    try:
        entry = server.ui.location()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    loaded = entry.get("locationOrLoadError") or {}
    assert loaded.get("__typename") != "PythonError", loaded
    return entry.get("loadStatus") == "LOADED"
