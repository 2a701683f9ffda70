"""What a rule's status does in a run, the rows that a verdict keeps, and references to a further input."""

from __future__ import annotations

import pytest

from aifirst_dagster.orchestration.checks import reconcile
from aifirst_dagster_tests.scenario import Place, step

PEOPLE = "id,name,age\n" + "".join(f"{number},p{number},{20 + number % 50}\n" for number in range(1, 100))
AGE = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 120}, "severity": "error"}
ORDERS = "order_no,customer_id,total\n" + "".join(f"{n + 500},{n % 30 + 1},{n % 17 + 0.5}\n" for n in range(300))
CUSTOMERS = "id,name\n" + "".join(f"{number},c{number}\n" for number in range(1, 31))


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("in/people.csv", PEOPLE + "100,p100,400\n")
    place.write("in/orders.csv", ORDERS)
    place.write("in/customers.csv", CUSTOMERS)
    return place


def checked(shop: Place, **config):
    steps = step("raw", "connector", path="in/people.csv"), step("checked", "llm_validation", **config)
    return shop.run(shop.pipeline(*steps), "raw", "checked")


@pytest.mark.parametrize(
    ("status", "aside", "score", "told"),
    [("active", 1, 0.99, 1), ("proposed", 0, 1.0, 1), ("muted", 0, 1.0, 1), ("rejected", 0, 1.0, 0)],
)
def test_only_an_active_rule_has_consequences_and_only_a_rejected_one_is_silent(shop, status, aside, score, told):
    made = checked(shop, rules=[{**AGE, "status": status}])
    verdict = made.read_json("verdict.json")
    assert made.manifest.quarantined == aside
    assert verdict["score"] == pytest.approx(score)
    assert [rule["unexpected_count"] for rule in verdict["rules"]] == [1] * told


def test_a_verdict_keeps_the_rows_that_break_a_rule(shop):
    (rule,) = checked(shop, rules=[AGE]).read_json("verdict.json")["rules"]
    (row,) = rule["failing"]
    assert (row["source_line"], row["values"]) == (101, {"age": "400"})


def test_under_approve_person_nothing_counts_before_somebody_says_so(shop):
    made = checked(shop, approve="person")
    statuses = {rule["status"] for rule in made.read_json("verdict.json")["rules"]}
    assert statuses == {"proposed"} and made.manifest.quarantined == 0


def test_rules_refer_to_a_further_input_that_is_not_consumed(shop):
    pipeline = shop.pipeline(
        step("customers", "connector", path="in/customers.csv"),
        step("orders", "connector", path="in/orders.csv"),
        step("checked", "llm_validation", ["orders", "customers"]),
    )
    made = shop.run(pipeline)
    (rule,) = (one for one in made.read_json("verdict.json")["rules"] if "other_table" in one["type"])
    assert rule["kwargs"]["other_table_name"] == "customers" and rule["success"] is True
    assert (made.manifest.rows_in, made.manifest.rows_out) == (300, 300)
    assert reconcile(shop.store, made).passed, "customers are compared with, not consumed"

    shop.write("in/orders.csv", ORDERS + "999,31,1.5\n")
    made = shop.run(pipeline)
    assert made.manifest.quarantined == 1
    (broken,) = (one for one in made.read_json("verdict.json")["rules"] if "other_table" in one["type"])
    assert broken["failing"][0]["values"] == {"customer_id": "31"}
