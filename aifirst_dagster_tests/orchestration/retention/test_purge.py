"""A purge: runs, records and caches that are old go, no sum changes, and a rehearsal changes nothing."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import insert, select

from aifirst_dagster.observe.alerts import Alert
from aifirst_dagster.orchestration.retention import Purged, Retention, purge
from aifirst_dagster.orchestration.retention.purge import CACHE
from aifirst_dagster.project import Project
from aifirst_dagster.state.database import State
from aifirst_dagster.state.designs_history import DesignRecord
from aifirst_dagster.state.ledger import Cap, NewCall, Overrun
from aifirst_dagster.state.measures import Measure
from aifirst_dagster.state.spend import spend
from aifirst_dagster.state.tables import incidents, llm_calls, profile_history, quarantine_actions
from aifirst_dagster_tests.scenario import Said, aifirst  # noqa: F401

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=1_000)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        yield instance


def counts(came: Purged) -> dict[str, int]:
    return {one.what: one.count for one in came.gone}


def call(state: State, cost: float | None, at: datetime, step: str = "map", status: str = "settled") -> str:
    row = state.ledger.reserve(NewCall("c", 1, "r", "claude", "claude", "m", "f", 0.2, "p", step, "t", "k", None, 0.1))
    assert isinstance(row, str)
    if status != "pending":
        state.ledger.finish(row, status, cost, answer="said " * 100, input_tokens=10)  # type: ignore[arg-type]
    with state.write() as connection:
        connection.execute(llm_calls.update().where(llm_calls.c.id == row).values(started_at=at))
    return row


def test_old_calls_are_added_up_and_no_sum_nor_cap_changes(project: Project, state: State):
    for hour in range(5):
        call(state, 0.01, OLD + timedelta(hours=hour % 2), "map" if hour % 2 else "check")
    call(state, None, OLD, status="unknown")
    call(state, None, OLD, status="pending")
    call(state, 0.03, NOW)
    ways = ["day", "pipeline", "step", "status"]

    def sums() -> list[tuple[object, ...]]:
        return [
            (*(row[way] for way in ways), round(row["cost_usd"], 9), row["open_usd"], row["input_tokens"],
             round(row["compared_estimate_usd"], 9), round(row["compared_cost_usd"], 9))
            for row in spend(state, ways)  # type: ignore[arg-type]
        ]  # fmt: skip

    before = sums()
    cap = Cap("pipeline", 0.48)
    refused = state.ledger.reserve(NewCall("d", 1, "r", "c", "c", "m", "f", 0.0001, "p"), [cap])
    assert isinstance(refused, Overrun)
    came = purge(project, state, Retention())
    assert counts(came)["calls in the ledger"] == 6
    assert sums() == before
    again = state.ledger.reserve(NewCall("d", 1, "r", "c", "c", "m", "f", 0.0001, "p"), [cap])
    assert isinstance(again, Overrun)
    assert again.spent == pytest.approx(refused.spent)
    assert counts(purge(project, state, Retention())) == {}, "what was added up is not added up again"


def test_what_models_said_goes_before_what_it_cost(project: Project, state: State):
    old, pending, new = (
        call(state, 0.01, NOW - timedelta(days=100)), call(state, None, OLD, status="pending"), call(state, 0.01, NOW),
    )  # fmt: skip
    came = purge(project, state, Retention())
    (gone,) = came.gone
    assert (gone.what, gone.count) == ("answers in the ledger", 1)
    assert gone.bytes == len("said " * 100)
    with state.read() as connection:
        kept = dict(connection.execute(select(llm_calls.c.id, llm_calls.c.answer)).all())  # type: ignore[arg-type]
    assert (kept[old], kept[pending], bool(kept[new])) == (None, None, True)


def test_of_each_history_the_newest_stays(project: Project, state: State):
    for number in range(3):
        state.designs.add(DesignRecord("p", "s", "rules.yaml", "f", "accepted", f"text {number}", {}, None, OLD))
        state.measures.add(Measure("p", "s", None, f"v{number}", "r", OLD))
    for verb in ("retry", "release"):
        state.quarantine.record("p", "s", ["1"], verb, actor="me")  # type: ignore[arg-type]
    with state.write() as connection:
        connection.execute(quarantine_actions.update().values(at=OLD))
    state.profiles.put("p/s", "baseline", {"rows": 1})
    for version in ("v1", "v2"):
        row = {
            "asset": "p/s", "partition": "", "version": version, "baseline": "v0", "content": version, "rows": 1,
            "drifted": False, "normal": True, "data_of": OLD, "at": OLD, "sketch": b"bytes",
        }  # fmt: skip
        with state.write() as connection:
            connection.execute(insert(profile_history).values(**row))
    found = counts(purge(project, state, Retention()))
    assert found == {"design history": 2, "figures of versions": 2, "quarantine actions": 1, "profiles": 1}
    assert [one.content for one in state.designs.history("p")] == ["text 2"]
    assert [one.version for one in state.measures.of("p", "s")] == ["v2"]
    assert [one.action for one in state.quarantine.newest("p")] == ["release"]
    assert state.profiles.get("p/s", "baseline") is not None


def test_open_incidents_and_waiting_messages_stay(project: Project, state: State):
    from datetime import timedelta

    for key in ("a", "b"):
        state.alerts.note(Alert(key, "trouble"), timedelta(days=1), ["webhook"])
    state.alerts.resolve("a", "well", "", ["webhook"])
    with state.write() as connection:
        connection.execute(incidents.update().values(opened_at=OLD, seen_at=OLD))
        connection.execute(incidents.update().where(incidents.c.key == "a").values(resolved_at=OLD))
    assert counts(purge(project, state, Retention())) == {"incidents": 1}
    assert [one.key for one in state.alerts.list(None)] == ["b"]
    assert len(state.alerts.messages()) == 3, "nobody has got them yet"


def finished(instance: dg.DagsterInstance, asset: str) -> str:
    @dg.asset(name=asset)
    def made() -> None:
        print("something to log")

    return dg.materialize([made], instance=instance).run_id


def test_old_runs_go_with_their_events_but_not_what_assets_hold_now(
    project: Project, state: State, instance: dg.DagsterInstance
):
    runs = [finished(instance, asset) for asset in ("a", "b", "a")]
    time.sleep(1.1)
    later = datetime.now(UTC) + timedelta(days=91)
    rehearsal = purge(project, state, Retention(), instance, dry_run=True, now=later)
    assert counts(rehearsal) == {"runs": 1}
    assert rehearsal.gone[0].bytes > 10_000
    assert len(instance.get_runs()) == 3
    came = purge(project, state, Retention(), instance, now=later)
    assert came.gone[0].names == [runs[0]]
    assert {run.run_id for run in instance.get_runs()} == set(runs[1:])
    assert instance.get_latest_materialization_event(dg.AssetKey("a")).run_id == runs[2]
    assert instance.all_logs(runs[2])
    assert not list(Path(instance.root_directory).rglob(f"{runs[0]}*")), "neither its events nor its logs are left"
    assert counts(purge(project, state, Retention(), instance, now=later)) == {}


def test_old_answers_leave_the_cache(project: Project, state: State):
    path = project.home / CACHE
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE answers (key TEXT PRIMARY KEY, at REAL, size INTEGER, value TEXT)")
        rows = [("old", OLD.timestamp(), 7, "an old"), ("new", time.time(), 3, "new")]
        connection.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", rows)
    connection.close()
    came = purge(project, state, Retention(), dry_run=True)
    assert [(one.what, one.count, one.bytes) for one in came.gone] == [("cached answers", 1, 7)]
    purge(project, state, Retention())
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT key FROM answers").fetchall() == [("new",)]
    connection.close()


def test_a_damaged_cache_is_a_problem_that_holds_up_nothing(project: Project, state: State):
    (project.home / CACHE).write_bytes(b"no database" * 100)
    call(state, 0.01, NOW - timedelta(days=100))
    came = purge(project, state, Retention())
    assert counts(came) == {"answers in the ledger": 1}
    assert len(came.problems) == 1


def test_nothing_goes_that_is_kept_for_ever(project: Project, state: State):
    call(state, 0.01, OLD)
    for_ever = Retention(**dict.fromkeys(set(Retention.model_fields) - {"versions"}, None))
    assert counts(purge(project, state, for_ever)) == {}


def test_a_file_that_is_mostly_empty_is_made_smaller(project: Project, state: State):
    text = {"text": "x" * 2_000_000}
    with state.write() as connection:
        rows = [
            {"id": str(number), "ended": "done", "turns": 1, "cost_usd": 0.0, "content": text, "at": OLD}
            for number in range(15)
        ]
        from aifirst_dagster.state.tables import transcripts

        connection.execute(insert(transcripts), rows)
    file = project.home / "state.db"
    before = file.stat().st_size + (project.home / "state.db-wal").stat().st_size
    came = purge(project, state, Retention())
    assert came.gone[0].bytes > 30_000_000
    assert file.stat().st_size < before / 4


def test_the_command_says_what_would_go_and_then_does_it(aifirst, project: Project):  # noqa: F811
    found = aifirst("purge", "--dry-run", "--json")
    assert isinstance(found, Said)
    answer = json.loads(found.out)
    assert (answer["schema_version"], answer["dry_run"], answer["gone"], answer["bytes"]) == (1, True, [], 0)
