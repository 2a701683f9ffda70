"""`aifirst dev`: webserver and daemon on one command, on PostgreSQL where it can be; current, and gone with Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from aifirst_dagster_tests import postgres
from aifirst_dagster_tests.e2e import scenes, workplace
from aifirst_dagster_tests.e2e.dagster_server import Server, dagster_server, stop
from aifirst_dagster_tests.e2e.graphql import until
from aifirst_dagster_tests.e2e.test_interrupted_runs import begun, big

pytestmark = pytest.mark.e2e

EMPTIED = "Location aifirst_dagster does not exist in workspace"
RULES = """\
# a person's own rules
rules:
  - {type: expect_column_values_to_be_between, kwargs: {column: age, max_value: 120}}
"""


@pytest.fixture(scope="module")
def database() -> Iterator[dict[str, str]]:
    """The address of a PostgreSQL database in the environment, where there is a server to start."""
    if postgres.binaries() is None:
        yield {}
        return
    with postgres.server() as server:
        yield {"AIFIRST_POSTGRES_URL": postgres.fresh_database(server)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, database: dict[str, str]) -> Iterator[Server]:
    place = workplace.make(tmp_path_factory.mktemp("dev"), **database)
    settings = place.root / "dagster.yaml"
    settings.write_text(settings.read_text().replace("poll_interval_seconds: 30", "poll_interval_seconds: 3"))
    place.write("in/people.csv", scenes.PEOPLE)
    place.write("resources/rules/people.yaml", RULES)
    check = {"rules": "resources/rules/people.yaml", "threshold": 0.5}
    steps = [
        scenes.load("in/people.csv"),
        {"name": "Check", "key": "checked", "type": "llm_validation", "config": check},
    ]
    place.pipeline("people", steps)
    big(place)
    place.pipeline("big", [scenes.load("in/big.csv")])
    with dagster_server(place) as running:
        yield running


def test_a_run_from_the_ui_and_one_from_the_command_line_stand_in_one_history(server: Server) -> None:
    from_ui = server.ui.launch("people")
    ended = server.place.aifirst("run", "people")
    assert ended.code == 0, ended.said
    assert server.ui.finished(from_ui) == "SUCCESS", server.ui.why(from_ui)
    made = {row["runId"] for row in server.ui.materialisations("people/checked")}
    assert len(made) == 2
    assert from_ui in made
    names = {run["runId"] for run in server.ui.runs(aifirst__pipeline="people")}
    assert names == made - {from_ui}, "runs of the command line are tagged with their pipeline"


def test_the_location_is_loaded_again_when_a_pipeline_changes(server: Server) -> None:
    before = server.ui.location()["updatedTimestamp"]
    server.place.pipeline("another", [scenes.load("in/people.csv")])
    until(lambda: server.ui.location()["updatedTimestamp"] != before, 60, "the reload")
    until(lambda: "another/raw" in server.ui.asset_keys(), 60, "the new asset")


def test_a_killed_run_of_the_command_line_is_seen_as_failed_while_the_ui_is_up(server: Server) -> None:
    process = server.place.start("run", "big")
    until(lambda: begun(server.place, "raw", set()), 60, "the step to begin", pause=0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (run,) = server.ui.runs(aifirst__pipeline="big")
    assert server.ui.finished(run["runId"], 60) == "FAILURE"


def test_ctrl_c_stops_webserver_and_daemon_and_frees_the_port(server: Server) -> None:
    names = " ".join(server.place.processes().values())
    assert "dagster_webserver" in names
    assert "dagster._daemon" in names
    began = time.monotonic()
    stop(server)
    assert time.monotonic() - began < 40
    assert server.process.returncode == 0
    assert not server.place.processes()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", urlsplit(server.ui.address).port)) != 0
    # A sensor that the daemon evaluates just as it ends finds the workspace empty already: Dagster logs that as an
    # error, and the tick is made when the daemon is up again. Nothing else may fail.
    log = server.log()
    assert log.count("Traceback") == log.count(f"DagsterCodeLocationNotFoundError: {EMPTIED}"), log[-5000:]
