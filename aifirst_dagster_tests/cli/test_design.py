"""`aifirst design`: what would be proposed, before anything runs."""

from __future__ import annotations

import pytest

from aifirst_dagster_tests.scenario import MESSY_ORDERS, Place, step


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("in/orders.csv", MESSY_ORDERS)
    place.file(
        step("raw", "connector", path="in/orders.csv"),
        step("clean", "llm_transform"),
        step("checked", "llm_validation"),
        step("save", "output"),
    )
    return place


def statuses(said) -> dict[str, str]:
    assert said.code == 0, said.text
    return {f"{one['step']}/{one['file']}": one["status"] for one in said.json["designs"]}


FILES = {"raw/schema.yaml", "clean/mapping.yaml", "clean/transform.sql", "checked/rules.yaml"}


def test_designs_are_shown_written_and_then_the_same(shop, aifirst):
    first = aifirst("design", "shop", "--json")
    assert statuses(first) == dict.fromkeys(FILES, "new")
    assert set(first.json) >= {"schema_version", "designs", "llm"}
    assert all(set(one) >= {"step", "file", "status", "diff"} and one["diff"] for one in first.json["designs"])
    assert first.json["llm"]["calls"] == 0
    assert not shop.project.designs.exists() and not shop.project.datasets.exists(), "nothing is written"

    assert statuses(aifirst("design", "shop", "--write", "--json")) == dict.fromkeys(FILES, "new")
    assert {str(path.relative_to(shop.project.designs / "shop")) for path in shop.project.designs.rglob("*.*")} == FILES
    again = aifirst("design", "shop", "--json")
    assert set(statuses(again).values()) == {"same"}
    assert all(not one["diff"] for one in again.json["designs"])

    shop.write("in/orders.csv", MESSY_ORDERS.replace("State", "Status"))
    changed = statuses(aifirst("design", "shop", "--json"))
    assert changed["raw/schema.yaml"] == "changed"
    assert "Nothing was written" in aifirst("design", "shop").out


def test_a_pipeline_without_input_has_nothing_to_design(place, aifirst):
    place.file(step("raw", "connector"))
    said = aifirst("design", "shop", "--json")
    assert (said.code, said.json["designs"]) == (0, [])
    assert "no files yet" in said.err
