"""Conversations with tools, on the wire: bounded, complete, in order, and never broken by what a model calls."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.errors import InputError
from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.parts import ImagePart, TextPart
from aifirst_dagster.llm.tools import Bounds, Conversation, ConversationError, Tool, converse
from aifirst_dagster.llm.types import LLMRequest, ToolSpec
from aifirst_dagster_tests.loopback.replies import Fail, Hang, Reply, ToolUse


class Answer(BaseModel):
    """What is asked for in the end."""

    model_config = ConfigDict(extra="forbid")

    total: int


class Number(BaseModel):
    """Arguments of the tools here."""

    model_config = ConfigDict(extra="forbid")

    n: int = Field(ge=0)


def tool(run: Callable[[Number], Any] = lambda given: str(given.n * 2), name: str = "double") -> Tool:
    return Tool(ToolSpec(name=name, description="Doubles.", arguments=Number), run)


def ask(llm, *tools: Tool, thinking: str = "off", **bounds: Any) -> Conversation:
    request = LLMRequest(messages="How much is it?", output=Answer, thinking=thinking)  # type: ignore[arg-type]
    return converse(llm, request, tools or (tool(),), Bounds(**bounds))


def calls(*given: dict[str, Any], name: str = "double", text: str = "", thinking: str = "") -> Reply:
    return Reply(text, thinking=thinking, tools=tuple(ToolUse(name, one) for one in given))


DONE = Reply('{"total": 42}')


def last(server) -> list[dict[str, Any]]:
    """The blocks of the last request's last turn."""
    return server.received[-1].body["messages"][-1]["content"]


def test_results_go_back_and_the_last_answer_satisfies_the_output(claude, claude_server) -> None:
    claude_server.then(calls({"n": 21}), DONE)

    talk = ask(claude())

    assert talk.response is not None and talk.response.parsed == Answer(total=42)
    assert (talk.ended, talk.turns, talk.uses[0].arguments) == ("answered", 2, {"n": 21})
    (result,) = last(claude_server)
    assert result["type"] == "tool_result" and result["content"][0]["text"] == "42" and not result.get("is_error")
    assert talk.usage.calls == 2 and talk.usage.cost_usd > 0 and talk.response.usage == talk.usage
    sent = claude_server.received[0].body["tools"][0]
    assert sent["name"] == "double" and sent["strict"] is True and "n" in sent["input_schema"]["properties"]


def test_it_is_the_same_over_every_wire(rig) -> None:
    """Two calls in one turn, a wrong one after that, and the answer; each server refuses what its API refuses."""
    rig.server.then(calls({"n": 20}, {"n": 1}), calls({"n": -1}), DONE)

    talk = ask(rig.open())

    assert talk.response is not None and talk.response.parsed == Answer(total=42)
    assert [(use.arguments, use.is_error) for use in talk.uses] == [
        ({"n": 20}, False), ({"n": 1}, False), ({"n": -1}, True),
    ]  # fmt: skip
    assert [request.status for request in rig.server.received] == [200, 200, 200]
    assert talk.usage.calls == 3 and '"40"' in json.dumps(rig.server.received[1].body)


def test_parallel_calls_run_side_by_side_and_are_answered_in_order_in_one_turn(claude, claude_server) -> None:
    together = threading.Barrier(3, timeout=5)

    def run(given: Number) -> str:
        together.wait()
        time.sleep(0.05 * (3 - given.n))
        return f"answer {given.n}"

    claude_server.then(calls({"n": 0}, {"n": 1}, {"n": 2}, text="Let me see."), DONE)

    talk = ask(claude(), tool(run))

    blocks = last(claude_server)
    asked = [b["id"] for b in claude_server.received[-1].body["messages"][-2]["content"] if b["type"] == "tool_use"]
    assert [block["tool_use_id"] for block in blocks] == asked
    assert [block["content"][0]["text"] for block in blocks] == ["answer 0", "answer 1", "answer 2"]
    assert [use.arguments["n"] for use in talk.uses] == [0, 1, 2]


def test_thinking_goes_back_exactly_as_it_came(claude, claude_server) -> None:
    claude_server.then(calls({"n": 1}, thinking="First I double."), calls({"n": 2}, thinking="Again."), DONE)

    talk = ask(claude(), thinking="adaptive")

    # The server refuses a thinking block that was changed, moved or stands after a changed history.
    assert [request.status for request in claude_server.received] == [200, 200, 200]
    thoughts = [
        block["thinking"]
        for turn in claude_server.received[-1].body["messages"]
        for block in turn["content"]
        if block["type"] == "thinking"
    ]
    assert thoughts == ["First I double.", "Again."] and talk.turns == 3


WRONG = {
    "an unknown tool": (calls({"n": 1}, name="erase_disk"), "no tool 'erase_disk'"),
    "a missing argument": (calls({}), "n: Field required"),
    "a wrong type": (calls({"n": "many"}), "n: Input should be a valid integer"),
    "a value out of range": (calls({"n": -1}), "greater than or equal to 0"),
    "an argument too many": (calls({"n": 1, "sudo": True}), "sudo"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_is_answered_as_an_error_and_the_conversation_goes_on(case, claude, claude_server) -> None:
    reply, words = WRONG[case]
    ran: list[int] = []
    claude_server.then(reply, calls({"n": 21}), DONE)

    talk = ask(claude(), tool(lambda given: ran.append(given.n) or str(given.n)))

    first = claude_server.received[1].body["messages"][-1]["content"][0]
    assert first["is_error"] is True and words in first["content"][0]["text"]
    assert ran == [21] and talk.response is not None and [use.is_error for use in talk.uses] == [True, False]


def test_a_tool_that_fails_says_why_only_where_the_words_are_ours(claude, claude_server) -> None:
    def ours(given: Number) -> str:
        raise InputError("The page is missing.", hint="Ask for another.")

    def surprise(given: Number) -> str:
        raise RuntimeError("secret-token-123")

    both = Reply(tools=(ToolUse("ours", {"n": 1}), ToolUse("surprise", {"n": 1})))
    claude_server.then(both, DONE)

    ask(claude(), tool(ours, "ours"), tool(surprise, "surprise"))

    told = [block["content"][0]["text"] for block in last(claude_server)]
    assert told == ["The page is missing. Ask for another.", "The tool failed (RuntimeError)."]


def test_long_results_are_cut_with_a_notice(claude, claude_server) -> None:
    claude_server.then(calls({"n": 1}), DONE)

    ask(claude(), tool(lambda given: "x" * 5_000), result_chars=1_000)

    text = last(claude_server)[0]["content"][0]["text"]
    assert text.startswith("x" * 1_000) and "4000 of 5000 characters left out" in text and len(text) < 1_100


def test_pictures_go_back_as_pictures(claude, claude_server) -> None:
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    claude_server.then(calls({"n": 1}), DONE)

    ask(claude(), tool(lambda given: [TextPart(text="page 1"), ImagePart(data=dot, width=1, height=1)]))

    assert [inner["type"] for inner in last(claude_server)[0]["content"]] == ["text", "image"]


def test_more_calls_than_allowed_in_a_turn_are_refused_one_by_one(claude, claude_server) -> None:
    claude_server.then(calls(*[{"n": n} for n in range(5)]), DONE)

    talk = ask(claude(), calls=2)

    assert [use.is_error for use in talk.uses] == [False, False, True, True, True]


def test_the_model_is_told_before_its_last_turn_and_stopped_after_it(claude, claude_server) -> None:
    claude_server.answer_with(lambda body: calls({"n": 1}))

    with pytest.raises(ConversationError, match="3 turns") as error:
        ask(claude(), turns=3)

    assert len(claude_server.received) == 3 and error.value.conversation.ended == "turns"
    result, told = last(claude_server)
    assert result["type"] == "tool_result" and "no more tools" in told["text"]
    assert error.value.usage.calls == 3 and isinstance(error.value, LLMError)


def test_a_model_that_answers_at_its_last_turn_is_heard(claude, claude_server) -> None:
    claude_server.then(calls({"n": 1}), DONE)

    assert ask(claude(), turns=2).ended == "answered"


def test_a_slow_tool_does_not_outlive_the_conversations_time(claude, claude_server) -> None:
    claude_server.then(calls({"n": 1}), DONE)
    began = time.perf_counter()

    with pytest.raises(ConversationError, match="bound of 2 s") as error:
        ask(claude(), tool(lambda given: time.sleep(8) or "late"), seconds=2)

    assert time.perf_counter() - began < 6 and error.value.conversation.ended == "seconds"
    assert error.value.usage.calls == 1 and len(error.value.conversation.messages) == 2


def test_a_silent_server_does_not_outlive_it_either(claude, claude_server) -> None:
    claude_server.then(Hang(5))
    began = time.perf_counter()

    with pytest.raises(ConversationError):
        ask(claude(timeout=60), seconds=0.5)

    assert time.perf_counter() - began < 4


def test_a_turn_that_could_exceed_the_conversations_cap_is_not_sent(claude, claude_server) -> None:
    llm = claude(max_output_tokens=1_000)
    claude_server.answer_with(lambda body: calls({"n": 1}))

    with pytest.raises(ConversationError, match="not sent") as error:
        ask(llm, usd=0.03, turns=50)

    talk = error.value.conversation
    assert talk.ended == "usd" and 0 < talk.usage.cost_usd <= 0.03
    assert len(claude_server.received) == talk.turns >= 1


def test_where_bytes_would_forbid_a_turn_the_providers_count_decides(claude, claude_server) -> None:
    """A prompt of 300,000 bytes could be as many tokens; it is 75,000 of this server's."""
    claude_server.then(DONE)
    request = LLMRequest(messages="spam " * 60_000, output=Answer)

    talk = converse(claude(max_output_tokens=1_000), request, (tool(),), Bounds(usd=0.3))

    assert talk.ended == "answered" and len(claude_server.counted) >= 1


def test_a_failure_on_the_way_keeps_what_was_said_and_what_it_cost(claude, claude_server) -> None:
    claude_server.then(calls({"n": 1}), Fail(400, "invalid_request_error", "no"))

    with pytest.raises(ConversationError) as error:
        ask(claude())

    talk = error.value.conversation
    assert talk.ended == "failed" and talk.turns == 1 and talk.uses[0].name == "double"
    assert error.value.usage.calls == 2 and error.value.usage.failures == 1


def test_an_answer_that_does_not_validate_is_mended_within_the_conversation(claude, claude_server) -> None:
    claude_server.then(calls({"n": 1}), Reply("forty-two"), DONE)

    talk = ask(claude())

    assert talk.response is not None and talk.response.parsed == Answer(total=42) and talk.usage.calls == 3


def test_a_history_with_an_answer_that_was_mended_can_be_continued_while_thinking(claude, claude_server) -> None:
    claude_server.then(Reply("forty", thinking="Hm."), Reply(DONE.text, thinking="Right."), DONE)
    llm = claude()

    talk = ask(llm, thinking="adaptive")
    more = talk.request.model_copy(update={"messages": (*talk.messages, _user("Sure?"))})
    again = converse(llm, more, (tool(),), Bounds())

    assert again.ended == "answered" and [request.status for request in claude_server.received] == [200, 200, 200]


def _user(text: str):
    from aifirst_dagster.llm.types import Message

    return Message(role="user", content=(TextPart(text=text),))


def test_the_transcript_is_json_that_a_person_can_read(claude, claude_server) -> None:
    claude_server.then(calls({"n": 4}, text="Let me see.", thinking="I need a number."), DONE)

    told = json.loads(json.dumps(ask(claude(), thinking="adaptive").transcript()))

    kinds = [part["type"] for message in told["messages"] for part in message["content"]]
    assert {"text", "tool_call", "tool_result", "provider"} <= set(kinds)
    assert told["ended"] == "answered" and told["turns"] == 2 and told["tools"] == ["double"]
    assert kinds.count("provider") == 1, "the thinking; calls are told once"
    assert "I need a number." in json.dumps(told) and "signature" not in json.dumps(told)
