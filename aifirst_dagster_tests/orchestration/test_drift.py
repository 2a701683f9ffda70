"""Drift over a dataset's life: what is normal is learned, what is not is found, explained and acted on, once."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from aifirst_dagster import state
from aifirst_dagster.orchestration.build import definitions
from aifirst_dagster.orchestration.drift_sensor import drift_sensor
from aifirst_dagster.orchestration.redesign import TAG
from aifirst_dagster.orchestration.runner import run_pipeline
from aifirst_dagster.orchestration.watch import LEARNING
from aifirst_dagster.pipelines.load import load, load_file
from aifirst_dagster_tests.scenario import Place, step


@pytest.fixture
def ready(place, aifirst):
    return place


def delivery(seed: int, rows: int = 300, mean: float = 100.0, wobble: float = 0.0) -> str:
    """Orders whose amounts lie around a mean that differs a little from delivery to delivery."""
    made = random.Random(seed)
    here = mean + made.gauss(0, wobble)
    lines = (
        f"{seed * 1000 + number},{made.gauss(here, 10):.2f},{made.choice(['open', 'paid', 'paid', 'sent'])}"
        for number in range(rows)
    )
    return "id,amount,state\n" + "\n".join(lines) + "\n"


def one_by_one(place: Place, texts: list[str]) -> list[dict | None]:
    """The drift reports of versions that are made of one text after the other."""
    pipeline = place.pipeline(step("raw", "connector", path="in.csv"), drift={"false_alarms": 0.01, "ignore": ["id"]})
    reports = []
    for text in texts:
        place.write("in.csv", text)
        reports.append(place.run(pipeline).read_json("drift.json"))
    return reports


def test_what_differs_from_delivery_to_delivery_is_learned_and_what_is_beyond_it_found(place):
    deliveries = [delivery(seed, wobble=4) for seed in range(LEARNING + 6)]
    reports = one_by_one(place, [*deliveries, delivery(99, mean=160)])
    assert reports[0] is None, "the first version is the baseline"
    assert any(report["drifted"] for report in reports[1 : LEARNING - 1]), "by the rows alone each mean is another"
    assert not any(report["drifted"] for report in reports[LEARNING + 1 : -1])
    last = reports[-1]
    assert [column["name"] for column in last["columns"] if column["drifted"]] == ["amount"]
    assert last["baseline"]["kind"] == "history" and "earlier versions" in last["insight"]


def test_the_same_data_again_teaches_nothing_and_a_history_of_sketches_is_small(place):
    same = delivery(1)
    reports = one_by_one(place, [same] * 4 + [delivery(2), delivery(3)])
    assert [report["history"] for report in reports[1:]] == [0, 0, 0, 1, 2]
    profiles = state.open(place.project).profiles
    versions, size = profiles.size("shop/raw")
    assert versions == 6 and size / versions < 1_000


def test_an_emptied_column_a_surge_of_nulls_and_a_table_without_rows_are_findings(place):
    usual = [delivery(seed) for seed in range(LEARNING + 1)]
    header, *lines = delivery(50).splitlines()
    half = "\n".join([header, *(line if at % 2 else line.split(",")[0] + ",," for at, line in enumerate(lines))]) + "\n"
    empty = "\n".join([header, *(",".join([*line.split(",")[:2], ""]) for line in lines)]) + "\n"
    reports = one_by_one(place, [*usual, half, empty, header + "\n"])
    kinds = [{finding["kind"] for finding in report["findings"]} for report in reports[-3:]]
    assert "nulls" in kinds[0] and "nulls" in kinds[1] and kinds[2] >= {"volume"}
    assert "missing values went from 0.0% to 50.0%" in reports[-3]["insight"]
    assert "state: all values are missing now" in reports[-2]["insight"]


def shop(place: Place, **drift):
    place.write("landing/shop/a.csv", delivery(1))
    return place.file(
        step("raw", "connector"),
        step("clean", "llm_transform"),
        step("top", "sql", query="SELECT max(amount) AS top FROM clean"),
        drift={"ignore": ["id"], **drift},
    )


def shown(ran, name: str) -> dict:
    return {
        event.asset_observation_data.asset_observation.asset_key.path[
            -1
        ]: event.asset_observation_data.asset_observation
        for event in ran.events
        if event.event_type_value == "ASSET_OBSERVATION"
        and name in (event.asset_observation_data.asset_observation.description or "")
    }


def test_drift_is_explained_in_the_metadata_the_check_and_an_observation(ready):
    path = shop(ready)
    run_pipeline(ready.project, path)
    ready.write("landing/shop/a.csv", delivery(2, mean=200))
    _, ran = run_pipeline(ready.project, path)
    assert ran.success, "drift warns"
    noted = shown(ran, "Drift")
    assert "amount: the median went from 99" in noted["raw"].description
    assert "unit, the currency" in noted["raw"].metadata["explanation"].value
    (check,) = [
        event.asset_check_evaluation_data
        for event in ran.events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
        and event.asset_check_evaluation_data.check_name == "drift"
        and event.asset_check_evaluation_data.asset_key.path[-1] == "raw"
    ]
    assert not check.passed and check.metadata["drifted columns"].value == "amount"
    (made,) = [
        event.step_materialization_data.materialization
        for event in ran.events
        if event.is_step_materialization and event.step_materialization_data.materialization.asset_key.path[-1] == "raw"
    ]
    assert "amount" in made.metadata["drift"].value


def dated(seed: int, *forms: str) -> str:
    """Orders whose days are written in several ways, so that they are read as text and repaired."""
    days = [datetime(2026, 1, 1) + timedelta(days=at % 27) for at in range(300)]
    lines = (f"{seed * 1000 + at},{day.strftime(forms[at % len(forms)])}" for at, day in enumerate(days))
    return "id,ordered\n" + "\n".join(lines) + "\n"


def redesigning(place: Place):
    """A pipeline whose dates are repaired, run once, and the sensor that watches it."""
    place.write("landing/shop/a.csv", dated(1, "%Y-%m-%d", "%d %b %Y"))
    path = place.file(
        step("raw", "connector"),
        step("clean", "llm_transform", target=[{"name": "id", "type": "integer"}, {"name": "ordered", "type": "date"}]),
        step("top", "sql", query="SELECT max(ordered) AS top FROM clean"),
        drift={"ignore": ["id"], "on_drift": "redesign"},
    )
    run_pipeline(place.project, path)
    return path, drift_sensor(place.project, load(path))


def asked(place: Place, path, request: dg.RunRequest, instance: dg.DagsterInstance):
    """The run that a sensor asked for."""
    job = definitions(place.project, [load_file(path)]).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=instance, asset_selection=list(request.asset_selection), tags=dict(request.tags)
    )


def test_a_redesign_is_asked_for_once_and_taken_where_it_does_better_on_rows_held_out(ready):
    path, sensor = redesigning(ready)
    ready.write("landing/shop/a.csv", dated(2, "%d.%m.%Y", "%Y/%m/%d"))
    run_pipeline(ready.project, path)
    before = ready.store.current("shop", "clean").manifest
    assert before.quarantined > 100, "the accepted design cannot read these"
    with dg.DagsterInstance.ephemeral() as instance:
        found = sensor(dg.build_sensor_context(instance))
        (request,) = found.run_requests
        assert [key.path[-1] for key in request.asset_selection] == ["clean", "top"]
        assert request.tags[TAG] == ready.store.current("shop", "raw").manifest.version
        again = sensor(dg.build_sensor_context(instance, cursor=found.cursor))
        assert not again.run_requests
        fresh = sensor(dg.build_sensor_context(instance))
        assert [one.run_key for one in fresh.run_requests] == [request.run_key], "without a cursor, the same key again"

        assert asked(ready, path, request, instance).success
        made = ready.store.current("shop", "clean")
        told = made.read_json("redesign.json")
        assert told["promoted"] and told["after"] > told["before"] + 0.2, told
        assert made.manifest.rows_out > before.rows_out
        once_more = sensor(dg.build_sensor_context(instance, cursor=found.cursor))
        assert not once_more.run_requests, "what a redesign made asks for no other"


def test_a_tick_that_is_killed_between_its_effects_asks_for_no_run_twice(ready, tmp_path):
    path = ready.file(
        step("raw", "connector", path="in.csv"),
        step("top", "sql", query="SELECT max(amount) AS top FROM raw"),
        drift={"ignore": ["id"], "on_drift": "rematerialize"},
    )
    pipeline = load(path)
    ready.write("in.csv", delivery(1))
    ready.run(pipeline)
    ready.write("in.csv", delivery(2, mean=200))
    ready.run(pipeline, "raw")
    home = tmp_path / "dagster"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "aifirst_dagster_tests.orchestration.killed_ticks", ready.root, path, home],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(": killed") >= 3, done.stderr
    version = ready.store.current("shop", "raw").manifest.version
    assert done.stdout.split("\n")[:-1] == [f"drift:raw[]:{version}"], done.stderr
