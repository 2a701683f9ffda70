"""The dashboard as an asset: every dataset a row, plots in the metadata, and a page that stands alone."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import dagster as dg
import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.observe.alerts import Alert
from aifirst_dagster.orchestration.build import definitions
from aifirst_dagster.orchestration.dashboard import KEY, dashboard_asset
from aifirst_dagster.orchestration.dashboard.chart import lines, spark
from aifirst_dagster.orchestration.dashboard.facts import facts
from aifirst_dagster.orchestration.dashboard.page import html
from aifirst_dagster.orchestration.io_manager import ParquetDatasetIOManager
from aifirst_dagster.project import Project
from aifirst_dagster.state.database import State
from aifirst_dagster.state.measures import Measure

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOSTILE = "</svg><script>alert(1)</script>|`x` & <b>"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield instance


def grown(state: State) -> None:
    """Two datasets: one that fell, one without a score, which drifted."""
    for number in range(5):
        at = NOW - timedelta(days=5 - number)
        state.measures.add(
            Measure("shop", "check", None, f"v{number}", "r", at, 100, 90, 5, 5, score=0.98 - 0.05 * (number == 4),
                    rules=[{"id": "a", "success": number < 4}], cost_usd=0.01, seconds=2.0 + number)
        )  # fmt: skip
        state.measures.add(
            Measure("shop", "load", "2026", f"v{number}", "r", at, 100, 100, drifted=number > 0, drift=HOSTILE)
        )
    state.alerts.note(Alert("score:shop/check", f"It fell {HOSTILE}", dataset="shop/check"), timedelta(days=1), [])


def materialised(project: Project, instance: dg.DagsterInstance) -> dict[str, object]:
    manager = ParquetDatasetIOManager(root=str(project.datasets))
    result = dg.materialize([dashboard_asset(project, "datasets")], resources={"datasets": manager}, instance=instance)
    assert result.success
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


class Page(HTMLParser):
    """Balanced tags, and none that runs or loads anything."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.text = ""
        self.feed(text)
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "iframe", "object", "link")
        assert not [name for name, value in attrs if name in ("src", "href") or name.startswith("on")]
        if tag not in ("meta", "br", "circle", "line", "rect", "polyline", "path"):
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag in self.stack:
            assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_dataset_is_a_row_and_the_page_lies_beside(project: Project, state: State, instance: dg.DagsterInstance):
    grown(state)
    metadata = materialised(project, instance)
    store = ParquetDatasetIOManager(root=str(project.datasets)).store()
    dataset = store.open("aifirst", "dashboard")
    with connect() as con:
        rows = con.execute(
            f"SELECT dataset, score, drifted, quarantined, rules_failed, open_alerts FROM {dataset.scan()} ORDER BY 1"
        ).fetchall()
    assert rows == [("shop/check", pytest.approx(0.93), None, 5, 1, 1), ("shop/load", None, True, 0, 0, 0)]
    assert metadata["lowest score"] == pytest.approx(0.93)
    assert (metadata["open alerts"], metadata["drifted datasets"]) == (1, 1)
    assert "| shop/check | 0.930 | - | 90 | 10.0% |" in str(metadata["datasets"])
    assert "<" not in str(metadata["alerts"])
    for name in ("scores", "costs", "each day's cost"):
        (encoded,) = re.findall(r"base64,([^)]+)\)", str(metadata[name]))
        ElementTree.fromstring(base64.b64decode(encoded))
    page = Path(str(metadata["page"]))
    assert page.read_text() == (dataset.versions[0].folder / "dashboard.html").read_text()


def test_the_page_stands_alone_whatever_the_data_says(state: State):
    grown(state)
    page = Page(html(facts(state, NOW)))
    assert HOSTILE in page.text
    for said in ("1 open alert", "shop/check", "0.930", "drifted", "score:shop/check", "10.0 %"):
        assert said in page.text


def test_a_project_without_data_has_a_dashboard(project: Project, state: State, instance: dg.DagsterInstance):
    metadata = materialised(project, instance)
    assert metadata["datasets"] == "No dataset was made yet."
    assert metadata["dagster/row_count"] == 0
    page = Page(Path(str(metadata["page"])).read_text())
    assert "All is well" in page.text


def test_plots_hold_any_values_and_names():
    assert spark([1.0]) == ""
    ElementTree.fromstring(spark([1.0, 1.0, 5.0], low=0.0, high=2.0))
    moments = [NOW, NOW + timedelta(days=1)]
    for values in ((1.0, 1.0), (0.0, 0.5)):
        svg = lines({HOSTILE: list(zip(moments, values, strict=True)), "b": [(NOW, 0.3)]}, HOSTILE)
        ElementTree.fromstring(svg)
        assert "<script" not in svg
    ElementTree.fromstring(lines({"one": [(NOW, 1.0)]}, "t"))


def test_two_hundred_datasets_make_a_page_in_a_moment(state: State):
    state.measures.add_all(
        Measure(f"p{number}", "s", None, f"v{version}", "r", NOW, 1, 1, score=0.9)
        for number in range(200) for version in range(5)
    )  # fmt: skip
    found = facts(state, NOW)
    assert len(html(found)) < 600_000
    assert len(found.datasets) == 200


def test_the_projects_definitions_hold_dashboard_digest_and_retention(project: Project):
    found = definitions(project)
    keys = {key.to_user_string() for key in found.resolve_all_asset_keys()}
    assert {"aifirst/dashboard", "aifirst/digest", "aifirst/retention", "aifirst/llm_spend"} <= keys
    schedules = {one.name: one for one in found.schedules or ()}
    for name in ("aifirst__dashboard__daily", "aifirst__digest__daily", "aifirst__digest__weekly",
                 "aifirst__retention__daily"):  # fmt: skip
        assert schedules[name].default_status == dg.DefaultScheduleStatus.STOPPED
    assert KEY.path == ["aifirst", "dashboard"]
