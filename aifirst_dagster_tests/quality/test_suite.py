"""Rule sets to Great Expectations and back, and to dbt."""

import json

import pytest
import yaml
from click.testing import CliRunner

from aifirst_dagster.cli.main import cli
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.quality.dbt import dbt_tests
from aifirst_dagster.quality.rules import Rule, RuleSet
from aifirst_dagster.quality.suite import from_suite, suite
from aifirst_dagster_tests.quality.cases import RULES

OWN = Rule(
    type="expect_column_values_to_be_in_other_table",
    kwargs={"column": "customer", "other_table_name": "customers", "other_column_name": "id"},
    severity="error",
    rationale="Each order has a customer.",
)


def test_a_rule_set_comes_back_from_a_suite_as_it_was():
    rules = RuleSet(rules=RULES)
    back, left_out = from_suite(json.loads(json.dumps(suite("all", rules), default=str)))
    assert not left_out
    assert [(r.id, r.type, r.severity) for r in back] == [(r.id, r.type, r.severity) for r in rules]
    assert [r.kwargs for r in back] == json.loads(json.dumps([r.kwargs for r in rules], default=str))


def test_great_expectations_loads_the_suite_and_writes_one_that_is_read():
    from great_expectations.core import ExpectationSuite

    some = [rule for rule in RULES if rule.type != "expect_column_values_to_be_between"][:40]
    written = suite("some", some)
    loaded = ExpectationSuite(name=written["name"], expectations=written["expectations"])
    back, _ = from_suite(loaded.to_json_dict())
    assert [(rule.type, rule.id) for rule in back] == [(rule.type, rule.id) for rule in some]


def test_types_of_our_own_are_not_in_a_suite():
    assert suite("s", [OWN])["expectations"] == []


def test_the_form_of_0_x_is_read_and_settings_of_runs_are_dropped():
    old = {"expectations": [{"expectation_type": "expect_column_to_exist",
                             "kwargs": {"column": "a", "result_format": "BASIC"}, "meta": {}}]}  # fmt: skip
    (rule,) = from_suite(old)[0]
    assert (rule.type, rule.kwargs, rule.severity) == ("expect_column_to_exist", {"column": "a"}, "error")


def test_an_expectation_that_we_do_not_know_is_an_error_or_left_out_on_request():
    tree = {"expectations": [{"type": "expect_colum_to_exist", "kwargs": {"column": "a"}}]}
    with pytest.raises(ConfigError, match="expect_column_to_exist"):
        from_suite(tree, "suite.json")
    rules, left_out = from_suite(tree, skip=True)
    assert not len(rules) and "expect_colum_to_exist" in left_out[0]


def test_rules_become_dbt_tests_under_their_columns():
    rules = [
        Rule(type="expect_column_values_to_not_be_null", kwargs={"column": "id"}, severity="error", rationale="A key."),
        Rule(type="expect_column_values_to_be_unique", kwargs={"column": "id", "row_condition": "state != 'x'"}),
        Rule(type="expect_column_values_to_be_in_set", kwargs={"column": "n", "value_set": [1, 2, None]}),
        Rule(type="expect_compound_columns_to_be_unique", kwargs={"column_list": ["a", "b"]}),
        OWN,
    ]
    made = dbt_tests("orders", rules)
    (model,) = made.schema["models"]
    assert not made.left_out
    assert model["data_tests"] == [
        {"dbt_utils.unique_combination_of_columns":
            {"combination_of_columns": ["a", "b"], "config": {"severity": "warn"}}}
    ]  # fmt: skip
    columns = {column["name"]: column["data_tests"] for column in model["columns"]}
    assert columns["id"][0] == {"not_null": {"description": "A key."}}
    assert columns["id"][1]["unique"]["config"]["where"] == "(((\"state\") IS DISTINCT FROM 'x')) IS TRUE"
    assert columns["n"] == [{"accepted_values": {"values": [1, 2], "quote": False, "config": {"severity": "warn"}}}]
    relation = columns["customer"][0]["relationships"]
    assert (relation["to"], relation["field"]) == ("ref('customers')", "id")
    assert [package["package"] for package in made.packages["packages"]] == ["dbt-labs/dbt_utils"]


@pytest.mark.parametrize(
    ("type_", "kwargs", "why"),
    [
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": [1], "mostly": 0.9}, "share"),
        ("expect_column_values_to_be_between", {"column": "a", "min_value": 1, "max_value": 2, "strict_min": True},
         "both ends or none"),
        ("expect_column_kl_divergence_to_be_less_than", {"column": "a", "partition_object": None, "threshold": 1},
         "Neither dbt"),
    ],
)  # fmt: skip
def test_what_dbt_has_no_equivalent_for_is_said(type_, kwargs, why):
    made = dbt_tests("m", [Rule(type=type_, kwargs=kwargs)])
    assert why in made.left_out[0][1] and made.schema["models"] == [{"name": "m"}]


def test_a_muted_rule_is_no_test():
    assert dbt_tests("m", [OWN.model_copy(update={"status": "muted"})]).left_out[0][1] == "It is muted."


def test_the_command_converts_both_ways(tmp_path):
    rules, there, back, schema = (str(tmp_path / n) for n in ("r.yaml", "suite.json", "back.yaml", "schema.yml"))
    RuleSet(rules=[*RULES[:5], OWN]).dump(rules)
    run = CliRunner()
    out = run.invoke(cli, ["rules", "convert", rules, there, "--json"])
    answer = json.loads(out.stdout)
    assert (out.exit_code, answer["rules"], answer["from"], answer["to"]) == (0, 5, "aifirst", "gx")
    assert [one["rule"] for one in answer["left_out"]] == [OWN.id]
    assert run.invoke(cli, ["rules", "convert", there, back]).exit_code == 0
    assert [rule.id for rule in RuleSet.load(back)] == [rule.id for rule in RULES[:5]]
    assert run.invoke(cli, ["rules", "convert", rules, schema, "--to", "dbt", "--model", "orders"]).exit_code == 0
    assert yaml.safe_load((tmp_path / "schema.yml").read_text())["models"][0]["name"] == "orders"


def test_what_is_neither_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"a": 1}')
    out = CliRunner().invoke(cli, ["rules", "convert", str(tmp_path / "x.json"), str(tmp_path / "y.yaml"), "--json"])
    assert out.exit_code != 0 and not (tmp_path / "y.yaml").exists()
