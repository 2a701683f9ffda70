"""A model explains groups; what it claims is tried on the cells, and what they contradict does not stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.proposals.anomalies import explain
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.quality.anomalies import Settings, search
from aifirst_dagster.steps.columns import described
from aifirst_dagster_tests.llm.conftest import claude, project  # noqa: F401
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply
from aifirst_dagster_tests.quality.anomalies.sales import made

QUICK = Settings(multivariate=False)
PLANTED = {
    "price": "CASE WHEN _source = 'sales_07.csv' THEN price * 100 ELSE price END",
    "sold": "CASE WHEN i % 150 = 3 THEN DATE '1900-01-01' ELSE sold END",
}


@pytest.fixture
def found():
    with connect() as con:
        made(con, **PLANTED)
        with search(con, "data", described(con, "data"), QUICK) as done:
            yield con, done


def said(id: str, action: str, **more: Any) -> dict[str, Any]:
    plain = {"cause": "cents", "explanation": "July came in cents.", "cells": -1, "factor": 0.0, "rule_type": "",
             "rule_kwargs": ""}  # fmt: skip
    return {"id": id, "action": action, **plain, **more}


def reply(*groups: dict[str, Any]) -> Reply:
    return Reply(json.dumps({"groups": list(groups)}))


def explained(found, llm: Any = None, wish: Wish = Wish()) -> Any:
    con, done = found
    return explain(con, "data", described(con, "data"), done, llm=llm, wish=wish)


def ids(found) -> dict[str, str]:
    return {group.kind: group.id for group in found[1].found.groups}


def test_without_a_model_the_templates_words_stand(found) -> None:
    outcome = explained(found)
    assert outcome.proposed_by == "offline" and outcome.usage.calls == 0
    assert {group.explained_by for group in outcome.answer.groups} == {"offline"}
    assert "100 times larger" in outcome.answer.groups[0].explanation


def test_words_stand_where_the_cells_bear_them_out(found, claude, claude_server) -> None:  # noqa: F811
    rule = {"rule_type": "expect_column_values_to_be_between",
            "rule_kwargs": json.dumps({"column": "sold", "min_value": "2000-01-01"})}  # fmt: skip
    claude_server.then(
        reply(
            said(ids(found)["scale"], "scale", factor=0.01, cells=100), said(ids(found)["default"], "set_null", **rule)
        )
    )
    groups = {group.kind: group for group in explained(found, claude()).answer.groups}
    scale = groups["scale"]
    assert (scale.cause, scale.state, scale.explained_by) == ("cents", "tested", "claude-sonnet-5-5")
    assert scale.remediation.params == {"factor": 0.01} and scale.cells == 100
    assert "8 of the group's 8 rows break it" in groups["default"].explanation
    assert len(claude_server.received) == 1


def test_what_the_cells_contradict_goes_back_and_then_loses(found, claude, claude_server) -> None:  # noqa: F811
    wrong = reply(
        said(ids(found)["scale"], "scale", factor=0.001),
        said(ids(found)["default"], "swap"),
        said("nonsense", "keep"),
    )
    claude_server.then(wrong, wrong, wrong)
    outcome = explained(found, claude())
    back = claude_server.received[1].text
    assert len(claude_server.received) == 3
    assert "of 100 numbers lie among the others" in back and "cannot be done about this group" in back
    assert "There is no such group" in back
    assert outcome.answer.groups == found[1].found.groups, "the templates' words stand"


def test_a_wrong_count_or_a_rule_that_does_not_part_the_rows_costs_the_words(found, claude, claude_server) -> None:  # noqa: F811
    rule = {"rule_type": "expect_column_values_to_not_be_null", "rule_kwargs": json.dumps({"column": "sold"})}
    wrong = reply(
        said(ids(found)["scale"], "scale", factor=0.01, cells=7), said(ids(found)["default"], "set_null", **rule)
    )
    claude_server.then(wrong, wrong, wrong)
    outcome = explained(found, claude())
    assert {group.explained_by for group in outcome.answer.groups} == {"offline"}
    assert "100 were counted" in claude_server.received[1].text
    assert "0 of the group's 8 rows break it" in claude_server.received[1].text


def test_another_action_that_can_be_done_is_taken_over(found, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(reply(said(ids(found)["default"], "quarantine", cause="unknown birthdays")))
    groups = {group.kind: group for group in explained(found, claude()).answer.groups}
    assert groups["default"].remediation.action == "quarantine"
    assert groups["default"].remediation.also == ["set_null"]
    assert groups["scale"].explained_by == "offline", "a group that the model leaves out keeps its words"


def test_a_model_that_is_down_and_no_groups_leave_what_was_counted(found, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(Fail(529, "overloaded_error"))
    outcome = explained(found, claude(retry={"attempts": 1}))
    assert outcome.answer == found[1].found and "gave no answer" in outcome.notes[0]
    con, _ = found
    made(con)
    with search(con, "data", [], QUICK) as done:
        assert explain(con, "data", [], done, llm=claude()).answer.groups == []
    assert len(claude_server.received) == 1, "nothing to explain: nobody is asked"


def test_values_are_not_shown_where_that_is_forbidden(found, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(reply())
    explained(found, claude(samples="none"))
    sent = json.dumps(claude_server.received[0].body)
    assert "1900-01-01" not in sent and ids(found)["scale"] in sent
