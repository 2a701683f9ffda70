"""Rules and rule files: strict, stable, kind to what a person wrote."""

import json
import re
from datetime import date

import pytest

from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster.quality.rulefile import parse, parse_rule
from aifirst_dagster.quality.rules import Rule, RuleSet, check_name, stable_id

UNIQUE = "expect_column_values_to_be_unique"
BETWEEN = "expect_column_values_to_be_between"
FILE = """# what we agreed on with the shop
rules:
  # ids come from the till
  - type: expect_column_values_to_be_unique
    kwargs:
      column: id  # the till's own
    severity: error
  - id: "age: plausible?"
    type: expect_column_values_to_be_between
    kwargs: {column: age, min_value: 0, max_value: 120}
"""


def test_a_file_is_read_with_defaults_and_ids_as_given(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(FILE)
    rules = RuleSet.load(path)
    assert [(rule.id, rule.severity, rule.status) for rule in rules] == [
        ("id.values_to_be_unique", "error", "active"),
        ("age: plausible?", "warn", "active"),
    ]


def test_comments_survive_a_programs_edit(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(FILE)
    rules = RuleSet.load(path)
    rules.rules[0].severity = "warn"
    rules.rules[1].kwargs["max_value"] = 130
    rules.rules.append(Rule(type="expect_table_row_count_to_be_between", kwargs={"min_value": 1}))
    rules.dump(path)
    text = path.read_text()
    assert "# what we agreed on with the shop" in text
    assert "# ids come from the till" in text and "# the till's own" in text
    assert RuleSet.load(path) == rules


def test_a_rule_that_is_gone_leaves_the_file(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(FILE)
    rules = RuleSet.load(path)
    rules.rules.pop(0)
    rules.dump(path)
    assert [rule.id for rule in RuleSet.load(path)] == ["age: plausible?"]


def test_json_is_written_and_read_back(tmp_path):
    rules = RuleSet(rules=[Rule(type=BETWEEN, kwargs={"column": 'a "b"\n', "min_value": date(2024, 1, 1)})])
    rules.dump(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["rules"][0]["kwargs"]["min_value"] == "2024-01-01"
    assert RuleSet.load(tmp_path / "r.json").rules[0].kwargs["column"] == 'a "b"\n'


@pytest.mark.parametrize(
    ("wrong", "right", "line", "words"),
    [
        ("severity", "severty", 7, "Did you mean 'severity'"),
        ("values_to_be_unique", "values_to_be_uniq", 4, "Did you mean 'expect_column_values_to_be_unique'"),
        ("min_value", "min_val", 10, "Did you mean 'min_value'"),
        ("max_value: 120", "max_value: [1]", 10, "a number, or a date"),
        ("max_value: 120", "max_value: true", 10, "a number, or a date"),
        ("max_value: 120", "mostly: 1.5", 10, "from 0 to 1"),
        ("column: age, ", "", 9, "lacks 'column'"),
        ("error", "eror", 7, "Did you mean 'error'"),
        ("rules:", "ruls:", 2, "one key: 'rules'"),
        ("column: id", "colum: id", 6, "Did you mean 'column'"),
    ],
)
def test_a_typo_never_passes(wrong, right, line, words):
    with pytest.raises(ConfigError) as caught:
        parse(FILE.replace(wrong, right), "r.yaml")
    assert words in f"{caught.value.message} {caught.value.hint}"
    assert (caught.value.file, caught.value.line) in {("r.yaml", line), ("r.yaml", 8)}


@pytest.mark.parametrize(
    "text", ["rules: [", "- a", "42", "rules: {a: 1}", "rules: [a]", "rules:\n - kwargs: {}", "\x00"]
)
def test_what_is_no_rule_file_is_a_configuration_error(text):
    with pytest.raises(ConfigError):
        parse(text, "r.yaml")


def test_two_rules_of_one_id_name_both_lines():
    text = "rules:\n" + "".join(f"  - id: a\n    type: {UNIQUE}\n    kwargs: {{column: {c}}}\n" for c in "xy")
    with pytest.raises(ConfigError, match="line 2") as caught:
        parse(text, "r.yaml")
    assert caught.value.line == 5


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match="aifirst rules"):
        RuleSet.load(tmp_path / "none.yaml")


def test_an_inline_rule_is_checked_as_strictly():
    assert parse_rule({"type": UNIQUE, "kwargs": {"column": "a"}}).id == "a.values_to_be_unique"
    with pytest.raises(ConfigError):
        parse_rule({"type": UNIQUE, "kwargs": {"column": "a", "mostl": 1}})


def test_identity_does_not_depend_on_thresholds_but_on_columns_and_conditions():
    one = stable_id(BETWEEN, {"column": "a", "min_value": 1})
    assert one == stable_id(BETWEEN, {"column": "a", "max_value": 9, "mostly": 0.9})
    assert one != stable_id(BETWEEN, {"column": "b", "min_value": 1})
    assert one != stable_id(BETWEEN, {"column": "a", "row_condition": "b > 1"})


def test_ids_are_unique_in_a_set():
    rules = RuleSet(rules=[Rule(type=BETWEEN, kwargs={"column": "a", "min_value": n}) for n in range(3)])
    assert [rule.id for rule in rules] == [
        "a.values_to_be_between",
        "a.values_to_be_between-2",
        "a.values_to_be_between-3",
    ]


def test_check_names_are_valid_distinct_and_readable():
    columns = ["email", "E mail", "e_mail", "e-mail", "größe", "a__b", "", "x" * 300, 'q"; DROP TABLE t', "日本"]
    rules = RuleSet(rules=[Rule(type=UNIQUE, kwargs={"column": name}) for name in [*columns, "email"]])
    names = [check_name(rule) for rule in rules]
    assert names[0] == "email__values_to_be_unique"
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) and len(name) < 150 for name in names)


def test_a_check_name_stays_when_the_threshold_moves():
    names = {check_name(Rule(type=BETWEEN, kwargs={"column": "a b", "min_value": low})) for low in range(3)}
    assert len(names) == 1
