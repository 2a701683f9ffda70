"""What GPT and Gemini are sent, model by model: the strict servers would refuse anything else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from aifirst_dagster.llm.failures import RefusedError, RejectedError, UnavailableError
from aifirst_dagster.llm.types import LLMRequest, Message, TextPart
from aifirst_dagster_tests.llm.rigs import KINDS, Rig
from aifirst_dagster_tests.loopback import gemini_rules, openai_rules
from aifirst_dagster_tests.loopback.replies import Raw, Reply

EFFORTS = [None, "low", "high", "xhigh", "max"]
MODELS = [("openai", name) for name in openai_rules.MODELS] + [("gemini", name) for name in gemini_rules.MODELS]


@pytest.fixture
def at(project: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens the rig of a provider by name."""
    open_: list[Any] = []

    def rig(name: str) -> Rig:
        server = KINDS[name].server()
        server.__enter__()
        server.use(monkeypatch)
        open_.append(server)
        return Rig(KINDS[name], server, project)

    yield rig
    for server in open_:
        server.__exit__(None, None, None)


@pytest.mark.parametrize(("provider", "model"), MODELS)
@pytest.mark.parametrize("thinking", ["off", "adaptive"])
def test_every_model_takes_every_wish_as_far_as_it_can(at: Any, provider: str, model: str, thinking: str):
    rig = at(provider)
    llm = rig.open(budget_usd=50)
    for effort in EFFORTS:
        rig.server.then(Reply("ok"))
        asked = {"messages": "hi", "model": model, "thinking": thinking, "effort": effort, "max_tokens": 5}
        llm.call(LLMRequest.model_validate(asked))
    assert [request.status for request in rig.server.received] == [200] * len(EFFORTS)


def test_what_a_model_cannot_do_is_said(at: Any):
    rig = at("openai")
    rig.server.then(Reply("ok"), Reply("ok"))
    always = rig.open().call(LLMRequest(messages="hi", max_tokens=50))
    assert any("always thinks" in notice for notice in always.notices)
    quiet = rig.open().call(LLMRequest(messages="hi", model="gpt-6-luna", effort="high", max_tokens=50))
    assert any("asked not to" in notice for notice in quiet.notices)
    assert rig.server.received[1].body["reasoning"] == {"effort": "none"}
    rig = at("gemini")
    rig.server.then(Reply("ok"))
    deep = rig.open().call(LLMRequest(messages="hi", effort="max", thinking="adaptive", max_tokens=50))
    assert any("no effort max" in notice for notice in deep.notices)


def test_nothing_is_kept_at_openai_and_nothing_written_to_its_cache_unasked(at: Any):
    rig = at("openai")
    rig.server.then(Reply("ok"))
    rig.open().call(LLMRequest(messages="hi" * 9_000, max_tokens=50))
    body = rig.server.received[0].body
    assert body["store"] is False
    assert body["prompt_cache_options"] == {"mode": "explicit"}
    assert not {"temperature", "top_p", "max_tokens"} & body.keys()


def test_sealed_reasoning_goes_back_as_it_came(at: Any):
    rig = at("openai")
    rig.server.then(Reply("First.", thinking="Hm."), Reply("Second."))
    llm = rig.open()
    first = LLMRequest(messages="One?", thinking="adaptive", max_tokens=500)
    answer = llm.call(first)
    assert answer.thinking == "Hm."
    turns = (*first.messages, Message(role="assistant", content=answer.content))
    more = (*turns, Message(role="user", content=(TextPart(text="Two?"),)))
    assert llm.call(first.model_copy(update={"messages": more})).text == "Second."
    sent = rig.server.received[1].body["input"]
    assert [item.get("type", item.get("role")) for item in sent] == ["user", "reasoning", "message", "user"]
    assert sent[2]["phase"] == "final_answer"
    # What was altered is refused by the server, not waved through.
    forged = answer.content[0].model_copy(update={"block": {**answer.content[0].block, "encrypted_content": "x"}})
    altered = Message(role="assistant", content=(forged, *answer.content[1:]))
    changed = (*first.messages, altered, Message(role="user", content=(TextPart(text="Two?"),)))
    with pytest.raises(RejectedError, match="could not be verified"):
        llm.call(first.model_copy(update={"messages": changed}))


def test_cached_tokens_are_billed_at_their_own_rates(at: Any):
    rig = at("openai")
    rig.server.then(Reply("ok", input_tokens=10, output_tokens=10, cache_read=100_000, cache_write_5m=1_000))
    answer = rig.open().call(LLMRequest(messages="hi", max_tokens=50))
    assert answer.usage.input_tokens == 101_010
    assert answer.cost_usd == pytest.approx((10 * 2 + 10 * 10 + 100_000 * 0.1 + 1_000 * 2.5) / 1e6)
    rig = at("gemini")
    rig.server.then(Reply("ok", thinking="Hm, hm, hm.", input_tokens=10, output_tokens=10, cache_read=100_000))
    answer = rig.open().call(LLMRequest(messages="hi", max_tokens=50))
    assert answer.cost_usd == pytest.approx((10 * 0.75 + 10 * 3.75 + 100_000 * 0.075) / 1e6)


def test_long_answers_are_streamed_unasked(at: Any):
    for name in ("openai", "gemini"):
        rig = at(name)
        rig.server.then(Reply("ok"))
        rig.open(max_output_tokens=40_000, budget_usd=9).call(LLMRequest(messages="hi", max_tokens=40_000))
        (request,) = rig.server.received
        assert rig.server.streams(request.path, request.body)


FAILED = """{"id": "resp_1", "object": "response", "created_at": 1, "status": "failed", "model": "gpt-6.2-sol",
"output": [], "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "incomplete_details": null,
"instructions": null, "metadata": {}, "temperature": null, "top_p": null, "usage": null,
"error": {"code": "CODE", "message": "no"}}"""


@pytest.mark.parametrize(
    ("code", "error", "sent"),
    [
        ("server_error", None, 2),
        ("slow_down_please", None, 2),
        ("bio_policy", RefusedError, 1),
        ("invalid_prompt", RejectedError, 1),
    ],
)
def test_a_response_that_failed_at_openai(at: Any, code: str, error: Any, sent: int):
    rig = at("openai")
    rig.server.then(Raw(FAILED.replace("CODE", code)), Reply("ok"))
    if error is None:
        assert rig.open().call(LLMRequest(messages="hi", max_tokens=50)).text == "ok"
    else:
        with pytest.raises(error):
            rig.open().call(LLMRequest(messages="hi", max_tokens=50))
    assert len(rig.server.received) == sent


BLOCKED = '{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 3}}'


def test_a_prompt_that_gemini_blocks_is_a_refusal(at: Any):
    rig = at("gemini")
    rig.server.then(Raw(BLOCKED))
    with pytest.raises(RefusedError, match="PROHIBITED_CONTENT"):
        rig.open().call(LLMRequest(messages="hi", max_tokens=50))


@pytest.mark.parametrize("finish", ["MALFORMED_FUNCTION_CALL", "OTHER"])
def test_what_gemini_could_not_finish_is_asked_again(at: Any, finish: str):
    rig = at("gemini")
    rig.server.then(Reply("", stop_reason=finish), Reply("ok"))
    answer = rig.open().call(LLMRequest(messages="hi", max_tokens=50))
    assert (answer.text, answer.attempts) == ("ok", 2)


def test_gemini_is_never_asked_to_go_on_by_the_sdk(at: Any):
    rig = at("gemini")
    # With its default settings the SDK would send a second request, which nobody reserved money for.
    more = (
        '{"candidates": [{"content": {"role": "model", "parts": [{"text": "half"}]}, "finishReason": "CONTINUATION", '
    )
    rig.server.then(Raw(more + '"continuationToken": "eA=="}], "usageMetadata": {"promptTokenCount": 3}}'), Reply("x"))
    with pytest.raises(Exception, match="max_tokens"):
        rig.open().call(LLMRequest(messages="hi", max_tokens=50))
    assert len(rig.server.received) == 1


class Wide(BaseModel):
    one: int | None = None
    two: dict[str, list[int]] = {}
    three: list[str] = Field(default_factory=list, max_length=3)


@pytest.mark.parametrize("name", ["openai", "gemini", "claude", "local"])
def test_answers_of_any_model_come_back_as_it(at: Any, name: str):
    rig = at(name)
    rig.server.then(Reply('{"one": null, "two": [{"key": "a", "value": [1]}], "three": []}'))
    answer = rig.open().call(LLMRequest(messages="hi", output=Wide, max_tokens=500))
    assert answer.parsed == Wide(two={"a": [1]})


def test_a_streams_missing_end_is_a_failure_that_may_have_cost(at: Any):
    rig = at("openai")
    created = 'event: response.created\ndata: {"type": "response.created", "sequence_number": 0, "response": '
    whole = (
        FAILED.replace("\n", "")
        .replace('"failed"', '"in_progress"')
        .replace('{"code": "CODE", "message": "no"}', "null")
    )
    rig.server.then(*[Raw(f"{created}{whole}}}\n\n", "text/event-stream")] * 4)
    with pytest.raises(UnavailableError, match="broke off"):
        rig.open().call(LLMRequest(messages="hi", stream=True, max_tokens=50))
    assert len(rig.server.received) == 4
