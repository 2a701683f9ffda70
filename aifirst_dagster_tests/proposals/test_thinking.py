"""Schema inference with extended thinking, end to end: on the wire, through feedback and streams, into the ledger."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from aifirst_dagster.proposals import schema
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster_tests.loopback.replies import Reply
from aifirst_dagster_tests.proposals.conftest import SOURCE_COLUMNS, column, schema_answer

THOUGHT = "Numbers with leading zeros are labels."
DEEP = Wish(mode="extended_thinking")


def designed(con: duckdb.DuckDBPyConnection, llm: Any, wish: Wish = DEEP) -> Any:
    return schema.design(con, "customers", SOURCE_COLUMNS, llm=llm, wish=wish)


@pytest.mark.parametrize("model", ["claude-sonnet-5-5", "claude-sonnet-5", "claude-haiku-5-5", "claude-opus-5-5"])
@pytest.mark.parametrize("stream", [False, True])
def test_todays_models_think_and_the_audit_trail_has_it(con, claude, claude_server, model: str, stream: bool) -> None:
    claude_server.then(Reply(schema_answer(), thinking=THOUGHT))
    llm = claude(model=model, effort="max", budget_usd=5, max_output_tokens=30_000 if stream else 16_000)
    outcome = designed(con, llm)
    (request,) = claude_server.received
    assert request.body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert request.body["output_config"]["effort"] == "max" and bool(request.body.get("stream")) is stream
    assert outcome.status == "accepted" and outcome.model == model
    (row,) = llm.state().ledger.rows()
    assert (row["thinking"], row["task"], row["status"]) == (THOUGHT, "schema", "settled")


def test_what_it_thought_goes_back_as_it_came_with_what_the_data_denies(con, claude, claude_server) -> None:
    wrong = schema_answer(c3=column("spend", "date"))
    claude_server.then(Reply(wrong, thinking=THOUGHT), Reply(schema_answer(), thinking="Then a number."))
    llm = claude()
    outcome = designed(con, llm)
    first, second = claude_server.received
    assert (first.status, second.status) == (200, 200), "a changed block would have been refused"
    back = second.body["messages"][1]["content"]
    assert [block["type"] for block in back] == ["thinking", "text"] and back[0]["thinking"] == THOUGHT
    assert outcome.verdict.failed == []
    assert [row["thinking"] for row in llm.state().ledger.rows()] == [THOUGHT, "Then a number."]


def test_a_model_that_cannot_think_says_so_and_answers(con, claude, claude_server) -> None:
    claude_server.then(Reply(schema_answer()))
    outcome = designed(con, claude(model="claude-sonnet-4-5"))
    assert "thinking" not in claude_server.received[0].body, "off is what it does where nothing is said"
    assert any("no adaptive thinking" in note for note in outcome.notes) and outcome.status == "accepted"


def test_plain_and_deep_designs_are_different_ones(con, claude, claude_server, store) -> None:
    claude_server.then(Reply(schema_answer()), Reply(schema_answer(), thinking=THOUGHT))
    for wish in (Wish(), DEEP, Wish(), DEEP):
        schema.design(con, "customers", SOURCE_COLUMNS, llm=claude(), wish=wish, store=store)
    kinds = [request.body["thinking"]["type"] for request in claude_server.received]
    assert kinds == ["between_tools", "adaptive"], "each was asked for once, and found again"
