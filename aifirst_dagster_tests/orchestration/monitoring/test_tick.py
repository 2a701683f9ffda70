"""A look at every dataset: one alert for a trouble, one when it ends, and nothing twice, killed or not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from aifirst_dagster.observe.alerts import WEBHOOK, Alert
from aifirst_dagster.orchestration.monitoring.tick import look
from aifirst_dagster.pipelines.load import load
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project
from aifirst_dagster.state.database import State
from aifirst_dagster_tests.observe.servers import Webhook, webhook
from aifirst_dagster_tests.orchestration.monitoring.histories import BEGIN, measure

NOW = BEGIN + timedelta(days=9, hours=1)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with webhook() as found:
        monkeypatch.setenv(WEBHOOK, found.address)
        yield found


def pipeline(folder: Path, name: str = "p", **settings: Any) -> PipelineSpec:
    steps = [
        {"name": "load", "type": "connector", "config": {"type": "csv", "path": "x.csv"}},
        {"name": "check", "type": "llm_validation", "config": {"rules": "auto_generate", "threshold": 0.5}},
        {"name": "save", "type": "output", "config": {"format": "csv", "path": "out/people.csv"}},
    ]
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump({"name": name, "steps": steps, **settings}))
    return load(file)


def fallen(state: State, versions: int = 9) -> None:
    """Eight good versions, then bad ones."""
    rule = {"id": "r", "check": "age__between", "severity": "error"}
    for number in range(versions):
        good = number < 8
        state.measures.add(
            measure(
                number, score=0.98 if good else 0.7, dimensions={"validity": 0.99 if good else 0.6},
                rules=[{**rule, "success": good, "unexpected_percent": 0.0 if good else 40.0}],
            )
        )  # fmt: skip


def test_a_fall_is_one_alert_that_says_what_since_when_downstream_and_what_to_do(
    project: Project, state: State, hook: Webhook
):
    fallen(state)
    pipelines = [pipeline(project.root)]
    seen: dict[str, str] = {}
    assert look(project, state, pipelines, seen, NOW).told == ["score:p/check"]
    assert look(project, state, pipelines, seen, NOW).judged == 0
    assert look(project, state, pipelines, None, NOW).told == [], "looked at again without a memory"
    (body,) = hook.bodies
    assert body["title"] == "p/check: quality score fell from 0.980 to 0.700"
    assert body["since"] == {"version": "v0008", "run_id": "run-8", "at": "2026-11-09T06:00:00+00:00"}
    assert [change["what"] for change in body["changed"]] == ["quality score", "validity", "rule age__between"]
    assert body["changed"][2]["after"] == "fails for 40 % of the rows"
    assert body["downstream"] == [{"name": "p/save", "kind": "output", "place": "csv out/people.csv"}]
    assert any("aifirst quarantine list --pipeline p --step check" in line for line in body["todo"])


def test_recovery_is_told_once(project: Project, state: State, hook: Webhook):
    fallen(state)
    pipelines = [pipeline(project.root)]
    look(project, state, pipelines, None, NOW)
    state.measures.add(measure(9, score=0.97))
    assert look(project, state, pipelines, None, NOW).resolved == ["score:p/check"]
    assert look(project, state, pipelines, None, NOW).resolved == []
    assert [body["event"] for body in hook.bodies] == ["opened", "resolved"]
    assert "v0009" in hook.bodies[1]["why"]


def test_a_trouble_that_goes_on_keeps_its_beginning_and_is_said_again_when_set(
    project: Project, state: State, hook: Webhook
):
    pipelines = [pipeline(project.root, monitoring={"repeat": "1s"})]
    fallen(state)
    look(project, state, pipelines, None, NOW)
    time.sleep(1.1)
    state.measures.add(measure(9, score=0.69))
    look(project, state, pipelines, None, NOW)
    assert [body["event"] for body in hook.bodies] == ["opened", "updated"]
    assert hook.bodies[1]["since"]["version"] == "v0008"


def test_a_person_who_resolves_it_accepts_it(project: Project, state: State, hook: Webhook):
    fallen(state, 11)
    pipelines = [pipeline(project.root)]
    look(project, state, pipelines, None, NOW)
    state.alerts.resolve("score:p/check", "the new source is like that", "me")
    assert look(project, state, pipelines, None, NOW).told == []
    for number in range(11, 14):
        state.measures.add(measure(number, score=0.7))
        assert look(project, state, pipelines, None, NOW).told == []
    state.measures.add(measure(14, score=0.4))
    assert look(project, state, pipelines, None, NOW).told == ["score:p/check"]


def test_what_is_not_watched_any_more_is_no_open_incident(project: Project, state: State, hook: Webhook):
    fallen(state)
    look(project, state, [pipeline(project.root)], None, NOW)
    look(project, state, [pipeline(project.root, monitoring={"ignore": ["score"]})], None, NOW)
    assert state.alerts.list() == []


def test_what_is_about_a_step_that_is_gone_is_closed(project: Project, state: State, hook: Webhook):
    for key, dataset in (("checks:p/old[2026]", "p/old[2026]"), ("checks:p/load", "p/load"), ("checks:q/s", "q/s")):
        state.alerts.note(Alert(key, "trouble", dataset=dataset), timedelta(days=1), ["webhook"])
    assert look(project, state, [pipeline(project.root)], {}, NOW).resolved == ["checks:p/old[2026]"]


def test_data_older_than_stated_is_stale_until_it_is_made(project: Project, state: State, hook: Webhook):
    for step in ("load", "check"):
        state.measures.add(measure(8, step=step))
    pipelines = [pipeline(project.root, monitoring={"freshness": "26h"})]
    assert look(project, state, pipelines, {}, NOW).told == [], "25 hours old"
    assert look(project, state, pipelines, {}, NOW + timedelta(hours=2)).told == ["freshness:p"]
    assert look(project, state, pipelines, {}, NOW + timedelta(hours=3)).told == []
    (body,) = hook.bodies
    assert body["title"] == "p: the data is 1 d 3 h old"
    assert [one["name"] for one in body["downstream"]] == ["p/check", "p/save"]
    for step in ("load", "check"):
        state.measures.add(measure(10, step=step))
    assert look(project, state, pipelines, {}, NOW + timedelta(hours=30)).resolved == ["freshness:p"]


@pytest.mark.parametrize(("ran", "told"), [(None, []), (True, []), (False, ["freshness:p"])])
def test_by_schedule_data_is_stale_only_where_it_is_on_and_no_run_succeeded(
    project: Project, state: State, hook: Webhook, ran: bool | None, told: list[str]
):
    state.measures.add(measure(8, step="load"))
    spec = pipeline(project.root, schedule="0 6 * * *")
    asked = []

    def on_schedule(_: PipelineSpec, since: datetime) -> bool | None:
        asked.append(since)
        return ran

    due = BEGIN + timedelta(days=9)
    assert look(project, state, [spec], {}, due + timedelta(minutes=59), on_schedule).told == []
    assert look(project, state, [spec], {}, due + timedelta(minutes=61), on_schedule).told == told
    assert asked == [due]


def test_what_was_never_made_is_not_stale(project: Project, state: State, hook: Webhook):
    spec = pipeline(project.root, monitoring={"freshness": "1h"})
    assert look(project, state, [spec], {}, NOW).told == []


def test_a_mute_that_ends_lets_the_next_look_tell(project: Project, state: State, hook: Webhook):
    fallen(state)
    pipelines, seen = [pipeline(project.root)], {}
    state.alerts.mutes.add("p/*", datetime.now(UTC) + timedelta(hours=1), "me")
    assert look(project, state, pipelines, seen, NOW).told == []
    state.alerts.mutes.end("p/*")
    assert look(project, state, pipelines, seen, NOW).told == ["score:p/check"]
    assert len(hook.bodies) == 1


_KILLED = """
import os, sys
from pathlib import Path
import aifirst_dagster.state as state
from aifirst_dagster.orchestration.monitoring import tick
from aifirst_dagster.pipelines.load import load
from aifirst_dagster.project import Project
from aifirst_dagster.state.alert_outbox import Outbox

root, moment = Path(sys.argv[1]), sys.argv[2]
if moment == "noted":
    tick.deliver = lambda *_: os._exit(9)
if moment == "sent":
    real = Outbox.mark_sent
    def marked(*given):
        real(*given)
        os._exit(9)
    Outbox.mark_sent = marked
project = Project(root)
tick.look(project, state.open(project), [load(root / "p.yaml")], {})
"""


@pytest.mark.parametrize("moment", ["noted", "sent"])
def test_a_look_that_was_killed_is_done_again_and_nobody_is_told_twice(
    project: Project, state: State, hook: Webhook, moment: str
):
    fallen(state)
    pipelines = [pipeline(project.root)]
    code = [sys.executable, "-c", _KILLED, str(project.root), moment]
    assert subprocess.run(code, env=os.environ, check=False).returncode == 9
    for _ in range(2):
        look(project, state, pipelines, {}, NOW)
    assert [body["event"] for body in hook.bodies] == ["opened"]
    (incident,) = state.alerts.list()
    assert incident.times == 1


def test_two_hundred_datasets_are_looked_at_in_a_few_seconds(project: Project, state: State, hook: Webhook):
    pipelines = [pipeline(project.root, f"p{number}", monitoring={"freshness": "999w"}) for number in range(67)]
    rows = [
        measure(number, one.slug, step.key, score=0.9)
        for number in range(10) for one in pipelines for step in one.steps
    ]  # fmt: skip
    state.measures.add_all(rows)
    seen: dict[str, str] = {}
    begun = time.process_time()
    assert look(project, state, pipelines, seen, NOW).judged == 201
    first = time.process_time() - begun
    begun = time.process_time()
    assert look(project, state, pipelines, seen, NOW).judged == 0
    assert (first < 5, time.process_time() - begun < 1) == (True, True), first
