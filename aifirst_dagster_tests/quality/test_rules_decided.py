"""A rule's decision and dimension, and rule files brought up to date with their comments."""

from __future__ import annotations

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.quality.dimensions import dimension
from aifirst_dagster.quality.expectations.vocabulary import VOCABULARY
from aifirst_dagster.quality.rulediff import compare
from aifirst_dagster.quality.rulefile import parse
from aifirst_dagster.quality.rules import Rule, RuleSet
from aifirst_dagster.quality.rulesplice import spliced

DECIDED = """rules:
  - type: expect_column_values_to_be_unique
    kwargs: {column: id}
    decision: {status: muted, by: ann, at: 2026-01-05, why: twins}
"""


def test_a_decision_gives_the_status_and_its_date_may_be_written_plainly():
    (rule,) = parse(DECIDED)
    assert (rule.status, rule.decision.by, rule.decision.at) == ("muted", "ann", "2026-01-05")
    assert rule.live and not rule.counts and not rule.heard


@pytest.mark.parametrize(
    ("wrong", "words"),
    [("status: mutd", "status of a decision"), ("whi: x, status: muted", "Did you mean 'why'"), ("by: 3", "not text")],
)
def test_a_typo_in_a_decision_never_passes(wrong, words):
    text = DECIDED.replace("status: muted, by: ann", wrong)
    with pytest.raises(ConfigError) as raised:
        parse(text, "r.yaml")
    assert words in f"{raised.value.message} {raised.value.hint}" and raised.value.line == 4


def test_every_type_has_a_dimension_and_what_is_missing_is_completeness():
    assert {dimension(type_) for type_ in VOCABULARY} == {
        "completeness", "validity", "uniqueness", "consistency", "timeliness", "integrity",
    }  # fmt: skip
    assert dimension("expect_column_values_to_not_be_null") == "completeness"
    assert dimension("expect_column_max_to_be_recent") == "timeliness"
    assert dimension("expect_column_values_to_be_in_other_table") == "integrity"


def test_rules_about_conditions_and_other_tables_have_ids_of_their_own():
    conditions = [
        Rule(type="expect_condition_to_imply_condition", kwargs={"if_condition": "a > 1", "then_condition": then})
        for then in ("b > 1", "b > 2")
    ]
    assert len({rule.id for rule in conditions}) == 2


RECORD = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}, "severity": "warn"}
STYLES = {
    "indented": "# top\nrules:\n  # first\n  - id: a\n    type: {t}\n    kwargs: {{column: id}}  # key\n# end\n",
    "flush": "rules:\n# first\n- id: a\n  type: {t}\n  kwargs:\n    column: id  # key\nother: 1\n",
    "windows": "rules:\r\n  # first\r\n  - id: a\r\n    type: {t}\r\n    kwargs: {{column: id}}  # key\r\n",
    "dash alone": "rules:\n  # first\n  -\n    id: a\n    type: {t}\n    kwargs: {{column: id}}  # key\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_comments_stay_in_any_style_of_writing(style):
    text = STYLES[style].format(t=RECORD["type"])
    new = {"id": "b", **RECORD, "kwargs": {"column": "1:30"}}
    made = spliced(text, [new, {"id": "a", **RECORD, "status": "muted"}])
    assert made is not None
    assert made.index("id: b") < made.index("# first") < made.index("id: a") < made.index("status: muted")
    assert "# key" in made and "'1:30'" in made, "what an older reader takes for a number is quoted"
    assert made.count("# top") == text.count("# top") and made.count("# end") == text.count("# end")


@pytest.mark.parametrize(
    "text", ["rules: []", "rules: [{id: a}]", "rules:\n- &x {id: a}\n- *x\n", "{}", "a", "rules: 3"]
)
def test_what_cannot_be_parted_is_left_to_the_caller(text):
    assert spliced(text, [{"id": "a", **RECORD}]) is None


def test_versions_are_compared_rule_by_rule():
    old = RuleSet(rules=[Rule(id="a", **RECORD), Rule(id="b", **RECORD)])
    new = RuleSet(rules=[Rule(id="b", **{**RECORD, "severity": "error"}), Rule(id="c", **RECORD)])
    changes = {change.rule: change for change in compare(list(old), list(new))}
    assert {name: change.change for name, change in changes.items()} == {"a": "removed", "b": "changed", "c": "added"}
    assert changes["b"].words == "b: severity warn -> error"
