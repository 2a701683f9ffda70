"""Real runs as incidents: a failed run, failed checks of a green run, a blocking check, and their recovery."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.observe.alerts import WEBHOOK
from aifirst_dagster.orchestration.alerts import alert_sensors, succeeded_after
from aifirst_dagster.orchestration.build import definitions
from aifirst_dagster.pipelines.load import Loaded, load_file
from aifirst_dagster.project import Project
from aifirst_dagster.state.alerts import Incident
from aifirst_dagster_tests.observe.servers import Webhook, webhook

GOOD, BAD = "name,age\nAnn,31\nBob,42\n", "name,age\nAnn,31\nBob,420\n"
RULE = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 120}}


class Shop:
    """A pipeline that runs, and what alerts make of its runs."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        self.project, self.instance = Project(root), instance
        self.state = state_package.open(self.project)

    def write(self, text: str) -> None:
        (self.project.root / "people.csv").write_text(text)

    def pipeline(self, *steps: dict[str, Any], **settings: Any) -> None:
        import yaml

        file = self.project.root / "shop.yaml"
        load = {"name": "load", "type": "connector", "config": {"type": "csv", "path": "people.csv"}}
        file.write_text(yaml.safe_dump({"name": "shop", "steps": [load, *steps], **settings}))
        found = load_file(file)
        assert isinstance(found, Loaded), found
        self.loaded = found

    def run(self) -> dg.DagsterRun:
        """Run all of it, and let alerts look at the run."""
        job = definitions(self.project, [self.loaded]).resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(instance=self.instance, raise_on_error=False, tags={"aifirst/pipeline": "shop"})
        self.look(result.run_id)
        run = self.instance.get_run_by_id(result.run_id)
        assert run is not None
        return run

    def look(self, run_id: str) -> None:
        """Let the sensor of the run's status look at it."""
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        on_failure, on_success, _ = alert_sensors(self.project, [self.loaded.spec])
        kind = dg.DagsterEventType.RUN_SUCCESS if run.is_success else dg.DagsterEventType.RUN_FAILURE
        event = self.instance.get_records_for_run(run_id, of_type=kind).records[-1].event_log_entry.dagster_event
        context = dg.build_run_status_sensor_context("s", event, self.instance, run)
        if run.is_success:
            on_success(context)
        else:
            on_failure(context.for_run_failure())

    def open(self) -> list[Incident]:
        return sorted(self.state.alerts.list(), key=lambda one: one.key)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for name in ("AIFIRST_HOME", "AIFIRST_POSTGRES_URL"):
        monkeypatch.delenv(name, raising=False)
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path / "dagster")) as instance:
        yield Shop(tmp_path, instance)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with webhook() as found:
        monkeypatch.setenv(WEBHOOK, found.address)
        yield found


def check(on_fail: str) -> dict[str, Any]:
    config = {"rules": [RULE], "threshold": 0.9, "on_fail": on_fail}
    return {"name": "check", "type": "llm_validation", "config": config}


def test_failed_checks_of_a_green_run_are_told_until_they_pass(shop: Shop, hook: Webhook):
    shop.pipeline(check("warn"), {"name": "save", "type": "output", "config": {"format": "csv", "path": "out.csv"}})
    shop.write(BAD)
    run = shop.run()
    assert run.is_success
    (incident,) = shop.open()
    assert (incident.key, incident.kind) == ("checks:shop/check", "checks")
    assert set(incident.alert["context"]["checks"]) == {"quality_score", "age__values_to_be_between"}
    assert incident.alert["downstream"][0]["place"].endswith("out.csv")
    assert incident.alert["since"]["run_id"] == run.run_id
    assert incident.alert["since"]["version"]
    shop.look(run.run_id)
    assert shop.open()[0].times == 1, "the tick was done again"
    shop.run()
    assert shop.open()[0].times == 2
    shop.write(GOOD)
    shop.run()
    assert shop.open() == []
    assert [body["event"] for body in hook.bodies] == ["opened", "resolved"]


def test_a_failed_run_is_one_incident_of_its_pipeline_until_it_succeeds(shop: Shop, hook: Webhook):
    shop.pipeline({"name": "sum", "type": "sql", "config": {"query": "SELECT age::INTEGER AS age FROM load"}})
    shop.write("name,age\nAnn,old\n")
    first = shop.run()
    shop.run()
    (incident,) = shop.open()
    assert (incident.key, incident.times, incident.severity) == ("run:shop", 2, "error")
    assert incident.alert["since"]["run_id"] == first.run_id
    assert incident.alert["context"]["failed"] == ["shop/sum"]
    assert "old" in incident.alert["text"]
    shop.write(GOOD)
    run = shop.run()
    assert shop.open() == []
    assert [body["event"] for body in hook.bodies] == ["opened", "resolved"]
    assert run.run_id in hook.bodies[1]["text"]


def test_a_failure_that_is_seen_after_a_later_success_does_not_stay_open(shop: Shop, hook: Webhook):
    shop.pipeline({"name": "sum", "type": "sql", "config": {"query": "SELECT age::INTEGER AS age FROM load"}})
    shop.write("name,age\nAnn,old\n")
    failed = shop.run()
    assert succeeded_after(shop.instance, failed) is None
    time.sleep(1.1)
    shop.write(GOOD)
    made = shop.run()
    later = succeeded_after(shop.instance, failed)
    assert later is not None
    assert later.run_id == made.run_id
    assert succeeded_after(shop.instance, made) is None


def test_a_blocking_check_that_stops_a_run_is_one_alert_and_not_two(shop: Shop, hook: Webhook):
    save = {"name": "save", "type": "output", "config": {"format": "csv", "path": "out.csv"}}
    shop.pipeline(check("block"), save)
    shop.write(BAD)
    run = shop.run()
    assert not run.is_success
    (incident,) = shop.open()
    assert (incident.key, incident.severity) == ("checks:shop/check", "error")
    assert "stopped by a blocking check" in incident.alert["text"]


def people(shift: int) -> str:
    lines = "".join(f"P{number},{number % 90 + shift}\n" for number in range(400))
    return f"name,age\n{lines}"


def test_drift_is_an_incident_of_its_own_that_says_what_changed(shop: Shop, hook: Webhook):
    shop.pipeline(drift={})
    shop.write(people(0))
    shop.run()
    assert shop.open() == []
    shop.write(people(400))
    run = shop.run()
    (incident,) = shop.open()
    assert (incident.key, incident.severity) == ("drift:shop/load", "warning")
    assert "age" in incident.title
    assert any(one["what"].startswith("age (") for one in incident.alert["changed"])
    assert incident.alert["since"]["run_id"] == run.run_id
    assert any("--accept-drift" in line for line in incident.alert["todo"])
    shop.write(people(0))
    shop.run()
    assert shop.open() == []
    assert [body["event"] for body in hook.bodies] == ["opened", "resolved"]


def test_drift_that_a_step_passes_on_is_told_once_where_it_came_in(shop: Shop, hook: Webhook):
    older = {"name": "older", "type": "sql", "config": {"query": "SELECT name, age::INTEGER + 1 AS next FROM load"}}
    shop.pipeline(older, drift={})
    shop.write(people(0))
    shop.run()
    shop.write(people(400))
    shop.run()
    assert [incident.key for incident in shop.open()] == ["drift:shop/load"]
    assert "shop/older" in str(hook.bodies[0]["downstream"])
    shop.state.alerts.resolve("drift:shop/load", "a person looked")
    shop.run()
    assert [incident.key for incident in shop.open()] == ["drift:shop/load"], "it is found again, once"


def test_drift_that_begins_in_a_step_below_is_told_there(shop: Shop, hook: Webhook):
    def pipeline(factor: int) -> None:
        query = f"SELECT name, age::INTEGER * {factor} AS age FROM load"
        shop.pipeline({"name": "sum", "type": "sql", "config": {"query": query}}, drift={})

    pipeline(1)
    shop.write(people(0))
    shop.run()
    shop.write(people(0).replace("P", "Somebody else "))
    pipeline(7)
    shop.run()
    assert [incident.key for incident in shop.open()] == ["drift:shop/load", "drift:shop/sum"]


def test_a_pipeline_that_nobody_watches_is_silent(shop: Shop, hook: Webhook):
    shop.pipeline(check("warn"), monitoring={"enabled": False})
    shop.write(BAD)
    shop.run()
    assert (shop.open(), hook.bodies) == ([], [])
