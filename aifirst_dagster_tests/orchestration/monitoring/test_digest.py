"""A digest sums up a period, and is sent once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.observe.alerts import WEBHOOK, Alert
from aifirst_dagster.orchestration.monitoring.digest import digest, send_digest
from aifirst_dagster.orchestration.monitoring.digest_asset import ID_TAG, PERIOD_TAG, digest_asset, digest_schedules
from aifirst_dagster.project import Project
from aifirst_dagster.state.database import State
from aifirst_dagster.state.ledger import NewCall
from aifirst_dagster.state.measures import Measure
from aifirst_dagster_tests.observe.servers import Webhook, webhook

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    for name in ("AIFIRST_HOME", "AIFIRST_POSTGRES_URL"):
        monkeypatch.delenv(name, raising=False)
    state = state_package.open(Project(tmp_path))
    for step, before, after in (("down", 0.9, 0.7), ("up", 0.5, 0.6), ("same", 0.9, 0.901), ("new", None, 0.4)):
        for number, score in enumerate((before, after)):
            at = NOW - timedelta(hours=30 - 28 * number)
            state.measures.add(Measure("p", step, None, f"v{number}", "r", at, score=score))
    for key in ("a", "b"):
        state.alerts.note(Alert(f"score:p/{key}", f"Trouble {key}"), DAY, [])
    state.alerts.resolve("score:p/b", "well again")
    row = state.ledger.reserve(NewCall("c", 1, "r", "claude", "claude", "m", "f", 0.2, "p"))
    assert isinstance(row, str)
    state.ledger.finish(row, "settled", 0.05)
    return state


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with webhook() as found:
        monkeypatch.setenv(WEBHOOK, found.address)
        yield found


def test_it_says_what_is_open_what_was_resolved_which_scores_changed_and_the_cost(state: State):
    made = digest(state, NOW - DAY)
    assert [one["key"] for one in made.open] == ["score:p/a"]
    assert [one["why"] for one in made.resolved] == ["well again"]
    assert [one["dataset"] for one in made.scores] == ["p/down", "p/up"]
    assert (made.versions, made.cost_usd) == (4, 0.05)
    for line in (
        "Open:",
        "- p/down: 0.900 → 0.700",
        "- p/up: 0.500 → 0.600",
        "- Trouble b (well again)",
        "- p: $0.0500",
    ):
        assert line in made.text.splitlines()
    assert "same" not in made.text


def test_a_quiet_period_is_one_line(tmp_path: Path, state: State):
    quiet = state_package.open(Project(tmp_path / "other"))
    made = digest(quiet, NOW - DAY)
    assert made.title == "0 open, 0 resolved, 0 versions made, $0.00"
    assert len(made.text.splitlines()) == 1


def test_one_of_an_id_is_sent_once(state: State, hook: Webhook):
    made = digest(state, NOW - DAY)
    assert [send_digest(state, made, "digest-daily-1") for _ in range(2)] == [True, False]
    (body,) = hook.bodies
    assert (body["id"], body["event"], body["digest"]["versions"]) == ("digest-daily-1", "digest", 4)
    assert body["text"].startswith("[digest] 1 open, 1 resolved")


def test_without_a_channel_one_of_an_id_is_logged_once(state: State, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    made = digest(state, NOW - DAY)
    assert [send_digest(state, made, "digest-daily-1") for _ in range(2)] == [True, False]
    assert caplog.text.count("[digest]") == 1


def test_a_scheduled_run_that_is_tried_again_sends_no_second_one(tmp_path: Path, state: State, hook: Webhook):
    project = Project(tmp_path)
    daily, weekly = digest_schedules()
    moment = datetime(2026, 11, 23, 6, tzinfo=UTC)
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        requests = []
        for schedule in (daily, weekly):
            context = dg.build_schedule_context(instance, scheduled_execution_time=moment)
            (request,) = schedule.evaluate_tick(context).run_requests
            requests.append(request)
            for _ in range(2):
                assert dg.materialize([digest_asset(project)], instance=instance, tags=request.tags).success
    assert [request.tags[PERIOD_TAG] for request in requests] == ["daily", "weekly"]
    assert [body["id"] for body in hook.bodies] == [request.tags[ID_TAG] for request in requests]
    assert [len(body["digest"]["scores"]) for body in hook.bodies] == [2, 0], "a week ago there was no score"
