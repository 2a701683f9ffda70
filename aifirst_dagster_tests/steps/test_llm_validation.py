"""`llm_validation`: rules judge the rows, a verdict lies beside them, and outputs below must respect it."""

from __future__ import annotations

import pytest

from aifirst_dagster import state
from aifirst_dagster.errors import AifirstError, QualityError
from aifirst_dagster_tests.scenario import Place, aside, rows, step

PEOPLE = "id,name,age\n" + "".join(f"{number},p{number},{20 + number % 50}\n" for number in range(1, 100))
BAD = "100,p100,400\n101,,30\n"
RULES = [
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 120}, "severity": "error"},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}, "severity": "warn"},
]
RAW = step("raw", "connector", path="in/people.csv")


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("in/people.csv", PEOPLE + BAD)
    return place


def pipeline(shop: Place, **config):
    return shop.pipeline(
        RAW,
        step("checked", "llm_validation", **{"rules": RULES, **config}),
        step("kept", "sql", query="SELECT * FROM checked"),
        step("save", "output", path="out/people.parquet"),
    )


def checked(shop: Place, **config):
    return shop.run(pipeline(shop, **config), "raw", "checked")


def test_rows_that_break_an_error_rule_are_set_aside_and_others_pass(shop):
    made = checked(shop)
    assert (made.manifest.rows_in, made.manifest.rows_out, made.manifest.quarantined) == (101, 100, 1)
    (entry,) = aside(made)
    assert entry["values"] == {"id": 100, "name": "p100", "age": 400}
    assert "age" in entry["reason"]
    assert 400 not in {row[0] for row in rows(made, "age")}
    assert None in {row[0] for row in rows(made, "name")}, "a warning sets nothing aside"


def test_the_verdict_lies_beside_the_data(shop):
    made = checked(shop)
    verdict = made.read_json("verdict.json")
    raw = shop.store.current("shop", "raw").manifest.version
    assert (verdict["rows"], verdict["threshold"], verdict["inputs"]) == (101, 0.95, [raw])
    by_type = {rule["type"]: rule for rule in verdict["rules"]}
    between = by_type["expect_column_values_to_be_between"]
    assert (between["success"], between["unexpected_count"], between["set_aside"]) == (False, 1, True)
    assert by_type["expect_column_values_to_not_be_null"]["set_aside"] is False
    assert 0.95 < verdict["score"] < 1
    assert made.manifest.gate["status"] == "passed"


def test_a_score_of_one_where_all_rules_hold(shop):
    shop.write("in/people.csv", PEOPLE)
    made = checked(shop)
    assert made.read_json("verdict.json")["score"] == 1.0
    assert aside(made) == []


def test_data_that_keeps_every_rule_is_linked_not_copied(shop):
    shop.write("in/people.csv", PEOPLE)
    made = checked(shop)
    before = shop.store.current("shop", "raw")
    assert [part.stat().st_ino for part in made.parts] == [part.stat().st_ino for part in before.parts]


def test_without_quarantine_all_rows_pass(shop):
    made = checked(shop, quarantine=False)
    assert (made.manifest.rows_out, made.manifest.quarantined) == (101, 0)
    assert not any(rule["set_aside"] for rule in made.read_json("verdict.json")["rules"])


def test_a_score_below_the_threshold_keeps_outputs_from_writing(shop):
    wanted = pipeline(shop, threshold=1.0)
    shop.run(wanted, "raw", "checked", "kept")
    checked_version = shop.store.current("shop", "checked").manifest
    assert checked_version.gate["status"] == "blocked"
    with pytest.raises(QualityError, match=r"blocked by checked: its quality score .* below the threshold 1.0"):
        shop.run(wanted, "save")
    assert not (shop.root / "out").exists()


def test_a_warning_lets_outputs_write(shop):
    wanted = pipeline(shop, threshold=1.0, on_fail="warn")
    shop.run(wanted)
    assert shop.store.current("shop", "checked").manifest.gate["status"] == "warned"
    assert len(rows(shop.root / "out/people.parquet", "*")) == 100


def test_the_rules_are_generated_from_the_data(shop):
    made = checked(shop, rules="auto_generate")
    verdict = made.read_json("verdict.json")
    assert len(verdict["rules"]) >= 3
    assert {"name", "id"} & {rule["kwargs"].get("column") for rule in verdict["rules"]}
    assert (shop.project.designs / "shop" / "checked" / "rules.yaml").is_file()
    assert made.manifest.rows_in == made.manifest.rows_out + made.manifest.quarantined


def test_the_rules_may_lie_in_a_file(shop):
    shop.write(
        "rules/people.yaml",
        "rules:\n  - type: expect_column_values_to_be_between\n    kwargs: {column: age, max_value: 60}\n"
        "    severity: error\n",
    )
    made = checked(shop, rules="rules/people.yaml")
    assert made.manifest.quarantined == sum(1 for number in range(1, 100) if 20 + number % 50 > 60) + 1


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("rules/none.yaml", "rules/none.yaml"),
        ([{"type": "expect_colum_values_to_not_be_null", "kwargs": {"column": "name"}}], "expect_column_values_to_not"),
        ([{"kwargs": {"column": "name"}}], "type"),
    ],
)
def test_rules_that_are_wrong_are_worded(shop, rules, said):
    with pytest.raises(AifirstError) as caught:
        checked(shop, rules=rules)
    assert said in str(caught.value)


def test_a_rule_about_a_column_that_is_gone_is_not_evaluated_and_said_so(shop):
    gone = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "email"}, "severity": "error"}
    made = checked(shop, rules=[*RULES, gone], threshold=0.5)
    rule = next(rule for rule in made.read_json("verdict.json")["rules"] if rule["kwargs"].get("column") == "email")
    assert rule["success"] is None and "email" in rule["error"]


def test_a_released_row_passes_and_no_longer_lies_in_quarantine(shop):
    (entry,) = aside(checked(shop))
    state.open(shop.project).quarantine.record("shop", "checked", [entry["id"]], "release", actor="me")
    made = checked(shop)
    assert aside(made) == []
    assert 400 in {row[0] for row in rows(made, "age")}
    assert (made.manifest.rows_in, made.manifest.rows_out, made.manifest.quarantined) == (101, 101, 0)


def test_a_released_row_that_changed_is_set_aside_again(shop):
    (entry,) = aside(checked(shop))
    state.open(shop.project).quarantine.record("shop", "checked", [entry["id"]], "release", actor="me")
    shop.write("in/people.csv", PEOPLE + BAD.replace("400", "500"))
    (now,) = aside(checked(shop))
    assert now["values"]["age"] == 500


def test_a_row_that_breaks_several_rules_says_all_of_them(shop):
    named = [{"type": "expect_column_values_to_not_match_regex", "kwargs": {"column": "name", "regex": "^p100$"}}]
    made = checked(shop, rules=[RULES[0], {**named[0], "severity": "error"}])
    (entry,) = aside(made)
    assert "age" in entry["reason"] and "name" in entry["reason"]


def test_columns_called_as_our_own_are_no_trouble(shop):
    query = (
        """SELECT age AS "_broken", name AS "row", id AS "values", 'x' AS "reason", 'y' AS "it's ""odd""\n" FROM raw"""
    )
    rule = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "_broken", "max_value": 120}}
    made = shop.run(
        shop.pipeline(
            RAW,
            step("named", "sql", query=query),
            step("checked", "llm_validation", rules=[{**rule, "severity": "error"}]),
        )
    )
    assert (made.manifest.rows_out, made.manifest.quarantined) == (100, 1)
    (entry,) = aside(made)
    assert entry["values"] == {"_broken": 400, "row": "p100", "values": 100, "reason": "x", 'it\'s "odd"\n': "y"}


@pytest.mark.parametrize("content", ["id,name,age\n", "id,name,age\n1,a,30\n", "id,name,age\n1,,\n2,,\n"])
def test_small_and_empty_tables_have_a_verdict(shop, content):
    shop.write("in/people.csv", content)
    for rules in ("auto_generate", RULES):
        made = checked(shop, rules=rules)
        assert made.manifest.rows_in == made.manifest.rows_out + made.manifest.quarantined
        assert made.read_json("verdict.json") is not None
        shop.run(pipeline(shop, rules=rules, on_fail="warn"), "raw", "checked", "kept", "save")
