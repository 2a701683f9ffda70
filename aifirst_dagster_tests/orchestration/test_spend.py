"""The ledger as an asset: its rows, its chart, and the check that tells when estimates do not hold."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import dagster as dg
import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.orchestration.build import definitions
from aifirst_dagster.orchestration.io_manager import ParquetDatasetIOManager
from aifirst_dagster.orchestration.spend import KEY
from aifirst_dagster.orchestration.spend.asset import CHECK, spend_asset, spend_schedule
from aifirst_dagster.orchestration.spend.chart import bars, picture, small
from aifirst_dagster.project import Project
from aifirst_dagster.state.ledger import NewCall
from aifirst_dagster.state.tables import llm_calls


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield instance


def spent(project: Project, step: str, cost: float | None, estimate: float | None = None, days_ago: int = 0) -> None:
    state = state_package.open(project)
    call = NewCall("c", 1, "r", "claude", "claude", "m", "f", 0.2, "p|`<b>", step, "t", None, None, estimate)
    row = state.ledger.reserve(call)
    assert isinstance(row, str)
    state.ledger.finish(row, "unknown" if cost is None else "settled", cost, answer="secret", input_tokens=10)
    with state.write() as connection:
        at = datetime.now(UTC) - timedelta(days=days_ago)
        connection.execute(llm_calls.update().where(llm_calls.c.id == row).values(started_at=at))


def materialised(project: Project, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    manager = ParquetDatasetIOManager(root=str(project.datasets))
    return dg.materialize([spend_asset(project, "datasets")], resources={"datasets": manager}, instance=instance)


def shown(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_ledger_that_holds_nothing_is_an_empty_dataset(project: Project, instance: dg.DagsterInstance):
    result = materialised(project, instance)
    assert result.success
    assert shown(result)["dagster/row_count"] == 0
    assert result.get_asset_check_evaluations()[0].passed
    assert ParquetDatasetIOManager(root=str(project.datasets)).store().open("aifirst", "llm_spend").rows == 0


def test_every_call_is_a_row_without_what_was_said(project: Project, instance: dg.DagsterInstance):
    for step, cost in (("map", 0.01), ("map", 0.02), ("check", None)):
        spent(project, step, cost)
    result = materialised(project, instance)
    dataset = ParquetDatasetIOManager(root=str(project.datasets)).store().open("aifirst", "llm_spend")
    with connect() as con:
        rows = con.execute(f"SELECT step, status, cost_usd FROM {dataset.scan()} ORDER BY cost_usd").fetchall()
        text = str(con.execute(f"SELECT * FROM {dataset.scan()}").fetchall())
    assert rows == [("map", "settled", 0.01), ("map", "settled", 0.02), ("check", "unknown", None)]
    assert "secret" not in text
    metadata = shown(result)
    assert metadata["calls that may have been billed"] == 1
    assert metadata["cost of 30 days (USD)"] == pytest.approx(0.23)
    assert "p\\|'&lt;b>" in str(metadata["dearest steps"])


def test_the_chart_is_a_picture_that_adds_up(project: Project, instance: dg.DagsterInstance):
    for days_ago in (0, 1, 1, 29, 40):
        spent(project, "map", 0.01, days_ago=days_ago)
    text = str(shown(materialised(project, instance))["spending"])
    found = re.fullmatch(r"!\[[^]]*\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", text)
    assert found
    svg = ElementTree.fromstring(base64.b64decode(found[1]))
    titles = [title.text or "" for title in svg.iter("{http://www.w3.org/2000/svg}title")]
    today = datetime.now(UTC).date()
    days = [(today - timedelta(days=back)).isoformat() for back in (29, 1, 0)]
    assert titles == [f"{days[0]}: $0.0100", f"{days[1]}: $0.0200", f"{days[2]}: $0.0100"]


def test_hostile_names_cannot_leave_the_picture():
    svg = bars({("2026-01-31", "</text><script>alert(1)</script>"): 1.0}, date(2026, 1, 31), 3, "a < b & c")
    assert "<script" not in svg
    assert ElementTree.fromstring(svg) is not None
    assert picture(svg, "x](javascript:alert(1))").count("](") == 1


def test_the_small_picture_is_shown_at_once_whatever_was_spent():
    today = date(2026, 1, 31)
    dollars = {((today - timedelta(days=back)).isoformat(), "p"): 0.1234567 * back for back in range(40)}
    text = picture(small(dollars, today, 30), "30 days")
    assert len(text) < 1000, "longer Markdown hides behind a link in Dagster's UI"
    assert ElementTree.fromstring(small({}, today, 30)) is not None


def test_many_pipelines_share_the_last_colour():
    many = {("2026-01-31", f"pipeline {number}"): 1.0 + number for number in range(20)}
    svg = bars(many, date(2026, 1, 31), 3, "many")
    assert ">others<" in svg
    assert svg.count("<title>") == 8


@pytest.mark.parametrize(
    ("estimate", "cost", "passed"), [(0.05, 0.05, True), (0.05, 0.09, True), (0.05, 0.11, False), (0.1, 0.04, False)]
)
def test_estimates_that_are_off_are_told(
    project: Project, instance: dg.DagsterInstance, estimate: float, cost: float, passed: bool
):
    spent(project, "map", cost, estimate)
    (check,) = materialised(project, instance).get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.severity) == (CHECK, passed, dg.AssetCheckSeverity.WARN)


def test_cents_that_are_off_are_not(project: Project, instance: dg.DagsterInstance):
    spent(project, "map", 0.0001, 0.009)
    assert materialised(project, instance).get_asset_check_evaluations()[0].passed


def test_a_bill_above_its_reservation_is_an_error(project: Project, instance: dg.DagsterInstance):
    spent(project, "map", 0.25, 0.25)
    (check,) = materialised(project, instance).get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)


def test_the_location_has_the_asset_its_check_and_a_daily_schedule(project: Project):
    repository = definitions(project).get_repository_def()
    assert KEY in repository.assets_defs_by_key
    assert [spec.name for spec in repository.assets_defs_by_key[KEY].check_specs] == [CHECK]
    assert repository.get_schedule_def(spend_schedule().name).cron_schedule == "15 0 * * *"


def test_the_schedule_asks_for_the_asset_once_a_day(project: Project):
    moment = datetime(2026, 11, 22, 0, 15, tzinfo=UTC)
    context = dg.build_schedule_context(scheduled_execution_time=moment)
    data = spend_schedule().evaluate_tick(context)
    (request,) = data.run_requests or []
    assert request.asset_selection == [KEY]
    assert request.run_key == moment.isoformat()
