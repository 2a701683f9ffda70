"""`aifirst quarantine`: rows that were set aside are listed, shown, tried again, or let pass by a person."""

from __future__ import annotations

import pytest

from aifirst_dagster import state
from aifirst_dagster_tests.scenario import MESSY_ORDERS, Place, rows, step

RAW = step("raw", "connector", path="in/orders.csv")
SAVE = step("save", "output", path="out/orders.parquet")
ENTRY = {"id", "pipeline", "step", "partition", "row", "source_line", "reason", "values"}


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("in/orders.csv", MESSY_ORDERS)
    place.file(RAW, step("clean", "llm_transform"), SAVE)
    return place


def listed(aifirst) -> list[dict]:
    said = aifirst("quarantine", "list", "--json")
    assert said.code == 0
    return said.json["entries"]


def test_a_row_is_mended_at_its_source_and_tried_again(shop, aifirst):
    aifirst("run", "shop")
    (entry,) = listed(aifirst)
    assert set(entry) >= ENTRY
    assert (entry["pipeline"], entry["step"], entry["partition"], entry["source_line"]) == ("shop", "clean", None, 4)
    assert entry["row"] == 2, "0-based over data rows"
    shown = aifirst("quarantine", "show", entry["id"])
    assert "the other day" in shown.out and entry["reason"] in shown.out
    assert entry["id"] in aifirst("quarantine", "list").out
    assert aifirst("quarantine", "list", "--step", "nosuch", "--json").json["entries"] == []

    still = aifirst("quarantine", "retry", entry["id"], "--json")
    assert (still.code, still.json["passed"], len(still.json["entries"])) == (0, [], 1)
    shop.write("in/orders.csv", MESSY_ORDERS.replace("the other day", "07/01/2026"))
    again = aifirst("quarantine", "retry", "--json")
    assert (again.code, again.json["passed"], again.json["entries"]) == (0, [entry["id"]], [])
    assert listed(aifirst) == []
    assert len(rows(shop.root / "out/orders.parquet", "*")) == 31
    assert "Nothing is in quarantine" in aifirst("quarantine", "list").out


def test_a_row_is_let_pass_by_a_person_who_is_remembered(shop, aifirst):
    aifirst("run", "shop")
    (entry,) = listed(aifirst)
    said = aifirst("quarantine", "release", entry["id"], "--by", "ada", "--why", "it is fine", "--json")
    assert said.code == 0 and said.json["entries"][0]["id"] == entry["id"]
    assert listed(aifirst) == []
    assert len(rows(shop.root / "out/orders.parquet", "*")) == 31
    (decision,) = state.open(shop.project).quarantine.newest("shop")
    assert (decision.actor, decision.action, decision.detail["why"]) == ("ada", "release", "it is fine")
    aifirst("run", "shop")
    assert listed(aifirst) == [], "the decision holds for later runs"


def test_a_release_of_a_row_that_breaks_a_rule_ends_well(shop, aifirst):
    rules = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "id", "max_value": 98}, "severity": "error"}
    ]
    body = "".join(f"{number},x\n" for number in range(1, 100))
    shop.write("in/orders.csv", f"id,note\n{body}")
    shop.file(RAW, step("checked", "llm_validation", rules=rules, threshold=0.9), SAVE)
    assert aifirst("run", "shop", "--json").code == 0
    (entry,) = listed(aifirst)
    assert entry["values"] == {"id": 99, "note": "x"}
    assert aifirst("quarantine", "release", entry["id"], "--json").code == 0
    assert len(rows(shop.root / "out/orders.parquet", "*")) == 99
    said = aifirst("run", "shop", "--json")
    assert said.code == 0
    check = next(one for one in said.json["checks"] if "between" in one["name"])
    assert (check["passed"], check["severity"]) == (False, "warn")
    assert "person" in check["description"]


def test_a_line_that_no_table_could_be_made_of_cannot_pass(shop, aifirst):
    shop.write("in/orders.csv", MESSY_ORDERS + "9,2026-01-09\n")
    aifirst("run", "shop", "--step", "raw")
    (entry,) = listed(aifirst)
    said = aifirst("quarantine", "release", entry["id"], "--json")
    assert said.code == 2
    assert "cannot pass" in said.json["error"]["message"]
    assert (said.json["error"]["line"], said.json["error"]["file"]) == (34, str(shop.root / "in/orders.csv"))


def test_an_id_that_is_not_there_is_an_error(shop, aifirst):
    for command in ("show", "retry", "release"):
        said = aifirst("quarantine", command, "0123456789ab", "--json")
        assert said.code == 2
        assert "0123456789ab" in said.json["error"]["message"]


def test_an_empty_project_has_nothing_in_quarantine(place, aifirst):
    assert listed(aifirst) == []
    assert aifirst("quarantine", "retry", "--json").json == {
        "schema_version": 1, "entries": [], "passed": [], "runs": []
    }  # fmt: skip
