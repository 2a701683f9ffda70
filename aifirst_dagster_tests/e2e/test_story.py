"""One story, whole: a delivery in a new currency and at other prices lands, and the daemon does what follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from aifirst_dagster_tests.e2e import browser, scenes, workplace
from aifirst_dagster_tests.e2e.conftest import webhook
from aifirst_dagster_tests.e2e.dagster_server import Server, dagster_server
from aifirst_dagster_tests.e2e.graphql import ENDED, until

pytestmark = pytest.mark.e2e

CURRENCY = "currency__values_to_be_in_set"


@dataclass
class Story:
    """The running UI and what its alerts posted."""

    server: Server
    posts: list[dict[str, Any]]

    def rules(self) -> dict[str, dict[str, Any]]:
        """The rule set of the validation, by id."""
        said = self.server.place.aifirst("rules", "list", "sales", "checked", "--json")
        assert said.code == 0, said.said
        (held,) = json.loads(said.out)["rule_sets"]
        return {rule["id"].replace(".", "__"): rule for rule in held["rules"]}

    def runs(self, count: int) -> list[dict[str, Any]]:
        """The runs of the pipeline, newest first, once there are so many and all have ended."""

        def look() -> list[dict[str, Any]] | None:
            runs = self.server.ui.runs(aifirst__pipeline="sales")
            return runs if len(runs) >= count and all(run["status"] in ENDED for run in runs) else None

        return until(look, 180, f"{count} run(s) of sales", pause=0.5)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    posts: list[dict[str, Any]] = []
    with webhook(posts) as address:
        place = workplace.make(
            tmp_path_factory.mktemp("story"), AIFIRST_SENSOR_SECONDS="2", AIFIRST_ALERT_WEBHOOK=address
        )
        validation = {"name": "Check", "key": "checked", "type": "llm_validation", "config": {"threshold": 0.5}}
        place.pipeline(
            "sales",
            [scenes.load(), validation, {"name": "Save", "key": "save", "type": "output"}],
            drift={"on_drift": "redesign"},
        )
        place.write("landing/sales/june.csv", delivery(("EUR", "GBP"), 1))
        with dagster_server(place) as server:
            for sensor in ("sales__landing", "sales__drift"):
                server.ui.start_sensor(sensor)
            yield Story(server, posts)


def delivery(currencies: tuple[str, ...], factor: int) -> str:
    """Six hundred sales, each price `factor` times what it would be."""
    lines = [
        f"{factor}-{at:04},{factor * (10 + at * 37 % 400 / 10):.2f},{currencies[at % len(currencies)]},{1 + at % 7}\n"
        for at in range(600)
    ]
    return "order,price,currency,pieces\n" + "".join(lines)


def test_a_delivery_of_another_kind_is_seen_explained_and_learned_from(story: Story) -> None:
    ui, place = story.server.ui, story.server.place
    (first,) = story.runs(1)
    assert first["status"] == "SUCCESS", ui.why(first["runId"])
    until(lambda: CURRENCY in ui.checks("sales/checked"), 120, "the checks of the rules, after a reload")
    assert set(story.rules()[CURRENCY]["kwargs"]["value_set"]) == {"EUR", "GBP"}

    place.write("landing/sales/july.csv", delivery(("JPY",), 160))
    again, landed, _ = story.runs(3)

    # The landed file makes the whole pipeline; the drift, only what was designed for the data as it was.
    assert landed["tags"]["aifirst/reason"] == "1 new or changed file(s): july.csv"
    assert again["tags"]["aifirst/reason"].startswith("drift in raw: ")
    assert {"/".join(key["path"]) for key in again["assetSelection"]} == {"sales/checked", "sales/save"}
    assert [run["status"] for run in (again, landed)] == ["SUCCESS", "SUCCESS"], ui.why(again["runId"])

    drift = ui.checks("sales/raw")["drift"]["executionForLatestMaterialization"]
    assert (drift["status"], drift["evaluation"]["severity"]) == ("FAILED", "WARN")
    assert all(word in drift["evaluation"]["description"] for word in ("price", "currency", "JPY"))

    assert "JPY" in story.rules()[CURRENCY]["kwargs"]["value_set"], "the rule was designed anew"

    def told() -> list[dict[str, Any]]:
        return [post for post in story.posts if post["kind"] == "drift" and post["event"] == "opened"]

    (alert,) = until(told, 60, "the alert about the drift")
    assert alert["dataset"] == "sales/raw"
    assert "JPY" in json.dumps(alert, ensure_ascii=False)
    assert {"sales/checked", "sales/save"} <= set(_words(alert["downstream"])), alert["downstream"]
    assert alert["todo"]

    page = place.root / "report.html"
    said = place.aifirst("report", "sales", "raw", "-o", str(page))
    assert said.code == 0, said.said
    assert all(word in page.read_text() for word in ("JPY", "price", "july.csv"))


@pytest.mark.skipif(browser.binary() is None, reason="needs Chromium: apt-get install chromium")
def test_the_ui_shows_what_changed(story: Story) -> None:
    address = f"{story.server.ui.address}/assets/sales/raw?view=checks&checkDetail=drift"
    until(lambda: "JPY" in browser.text(address), 90, "the words of the drift check")


def _words(downstream: Any) -> list[str]:
    return [one for part in json.dumps(downstream).split('"') for one in part.split()]
