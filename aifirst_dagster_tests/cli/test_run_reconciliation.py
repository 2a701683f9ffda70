"""`row_reconciliation` is proof, not decoration: a row that gets lost is found from the files, and nothing goes on."""

from __future__ import annotations

import duckdb
import pytest

from aifirst_dagster.datasets import parquet
from aifirst_dagster.orchestration.checks import reconcile
from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.registry import step_types
from aifirst_dagster.steps.run import StepResult
from aifirst_dagster_tests.scenario import MESSY_ORDERS, ORDERS, Place, step

RAW = step("raw", "connector", path="in/orders.csv")


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("in/orders.csv", MESSY_ORDERS)
    return place


def without_a_row(path) -> None:
    kept = path.with_suffix(".kept")
    duckdb.sql(f"COPY (SELECT * FROM '{path}' LIMIT (SELECT count(*) - 1 FROM '{path}')) TO '{kept}' (FORMAT parquet)")
    kept.replace(path)


@pytest.mark.parametrize("lost", ["the data", "the quarantine", "the input"])
def test_a_row_that_is_gone_from_a_file_fails_the_check(shop, lost):
    pipeline = shop.pipeline(RAW, step("clean", "llm_transform"))
    made = shop.run(pipeline)
    assert reconcile(shop.store, made).passed
    path = {
        "the data": made.parts[0],
        "the quarantine": made.quarantine,
        "the input": shop.store.current("shop", "raw").parts[0],
    }[lost]
    without_a_row(path)
    found = reconcile(shop.store, made)
    assert not found.passed and found.error
    assert "accounted for" in found.description


@pytest.fixture
def lossy():
    """A step type of somebody's package that loses the last row, and says that all went well."""

    def run(step_run):
        query = f"SELECT * FROM {step_run.input.scan()} LIMIT {step_run.input.rows - 1}"
        parquet.write(step_run.con, query, step_run.writer.data_path())
        return StepResult(rows_in=step_run.input.rows, rows_out=step_run.input.rows, columns=step_run.input_columns())

    step_types()["lossy"] = StepType("lossy", StepConfig, run, rows="one_to_one")
    yield
    del step_types()["lossy"]


def test_a_step_that_loses_a_row_stops_the_run_before_anything_is_written(shop, aifirst, lossy):
    shop.write("in/orders.csv", ORDERS)
    shop.file(RAW, step("lost", "lossy"), step("save", "output", path="out/orders.parquet"))
    said = aifirst("run", "shop", "--json")
    assert said.code == 1, said.text
    check = next(one for one in said.json["checks"] if one["asset_key"] == "shop/lost")
    assert (check["name"], check["passed"], check["severity"], check["blocking"]) == (
        "row_reconciliation", False, "error", True
    )  # fmt: skip
    assert "3 rows in" in check["description"] and "2 accounted for" in check["description"]
    assert not (shop.root / "out").exists()
