"""One real UI for all end-to-end tests of Dagster: started once, furnished with pipelines, gone afterwards."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from aifirst_dagster_tests.e2e import scenes, workplace
from aifirst_dagster_tests.e2e.dagster_server import Server, dagster_server
from aifirst_dagster_tests.e2e.graphql import LOCATION, Client, until
from aifirst_dagster_tests.e2e.workplace import Workplace

SENSORS = ("landed__landing", "each_file__landing", "drifting__drift")
ALERTS = ("alert_on_failure", "alert_on_failed_checks")


@dataclass
class Scene:
    """The running UI, its project, what its alerts posted, and the runs that were asked for at once."""

    server: Server
    posts: list[dict[str, Any]] = field(default_factory=list)
    runs: dict[str, str] = field(default_factory=dict)
    by_day: str = ""

    @property
    def ui(self) -> Client:
        return self.server.ui

    @property
    def place(self) -> Workplace:
        return self.server.place

    def ended(self, pipeline: str) -> str:
        """Wait for the run of a pipeline that was asked for at the start; its status."""
        return self.ui.finished(self.runs[pipeline])


@pytest.fixture(scope="package")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The UI with all scenes; sensors and schedule are on, and slow things are already under way."""
    posts: list[dict[str, Any]] = []
    with webhook(posts) as address:
        environment = {"AIFIRST_SENSOR_SECONDS": "2", "AIFIRST_ALERT_WEBHOOK": address}
        place = workplace.make(tmp_path_factory.mktemp("project"), **environment)
        scenes.furnish(place)
        with dagster_server(place, "--no-reload") as server:
            scene = Scene(server, posts)
            start_schedule(server.ui, "minutely__schedule")
            for sensor in SENSORS:
                server.ui.start_sensor(sensor)
            days = ["2026-02-01", "2026-02-02", "2026-02-03"]
            scene.by_day = server.ui.backfill(["by_day/raw", "by_day/kept"], days)
            for sensor in ALERTS:
                # A run status sensor begins with what happens after its first tick.
                until(lambda name=sensor: server.ui.ticks(name), 60, f"the first tick of {sensor}")
            for pipeline in ("customers", "drifting", "failing", "warned", "customer_data_enrichment"):
                scene.runs[pipeline] = server.ui.launch(pipeline)
            yield scene


class webhook:
    """A loopback address that keeps what is posted to it."""

    def __init__(self, posts: list[dict[str, Any]]) -> None:
        class Keep(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posts.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Keep)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def start_schedule(ui: Client, name: str) -> None:
    """Switch a schedule on."""
    said = ui.ask(
        """mutation($s: ScheduleSelector!) { startSchedule(scheduleSelector: $s) { __typename
        ... on PythonError { message } } }""",
        s={**LOCATION, "scheduleName": name},
    )["startSchedule"]
    assert said["__typename"] == "ScheduleStateResult", said
