"""Rules: a model's hold on rows it has not seen and can fail, learned ones stay, a person's go unchanged."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import rules
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.rules.probes import cannot_fail
from aifirst_dagster.proposals.rules.proposal import ProposedRule
from aifirst_dagster.proposals.rules.trial import parsed
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster_tests.loopback.replies import Fail, Reply


@pytest.fixture
def people(con):
    con.execute("""CREATE TABLE people AS SELECT i::BIGINT AS id, (20 + i * 7 % 50)::BIGINT AS age,
        'p' || i || '@example.com' AS email, DATE '2024-01-01' + (i % 300)::INTEGER AS start_day,
        DATE '2024-01-05' + (i % 300)::INTEGER AS end_day, 'f' AS _source, i + 2 AS _source_line
        FROM range(1000) r(i)""")
    physical = {"id": "BIGINT", "age": "BIGINT", "email": "VARCHAR", "start_day": "DATE", "end_day": "DATE"}
    types = {"BIGINT": "integer", "VARCHAR": "string", "DATE": "date"}
    return [Column(name=n, source_name=n, type=types[p], physical_type=p) for n, p in physical.items()]


def rule(type_: str, severity: str = "warn", **kwargs: object) -> dict:
    return {"type": type_, "kwargs": json.dumps(kwargs), "severity": severity, "rationale": f"Because of {type_}."}


AGE = rule("expect_column_values_to_be_between", "error", column="age", min_value=0, max_value=130)
ORDER = rule("expect_column_pair_values_a_to_be_greater_than_b", column_A="end_day", column_B="start_day")


def answer(*given: dict) -> Reply:
    return Reply(json.dumps({"rules": list(given)}))


def test_offline_the_learned_rules_are_accepted_and_found_again(con, people, store) -> None:
    first = rules.design(con, "people", people, store=store)
    second = rules.design(con, "people", people, store=DesignStore(store.folder))

    assert len(first.answer.rules) > 0 and all(rule.status == "active" for rule in first.answer.rules)
    assert second.reused and [r.model_dump() for r in second.answer.rules] == [
        r.model_dump() for r in first.answer.rules
    ]


def test_a_models_rules_join_the_learned_ones_and_are_not_bought_again(
    con, people, store, claude, claude_server
) -> None:
    learned = {rule.id for rule in rules.design(con, "people", people).answer.rules}
    claude_server.then(answer(AGE, ORDER))

    first = rules.design(con, "people", people, store=store, llm=claude())
    second = rules.design(con, "people", people, store=DesignStore(store.folder), llm=claude())

    by_id = {rule.id: rule for rule in second.answer.rules}
    assert len(claude_server.received) == 1 and second.reused and learned <= set(by_id)
    age = by_id["age.values_to_be_between"]
    assert (age.kwargs["max_value"], age.severity, age.provenance) == (130, "error", "claude-sonnet-5-5")
    assert {claim.state for claim in first.verdict.claims} == {"tested"}


WRONG = {
    "it does not hold": (
        rule("expect_column_values_to_be_between", column="age", min_value=0, max_value=30),
        "break it",
    ),
    "it cannot fail": (rule("expect_column_values_to_match_regex", column="email", regex=".*"), "cannot fail"),
    "an unknown type": (rule("expect_column_values_to_be_lovely", column="age"), "expect_column_values"),
    "an unknown argument": (rule("expect_column_values_to_not_be_null", colum="age"), "colum"),
    "an unknown column": (rule("expect_column_values_to_not_be_null", column="shoe_size"), "shoe_size"),
    "no JSON": ({**AGE, "kwargs": "{column: age"}, "not JSON"),
    "no object": ({**AGE, "kwargs": "[1]"}, "no JSON object"),
    "no regular expression": (rule("expect_column_values_to_match_regex", column="email", regex="("), ""),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_rule_that_the_data_does_not_bear_out_is_rejected_with_its_reason(
    why, con, people, store, claude, claude_server
) -> None:
    bad, words = WRONG[why]
    claude_server.then(*[answer(ORDER, bad)] * 3)

    outcome = rules.design(con, "people", people, store=store, llm=claude())

    assert len(claude_server.received) == 3 and words in claude_server.received[1].text
    assert any(rule.type == ORDER["type"] for rule in outcome.answer.rules)
    told = [reason for rejected, reason in outcome.answer.rejected if rejected["type"] == bad["type"]]
    assert any(words in reason for reason in told)


def test_mostly_lets_a_rule_hold_that_a_few_rows_break(con, people, store, claude, claude_server) -> None:
    con.execute("UPDATE people SET age = 999 WHERE id % 50 = 3")
    claude_server.then(answer({**AGE, "kwargs": json.dumps({**json.loads(AGE["kwargs"]), "mostly": 0.95})}))

    outcome = rules.design(con, "people", people, store=store, llm=claude())

    assert outcome.verdict.failed == []


def test_overload_falls_back_to_the_learned_rules(con, people, store, claude, claude_server) -> None:
    claude_server.then(*[Fail(529, "overloaded_error")] * 4)

    outcome = rules.design(con, "people", people, store=store, llm=claude())

    assert outcome.status == "provisional" and len(outcome.answer.rules) > 0


def test_the_values_of_people_do_not_leave(con, people, store, claude, claude_server) -> None:
    claude_server.then(answer(AGE))

    rules.design(con, "people", people, store=store, llm=claude())

    assert "p17@example" not in claude_server.received[0].text and "x99@xxxxxxx.com" in claude_server.received[0].text


def test_a_persons_rules_pass_through_unchanged_and_nobody_is_asked(con, people, store, claude, claude_server) -> None:
    mine = [{"id": "my own, #1", "type": "expect_column_values_to_not_be_null", "kwargs": {"column": "age"}}]

    outcome = rules.design(con, "people", people, rules=mine, store=store, llm=claude())

    assert claude_server.received == [] and not store.folder.exists()
    assert list(outcome.answer.rules) == [Rule.model_validate(mine[0])] and outcome.proposed_by == "person"
    with pytest.raises(ConfigError):
        rules.design(con, "people", people, rules=[{"type": "expect_nothing"}])


def test_a_bare_file_asks_the_named_provider(con, people, claude, claude_server, project, monkeypatch) -> None:
    claude()
    monkeypatch.setenv("AIFIRST_PROJECT", str(project.root))
    claude_server.then(answer(AGE))

    accepted, _, by = rules.propose_for_file(con, "people", people, claude())

    assert by == "claude-sonnet-5-5" and any(rule.kwargs.get("max_value") == 130 for rule in accepted)


@pytest.mark.parametrize(
    "given",
    [
        rule("expect_column_values_to_not_be_null", column="email", row_condition="age > 30",
             condition_parser="pandas"),
        rule("expect_condition_to_imply_condition", if_condition="age > 60", then_condition="id >= 0",
             condition_parser="pandas"),
        rule("expect_column_values_to_be_determined_by_columns", column="end_day", column_list=["start_day"]),
        rule("expect_column_max_to_be_recent", column="end_day", max_age="900000 days"),
    ],
    ids=["where", "if then", "determined", "recent"],
)  # fmt: skip
def test_rules_between_columns_and_about_time_are_able_to_fail(con, people, given) -> None:
    said, _ = parsed(ProposedRule.model_validate(given))
    assert cannot_fail(con, "people", [said]) == set()


def test_what_always_follows_cannot_fail(con, people) -> None:
    given = rule("expect_condition_to_imply_condition", if_condition="age > 60", then_condition="1 == 1",
                 condition_parser="pandas")  # fmt: skip
    said, _ = parsed(ProposedRule.model_validate(given))
    assert cannot_fail(con, "people", [said]) == {said.id}
