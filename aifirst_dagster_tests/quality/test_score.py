"""The score: what each rule brings, by dimension, and in all; nothing is judged by what was learned from it."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster.quality.score import DIMENSIONS, by_dimension, explained, score
from aifirst_dagster_tests.scenario import Place, step


def found(short: str, column: str = "a", percent: float | None = 0.0, **more):
    """A rule's verdict: so many percent of its values are unexpected."""
    status, severity = more.pop("status", "active"), more.pop("severity", "error")
    extra = {
        "expect_column_values_to_be_in_set": {"value_set": [1]},
        "expect_column_values_to_be_between": {"min_value": 0},
    }
    type_ = f"expect_column_values_to_{short}"
    rule = Rule(type=type_, kwargs={"column": column, **extra.get(type_, {})}, severity=severity, status=status)
    return RuleResult.of(rule, success=not percent if percent is not None else None, unexpected_percent=percent, **more)


def test_each_dimension_is_the_mean_of_its_own_rules():
    scored = by_dimension([found("not_be_null", percent=10), found("not_be_null", "b"), found("be_unique", percent=40)])
    assert scored.dimensions["completeness"] == pytest.approx(0.95)
    assert scored.dimensions["uniqueness"] == pytest.approx(0.6)
    assert scored.dimensions["timeliness"] is None
    assert list(scored.dimensions) == list(DIMENSIONS)


def test_the_overall_figure_is_the_weighted_mean_of_the_dimensions():
    results = [found("not_be_null", percent=10), found("be_unique", percent=40, severity="warn"), found("be_in_set")]
    scored = by_dimension(results, weights={"completeness": 2, "validity": 0})
    assert scored.overall == pytest.approx((2 * 3 * 0.9 + 1 * 0.6) / (2 * 3 + 1))
    assert scored.dimensions["validity"] == 1.0, "a weight of 0 leaves its own figure standing"
    parts = explained(scored)
    again = sum(part["score"] * part["weight"] for part in parts)
    assert again == pytest.approx(scored.overall), "the dimensions and their weights explain the whole"
    assert sum(part["weight"] for part in parts) == pytest.approx(1)


def test_without_weights_it_is_the_figure_that_it_always_was():
    results = [found("not_be_null", percent=10), found("be_unique", percent=40, severity="warn"), found("be_in_set")]
    assert score(results) == pytest.approx((3 * 0.9 + 1 * 0.6 + 3 * 1.0) / 7)


def test_nothing_judged_is_no_figure_and_what_cannot_be_judged_is_zero():
    nothing = by_dimension([found("not_be_null", status="muted", percent=90)])
    assert nothing.overall is None
    assert set(nothing.dimensions.values()) == {None}
    assert score([]) == 1.0
    assert by_dimension([found("not_be_null", percent=None)]).dimensions["completeness"] == 0.0


def test_rows_that_a_query_finds_count_by_their_share():
    rule = Rule(type="unexpected_rows_expectation", kwargs={"unexpected_rows_query": "SELECT * FROM {batch}"})
    result = RuleResult.of(rule, success=False, evaluated=200, unexpected_count=50, observed_value="50 unexpected rows")
    assert by_dimension([result]).dimensions["consistency"] == 0.75


def test_columns_have_figures_of_their_own():
    scored = by_dimension([found("not_be_null", percent=10), found("be_between", "b", percent=50)], ["a", "b", "c"])
    assert scored.columns == {"a": {"completeness": 0.9}, "b": {"validity": 0.5}, "c": {}}


PEOPLE = "id,name,age\n" + "".join(f"{n},p{n},{20 + n % 50}\n" for n in range(1, 400))


def _validated(place: Place, rows: str, **config):
    place.write("in/people.csv", rows)
    pipeline = place.pipeline(
        step("raw", "connector", path="in/people.csv"), step("checked", "llm_validation", **config)
    )
    return place.run(pipeline).read_json("verdict.json")


def test_a_pipeline_says_where_rules_were_learned_from_the_rows_that_they_judge(place: Place):
    first = _validated(place, PEOPLE)
    assert first["self_learned"] is True
    assert all(rule["self_learned"] for rule in first["rules"])
    again = _validated(place, PEOPLE)
    assert again["self_learned"] is True, "the same rows, read again, are no news"
    later = _validated(place, PEOPLE + "400,,900\n")
    assert later["self_learned"] is False
    assert later["score"] < 1


def test_rules_of_a_person_are_never_learned_from_the_rows(place: Place):
    rules = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}, "severity": "error"}]
    verdict = _validated(place, PEOPLE, rules=rules)
    assert verdict["self_learned"] is False
    assert verdict["dimensions"] == {**dict.fromkeys(DIMENSIONS), "completeness": 1.0}


def test_weights_come_from_the_pipeline_and_move_score_and_threshold(place: Place):
    rules = [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}, "severity": "error"},
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "age", "max_value": 44},
            "severity": "error",
        },
    ]
    plain = _validated(place, PEOPLE, rules=rules, threshold=0.7)
    heavy = _validated(place, PEOPLE, rules=rules, threshold=0.7, weights={"validity": 9})
    assert (plain["score"] > 0.7, heavy["score"] < 0.7) == (True, True)
    assert heavy["dimensions"] == plain["dimensions"]
    gate = place.store.current("shop", "checked").manifest.gate
    assert gate["status"] == "blocked"


def test_the_command_tells_the_dimensions_and_none_for_rules_learned_on_the_spot(tmp_path, aifirst):
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE.replace("p7,", ",", 1), encoding="utf-8")
    rules = tmp_path / "rules.json"
    rule = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}, "severity": "error"}
    rules.write_text(json.dumps({"rules": [rule]}), encoding="utf-8")
    told = aifirst("check", file, "--rules", rules, "--json").json
    assert told["dimensions"]["completeness"] == pytest.approx(told["score"]) == pytest.approx(1 - 1 / 399, abs=1e-6)
    assert told["dimensions"]["validity"] is None
    learned = aifirst("check", file, "--json").json
    assert (learned["score"], set(learned["dimensions"].values())) == (None, {None})
