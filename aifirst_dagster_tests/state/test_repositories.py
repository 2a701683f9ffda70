"""Files, profiles, design history and quarantine actions: what is written comes back, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aifirst_dagster.state.database import State
from aifirst_dagster.state.designs_history import DesignRecord
from aifirst_dagster.state.files import LoadedFile

HOSTILE = "O'Brien\"; DROP TABLE files; --\n雪"


def test_files_are_known_by_content(state: State):
    one = LoadedFile(f"/landing/{HOSTILE}.csv", 10, 1.5, "aaa", rows=3, run_id="r1")
    state.files.record("p", HOSTILE, [one, replace(one, content_hash="bbb", status="failed")])
    state.files.record("p", HOSTILE, [replace(one, run_id="r2")])
    (known,) = state.files.known("p", HOSTILE)
    assert (known.path, known.run_id, known.rows, known.mtime) == (one.path, "r2", 3, 1.5)
    assert known.at is not None
    assert datetime.now(UTC) - known.at < timedelta(minutes=1)
    assert len(state.files.known("p", HOSTILE, status=None)) == 2
    assert state.files.hashes("p", HOSTILE) == {"aaa"}
    assert state.files.hashes("p", "another step") == set()


def test_a_full_refresh_forgets_one_step_only(state: State):
    file = LoadedFile("x", 1, 1.0, "aaa")
    state.files.record("p", "s", [file])
    state.files.record("p", "t", [file])
    assert state.files.forget("p", "s") == 1
    assert state.files.hashes("p", "s") == set()
    assert state.files.hashes("p", "t") == {"aaa"}


def test_profiles_are_kept_by_asset_partition_and_kind(state: State):
    state.profiles.put("p/s", "baseline", {"rows": 1})
    state.profiles.put("p/s", "latest", {"rows": 2, "name": HOSTILE})
    state.profiles.put("p/s", "latest", {"rows": 3}, partition="2026-01-01")
    state.profiles.put("p/s", "baseline", {"rows": 4}, run_id="r")
    found = state.profiles.get("p/s", "baseline")
    assert found is not None
    assert (found.profile, found.run_id) == ({"rows": 4}, "r")
    assert [(profile.partition, profile.profile["rows"]) for profile in state.profiles.all("latest")] == [
        ("", 2),
        ("2026-01-01", 3),
    ]
    assert state.profiles.get("p/none", "baseline") is None


def test_the_history_of_a_design_keeps_every_change_once(state: State):
    first = DesignRecord("p", "s", "transform.sql", "f1", "accepted", "SELECT 1", {"by": "offline"})
    state.designs.add(first)
    state.designs.add(first)
    state.designs.add(replace(first, status="proposed", content="SELECT 2"))
    assert [record.content for record in state.designs.history("p")] == ["SELECT 2", "SELECT 1"]
    latest = state.designs.latest("p", "s", "transform.sql", "accepted")
    assert latest is not None
    assert latest.provenance == {"by": "offline"}


def test_open_proposals_are_those_whose_newest_record_waits(state: State):
    base = DesignRecord("p", "s", "rules.yaml", "f", "proposed", "a", {})
    state.designs.add(base)
    state.designs.add(replace(base, file="schema.yaml"))
    state.designs.add(replace(base, file="schema.yaml", status="accepted"))
    assert [record.file for record in state.designs.open_proposals("p")] == ["rules.yaml"]


def test_the_newest_action_on_a_quarantined_row_counts(state: State):
    state.quarantine.record("p", "s", ["1", "2"], "retry", actor="me")
    state.quarantine.record("p", "s", ["2"], "release", actor="you", detail={"note": HOSTILE}, partition="")
    state.quarantine.record("p", "s", [], "release", actor="nobody")
    newest = {action.entry_id: action for action in state.quarantine.newest("p", "s")}
    assert {name: action.action for name, action in newest.items()} == {"1": "retry", "2": "release"}
    assert newest["2"].detail == {"note": HOSTILE}
    assert state.quarantine.newest("p", "s", partition="2026") == []
