"""What happens by itself: schedules, landing folders, drift, alerts. The real daemon, on real files."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from aifirst_dagster_tests.e2e import scenes
from aifirst_dagster_tests.e2e.conftest import Scene
from aifirst_dagster_tests.e2e.graphql import ENDED, LOCATION, until

pytestmark = pytest.mark.e2e


def ended_runs(scene: Scene, pipeline: str, count: int) -> list[dict]:
    """The runs of a pipeline, once there are `count` and all have ended."""

    def look() -> list[dict] | None:
        runs = scene.ui.runs(aifirst__pipeline=pipeline)
        return runs if len(runs) >= count and all(run["status"] in ENDED for run in runs) else None

    return until(look, 90, f"{count} run(s) of {pipeline}", pause=0.5)


def test_a_landed_file_makes_one_run_however_slowly_it_is_copied(scene: Scene) -> None:
    landing = scene.place.root / "landing" / "landed"
    landing.mkdir(parents=True, exist_ok=True)
    with (landing / "people.csv").open("w") as file:
        for line in scenes.PEOPLE.splitlines(keepends=True):
            file.write(line)
            file.flush()
            time.sleep(2)
            assert scene.ui.runs(aifirst__pipeline="landed") == [], "half a file makes no run"
    (run,) = ended_runs(scene, "landed", 1)
    assert run["status"] == "SUCCESS", scene.ui.why(run["runId"])
    assert run["tags"]["aifirst/reason"] == "1 new or changed file(s): people.csv"
    rows = scene.ui.materialisations("landed/raw")[0]["metadataEntries"]
    assert next(entry["intValue"] for entry in rows if entry["label"] == "dagster/row_count") == 3

    (landing / "people.csv").write_text(scenes.PEOPLE)
    time.sleep(9)
    assert len(scene.ui.runs(aifirst__pipeline="landed")) == 1, "the same content again makes no run"

    (landing / "people.csv").write_text(scenes.PEOPLE + "4,Margaret,33\n")
    changed, _ = ended_runs(scene, "landed", 2)
    assert changed["status"] == "SUCCESS"
    time.sleep(5)
    assert len(scene.ui.runs(aifirst__pipeline="landed")) == 2


def test_drift_asks_for_just_what_it_makes_stale_and_says_why(scene: Scene) -> None:
    assert scene.ended("drifting") == "SUCCESS", scene.ui.why(scene.runs["drifting"])
    scene.place.write("in/drifting.csv", scenes.measurements(500))
    second = scene.ui.launch("drifting", ["raw", "top"])
    assert scene.ui.finished(second) == "SUCCESS", scene.ui.why(second)
    drift = scene.ui.checks("drifting/raw")["drift"]["executionForLatestMaterialization"]
    assert (drift["status"], drift["evaluation"]["severity"]) == ("FAILED", "WARN")
    assert "value" in drift["evaluation"]["description"]

    runs = ended_runs(scene, "drifting", 1)
    assert len(runs) == 1
    assert {"/".join(key["path"]) for key in runs[0]["assetSelection"]} == {"drifting/mean", "drifting/more"}, (
        "top was made from the drifted data already"
    )
    assert runs[0]["tags"]["aifirst/reason"].startswith("drift in raw: ")
    assert runs[0]["status"] == "SUCCESS"


def test_a_failed_run_and_a_green_run_with_failed_checks_each_reach_the_webhook_once(scene: Scene) -> None:
    assert scene.ended("failing") == "FAILURE"
    assert scene.ended("warned") == "SUCCESS", scene.ui.why(scene.runs["warned"])
    keys = {"failing": "run:failing", "warned": "checks:warned/"}

    def post(pipeline: str) -> list[dict]:
        found = [one for one in scene.posts if one["key"].startswith(keys[pipeline])]
        return [one for one in found if one["context"]["run_id"] == scene.runs[pipeline]]

    for pipeline in keys:
        until(lambda pipeline=pipeline: post(pipeline), 60, f"the alert about {pipeline}")
    time.sleep(5)
    told = [one["id"] for one in scene.posts]
    assert len(told) == len(set(told)), "nothing is posted twice"
    opened = [one["key"] for one in scene.posts if one["event"] == "opened"]
    assert len(opened) == len(set(opened)), "each trouble once"
    (failed,), (warned,) = post("failing"), post("warned")
    assert failed["severity"] == "error"
    assert "failing" in failed["title"]
    assert "Ada" in failed["text"] or "TRY_CAST" in failed["text"], failed
    assert "age__values_to_be_between" in warned["text"], warned


def test_a_schedule_asks_for_its_pipeline_when_its_time_comes(scene: Scene) -> None:
    moment = datetime.fromisoformat("2026-11-20T06:00:00+00:00")
    tick = scene.ui.ask(
        """mutation($s: ScheduleSelector!, $at: Float!) { scheduleDryRun(selectorData: $s, timestamp: $at) { __typename
        ... on DryRunInstigationTick { evaluationResult { skipReason error { message }
        runRequests { runKey tags { key value } } } } ... on PythonError { message } } }""",
        s={**LOCATION, "scheduleName": "penguins__schedule"},
        at=moment.timestamp(),
    )["scheduleDryRun"]
    (request,) = tick["evaluationResult"]["runRequests"]
    assert datetime.fromisoformat(request["runKey"]) == moment
    assert {"key": "aifirst/reason", "value": "schedule 0 6 * * *"} in request["tags"]


def test_the_daemon_runs_what_a_schedule_asks_for(scene: Scene) -> None:
    runs = until(lambda: scene.ui.runs(aifirst__pipeline="minutely"), 75, "a tick of the schedule of every minute")
    assert scene.ui.finished(runs[-1]["runId"]) == "SUCCESS", scene.ui.why(runs[-1]["runId"])
    keys = [run["tags"]["dagster/run_key"] for run in runs]
    assert len(set(keys)) == len(keys)
    assert datetime.fromisoformat(keys[-1]) <= datetime.now().astimezone() + timedelta(minutes=1)
