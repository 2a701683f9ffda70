"""A schema contract in real Dagster runs: its check, metadata and failure; and the sensor that a file wakes."""

from __future__ import annotations

import dagster as dg
import pytest

from aifirst_dagster.orchestration.drift_sensor import drift_sensor
from aifirst_dagster.orchestration.landing_sensor import landing_sensor
from aifirst_dagster.orchestration.runner import run_pipeline
from aifirst_dagster.orchestration.schema import accept, pinned
from aifirst_dagster.pipelines.load import load
from aifirst_dagster_tests.scenario import ORDERS, Place, step

MORE = "id,ordered,amount,state,note\n4.5,2026-01-08,1.00,open,hi\n"


def shop(place: Place, **contract):
    place.write("landing/shop/a.csv", ORDERS)
    return place.file(
        step("raw", "connector", **contract),
        step("kept", "sql", query="FROM raw"),
        drift={"on_drift": "rematerialize"},
    )


def checks(ran) -> dict[str, bool]:
    return {
        event.asset_check_evaluation_data.check_name: event.asset_check_evaluation_data.passed
        for event in ran.events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
        and "raw" in event.asset_check_evaluation_data.asset_key.path
    }


def metadata(ran):
    (event,) = [
        one
        for one in ran.events
        if one.is_step_materialization and one.step_materialization_data.materialization.asset_key.path[-1] == "raw"
    ]
    return event.step_materialization_data.materialization.metadata


@pytest.fixture
def ready(place, aifirst):
    return place


def test_the_check_and_the_metadata_tell_what_an_evolving_contract_took(ready):
    path = shop(ready, contract="evolve")
    _, first = run_pipeline(ready.project, path)
    assert checks(first) == {"row_reconciliation": True, "design_current": True, "schema_contract": True, "drift": True}
    assert metadata(first)["schema version"].value == 1

    ready.write("landing/shop/b.csv", MORE)
    _, second = run_pipeline(ready.project, path)
    assert second.success
    assert checks(second)["row_reconciliation"] and not checks(second)["schema_contract"], "a type was widened"
    shown = metadata(second)
    assert shown["schema version"].value == 2
    assert "| note | new column |" in shown["schema diff"].value and "integer" in shown["schema diff"].value


def test_a_frozen_contract_fails_the_step_with_the_diff_and_accepting_lets_it_pass(ready, aifirst):
    path = shop(ready, contract="freeze")
    run_pipeline(ready.project, path)
    ready.write("landing/shop/b.csv", MORE)
    said = aifirst("run", "shop", "--json")
    assert said.code == 1
    (error,) = said.json["errors"]
    assert error["type"] == "ContractError" and "'note': new column" in error["message"]
    assert "aifirst schema accept shop raw" in error["message"] + error["hint"]
    assert "| note | new column |" in error["schema diff"]

    pipeline = load(path)
    contract, before, _ = accept(ready.project, pipeline, pipeline.step("raw"))
    assert (before.version, contract.version) == (1, 2)
    said = aifirst("run", "shop", "--json")
    assert said.code == 0, said.text
    assert next(one for one in said.json["steps"] if one["name"] == "raw")["rows_out"] == 4


def test_a_pin_puts_a_contract_in_force_where_none_was_asked_for(ready):
    path = shop(ready)
    pipeline = load(path)
    _, ran = run_pipeline(ready.project, path)
    assert "schema_contract" not in checks(ran)
    pinned(ready.project, pipeline, pipeline.step("raw"), "amount", {"type": "string", "name": "price"})
    _, ran = run_pipeline(ready.project, path, steps=["raw"])
    assert checks(ran)["schema_contract"]
    version = ready.store.current("shop", "raw")
    assert {column["name"]: column["type"] for column in version.manifest.columns}["price"] == "string"
    assert "price (type, name)" in metadata(ran)["schema pins"].value


def ticks(sensor, instance, cursor=None, times=2):
    for _ in range(times):
        found = sensor(dg.build_sensor_context(instance, cursor=cursor))
        cursor = found.cursor
    return found, cursor


def test_a_landed_file_of_another_schema_asks_for_a_run_that_says_why_once(ready):
    path = shop(ready, contract="freeze")
    run_pipeline(ready.project, path)
    pipeline = load(path)
    sensor = drift_sensor(ready.project, pipeline)
    with dg.DagsterInstance.ephemeral() as instance:
        found, cursor = ticks(sensor, instance)
        assert not found.run_requests, "the files are those that were loaded"
        ready.write("landing/shop/same.csv", ORDERS.replace("1,", "7,", 1))
        found, cursor = ticks(sensor, instance, cursor)
        assert not found.run_requests, "another file of the same schema is the landing sensor's"
        big = MORE + "4.5,2026-01-08,1.00,open,hi\n" * 60_000
        ready.write("landing/shop/b.csv", big)
        found, cursor = ticks(sensor, instance, cursor)
        (request,) = found.run_requests
        why = request.tags["aifirst/reason"]
        assert "b.csv differs from the contract of raw" in why and "'note' new column" in why
        assert [key.path for key in request.asset_selection] == [["shop", "raw"], ["shop", "kept"]]
        found, cursor = ticks(sensor, instance, cursor)
        assert not found.run_requests


def test_the_landing_sensor_does_not_ask_again_for_what_the_drift_sensor_asked_for(ready):
    path = shop(ready, contract="evolve")
    run_pipeline(ready.project, path)
    pipeline = load(path)
    ready.write("landing/shop/b.csv", MORE)
    with dg.DagsterInstance.ephemeral() as instance:
        found, _ = ticks(drift_sensor(ready.project, pipeline), instance)
        (request,) = found.run_requests

        @dg.job(tags=request.tags)
        def asked():
            pass

        asked.execute_in_process(instance=instance)
        found, _ = ticks(landing_sensor(ready.project, pipeline), instance)
        assert not found.run_requests and "drift sensor" in found.skip_reason.skip_message
