"""`aifirst run`: the contract's fields, exit codes, and what each option does."""

from __future__ import annotations

import duckdb
import pytest

from aifirst_dagster_tests.scenario import MESSY_ORDERS, ORDERS, Place, rows, step

FIELDS = {
    "schema_version", "pipeline", "run_id", "success", "provider", "steps", "checks", "outputs", "quality_score", "llm",
    "seconds",
}  # fmt: skip
STEP = {"name", "asset_key", "rows_in", "rows_out", "failed", "quarantined", "seconds", "llm"}
USAGE = {
    "calls", "cache_hits", "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "models", "retries",
    "failures",
}  # fmt: skip
CHECK = {"name", "asset_key", "passed", "severity", "blocking"}
RAW = step("raw", "connector", path="in/orders.csv")
CLEAN = step("clean", "llm_transform")
CHECKED = step("checked", "llm_validation", threshold=0.5)
SAVE = step("save", "output", path="out/orders.parquet")


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("in/orders.csv", MESSY_ORDERS)
    return place


def test_a_run_says_what_the_contract_says_and_a_second_one_proposes_nothing(shop, aifirst):
    shop.file(RAW, CLEAN, CHECKED, SAVE)
    said = aifirst("run", "shop", "--json")
    answer = said.json
    assert said.code == 0, said.text
    assert set(answer) >= FIELDS and answer["schema_version"] == 1
    assert (answer["pipeline"], answer["success"], answer["provider"]) == ("shop", True, "offline")
    assert [one["name"] for one in answer["steps"]] == ["raw", "clean", "checked", "save"]
    for one in answer["steps"]:
        assert set(one) >= STEP and set(one["llm"]) == USAGE
        merged = one.get("merged", 0)
        assert one["rows_in"] == one["rows_out"] + one["quarantined"] + one["failed"] + merged
        assert one["seconds"] > 0
    assert (answer["steps"][1]["asset_key"], answer["steps"][1]["rows_in"]) == ("shop/clean", 32)
    assert set(answer["llm"]) == USAGE and answer["llm"]["calls"] == 0
    assert all(set(check) >= CHECK for check in answer["checks"])
    assert {check["severity"] for check in answer["checks"]} <= {"error", "warn"}
    names = {(check["asset_key"], check["name"]) for check in answer["checks"]}
    assert {("shop/raw", "row_reconciliation"), ("shop/checked", "quality_score")} <= names
    (output,) = answer["outputs"]
    assert (output["step"], output["format"]) == ("save", "parquet")
    assert len(rows(output["location"], "*")) == output["rows"]
    assert answer["quality_score"] == answer["steps"][2]["quality_score"]
    assert answer["seconds"] > 0

    designs = {path: path.read_bytes() for path in shop.project.designs.rglob("*") if path.is_file()}
    location = shop.root / "out/orders.parquet"
    before = rows(location, "*")
    again = aifirst("run", "shop", "--json")
    assert again.code == 0
    assert {path: path.read_bytes() for path in shop.project.designs.rglob("*") if path.is_file()} == designs
    assert all(one["design"]["reused"] for one in again.json["steps"] if "design" in one)
    assert rows(location, "*") == before
    reported = {check["name"] for check in again.json["checks"] if check["asset_key"] == "shop/checked"}
    rules = {rule["id"] for rule in again.json["steps"][2]["rules"]}
    assert rules and len(reported) >= len(rules) + 2, "each accepted rule is a check by now"


def test_people_read_a_report_without_a_traceback(shop, aifirst):
    shop.file(RAW, CLEAN, SAVE, name="shop")
    said = aifirst("run", shop.project.pipelines / "shop.yaml")
    assert said.code == 0
    for part in ("succeeded", "Found and repaired", "Result", "AIFIRST_LLM=claude", "quarantine list"):
        assert part in said.out
    assert "Traceback" not in said.text and "leaked" not in said.text


def test_a_blocked_gate_is_exit_1_and_the_object_is_still_printed(shop, aifirst):
    rules = [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "id", "max_value": 0}}]
    shop.write("in/orders.csv", ORDERS)
    shop.file(RAW, step("checked", "llm_validation", rules=rules, threshold=0.9), SAVE)
    said = aifirst("run", "shop", "--json")
    assert said.code == 1
    answer = said.json
    assert answer["success"] is False
    score = next(check for check in answer["checks"] if check["name"] == "quality_score")
    assert (score["passed"], score["severity"], score["blocking"]) == (False, "error", True)
    assert not (shop.root / "out").exists()
    # A run of the output alone meets the same verdict.
    alone = aifirst("run", "shop", "--step", "save", "--json")
    assert alone.code == 1
    assert "blocked by checked" in alone.json["errors"][0]["message"]
    assert not (shop.root / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "no pipeline 'nosuch'"),
        (["shop", "--step", "clen"], "Did you mean 'clean'?"),
        (["shop", "--input", "raw"], "STEP=PATH"),
        (["shop", "--input", "raw=nosuch.csv"], "nosuch.csv"),
        (["shop", "--input", "rwa=in/orders.csv"], "Did you mean 'raw'?"),
        (["shop", "--input", "clean=in/orders.csv"], "no connector"),
        (["shop", "--partition", "2026-01-01"], "no partitions"),
        (["shop", "--provider", "clade"], "Did you mean 'claude'?"),
        (["broken"], "broken.yaml"),
        (["shop", "--nosuch"], "No such option"),
    ],
)
def test_wrong_usage_and_configuration_are_exit_2_in_words(shop, aifirst, arguments, said):
    shop.file(RAW, CLEAN)
    shop.write("resources/pipelines/broken.yaml", "name: broken\nsteps:\n  - name: x\n    type: conector\n")
    answer = aifirst("run", *arguments, "--json")
    assert answer.code == 2
    error = answer.json["error"]
    assert said in f"{error.get('file')} {error['message']} {error['hint']}"


def test_an_error_is_worded_for_people_too(shop, aifirst):
    shop.file(RAW, CLEAN)
    said = aifirst("run", "shop", "--step", "clen")
    assert said.code == 2
    assert "error: " in said.err and "Did you mean 'clean'?" in said.err and "Traceback" not in said.text


def test_the_provider_on_the_command_line_beats_the_pipelines_own(shop, aifirst):
    shop.file(RAW, CLEAN, llm="claude")
    said = aifirst("run", "shop", "--provider", "offline", "--json")
    assert (said.code, said.json["provider"], said.json["llm"]["calls"]) == (0, "offline", 0)
    assert said.json["llm"]["failures"] == 0, "Claude was not even tried"
    assert all(one["design"]["status"] == "accepted" for one in said.json["steps"])


def test_a_missing_input_file_is_exit_2_with_its_place(shop, aifirst):
    (shop.root / "in/orders.csv").unlink()
    shop.file(RAW, SAVE)
    said = aifirst("run", "shop", "--json")
    assert said.code == 2
    (error,) = said.json["errors"]
    assert (error["type"], error["step"], error["file"]) == ("InputError", "raw", str(shop.root / "in/orders.csv"))
    status = {one["name"]: one["status"] for one in said.json["steps"]}
    assert status["raw"] == "failed" and status.get("save", "not run") != "done"


def test_a_server_that_is_down_is_exit_3(shop, aifirst, monkeypatch):
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://me:geheim@127.0.0.1:9/db")
    shop.file(RAW, step("save", "output", format="postgres", url={"env": "WAREHOUSE_URL"}))
    said = aifirst("run", "shop", "--json")
    assert said.code == 3
    assert said.json["errors"][0]["type"] == "ServiceError"
    assert "geheim" not in said.text
    assert not any(b"geheim" in path.read_bytes() for path in shop.project.home.rglob("*") if path.is_file())


def test_single_steps_and_another_input(shop, aifirst):
    shop.write("in/orders.csv", ORDERS)
    shop.write("in/try.csv", "id,ordered,amount,state\n77,2026-02-02,1.00,open\n")
    shop.file(RAW, step("kept", "sql", query="SELECT id FROM raw"), SAVE)
    first = aifirst("run", "shop", "--step", "raw", "--input", "raw=in/try.csv", "--json").json
    assert [(one["name"], one["rows_out"]) for one in first["steps"]] == [("raw", 1)]
    second = aifirst("run", "shop", "--step", "kept", "--step", "save", "--json").json
    assert [one["name"] for one in second["steps"]] == ["kept", "save"]
    assert rows(shop.root / "out/orders.parquet", "*") == [(77,)]


def test_one_partition_is_run_and_reported(shop, aifirst):
    shop.write("in/2026-01-01.csv", ORDERS)
    shop.write("in/2026-01-02.csv", ORDERS + "4,2026-01-08,1.00,open\n")
    config = {"format": "duckdb", "path": "out/w.duckdb"}
    shop.file(
        step("raw", "connector", path="in/%Y-%m-%d.csv"),
        step("save", "output", **config),
        partitions={"type": "daily", "start": "2026-01-01"},
    )
    for day, count in (("2026-01-01", 3), ("2026-01-02", 4), ("2026-01-01", 3)):
        said = aifirst("run", "shop", "--partition", day, "--json")
        assert (said.code, [one["rows_out"] for one in said.json["steps"]]) == (0, [count, count])
    with duckdb.connect(str(shop.root / "out/w.duckdb"), read_only=True) as con:
        found = con.execute("SELECT _partition, count(*) FROM shop GROUP BY 1 ORDER BY 1").fetchall()
    assert found == [("2026-01-01", 3), ("2026-01-02", 4)]
    assert "say which one" in aifirst("run", "shop", "--json").json["error"]["message"]
    assert "no partition '1999-01-01'" in aifirst("run", "shop", "--partition", "1999-01-01", "--json").text


def test_a_step_that_may_fail_is_left_out_and_the_rest_goes_on(shop, aifirst):
    shop.write("in/orders.csv", ORDERS)
    shop.file(
        RAW,
        {**step("extra", "sql", query="SELECT nosuch FROM raw"), "on_failure": "skip"},
        step("below", "output"),
        step("save", "output", ["raw"], path="out/orders.parquet"),
    )
    said = aifirst("run", "shop", "--json")
    assert (said.code, said.json["success"], said.json["errors"]) == (0, True, [])
    steps = {one["name"]: one for one in said.json["steps"]}
    assert {name: one["status"] for name, one in steps.items()} == {
        "raw": "done", "extra": "skipped", "below": "skipped", "save": "done"
    }  # fmt: skip
    assert "nosuch" in steps["extra"]["notes"][0]
    assert shop.store.current("shop", "extra") is None
    assert len(rows(shop.root / "out/orders.parquet", "*")) == 3
    assert "nosuch" in aifirst("run", "shop").out


def test_an_empty_landing_folder_is_a_done_run_that_says_where_it_looks(place, aifirst):
    place.file(step("raw", "connector"), SAVE)
    said = aifirst("run", "shop", "--json")
    assert said.code == 0
    assert said.json["steps"][0]["status"] == "skipped"
    assert str(place.root / "landing" / "shop") in said.json["steps"][0]["notes"][0]
    assert said.json["outputs"] == []


def test_a_dagster_home_that_is_not_there_is_said(shop, aifirst, monkeypatch, tmp_path):
    shop.file(RAW, CLEAN)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "gone"))
    said = aifirst("run", "shop", "--json")
    error = said.json["error"]
    assert (said.code, error["type"]) == (2, "ConfigError") and str(tmp_path / "gone") in error["message"]
