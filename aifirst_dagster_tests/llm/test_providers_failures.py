"""Whatever a provider's server does, a call ends in a correct answer or a typed failure; one suite for all."""

from __future__ import annotations

import time

import pytest
from pydantic import BaseModel, Field

import aifirst_dagster.state as state_package
from aifirst_dagster.llm.failures import (
    AuthError,
    InvalidAnswerError,
    RefusedError,
    RejectedError,
    TruncatedError,
    UnavailableError,
)
from aifirst_dagster.llm.types import CallContext, LLMRequest, ToolSpec
from aifirst_dagster_tests.llm.rigs import Rig
from aifirst_dagster_tests.loopback.replies import CutStream, Fail, Hang, MidStreamError, Raw, Reply, ToolUse

GOOD = '{"name": "postcode", "share": 0.5}'
WHO = CallContext(pipeline="customers", step="map", task="mapping", run_id="run-1")


class Guess(BaseModel):
    name: str = Field(min_length=2)
    share: float = Field(ge=0, le=1)


class Look(BaseModel):
    column: str
    rows: int = 5


def ask(**more: object) -> LLMRequest:
    asked = {"messages": "What is this column?", "output": Guess, "max_tokens": 1000, "metadata": WHO, **more}
    return LLMRequest.model_validate(asked)


def rows(rig: Rig) -> list[dict[str, object]]:
    return state_package.open(rig.project).ledger.rows()


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_comes_parsed_with_its_bill(rig: Rig, stream: bool):
    rig.server.then(Reply(GOOD, input_tokens=1000, output_tokens=200))
    response = rig.open().call(ask(stream=stream))
    assert response.parsed_as(Guess) == Guess(name="postcode", share=0.5)
    given, wrote = rig.kind.dollars
    assert response.cost_usd == pytest.approx((1000 * given + 200 * wrote) / 1e6)
    assert (response.stop_reason, response.provider, response.attempts) == ("end_turn", rig.kind.name, 1)
    (row,) = rows(rig)
    assert (row["status"], row["provider"], row["task"]) == ("settled", rig.kind.name, "mapping")
    assert row["cost_usd"] == response.cost_usd
    assert len(rig.server.received) == 1


PASSING = [
    Fail(408, "timeout_error"),
    Fail(429, "rate_limit_error"),
    Fail(429, "rate_limit_error", headers={"retry-after": "0.05"}),
    Fail(500),
    Fail(503),
    Fail(529, "overloaded_error"),
    MidStreamError(),
    CutStream(),
    CutStream(clean=True),
    Raw("{not json"),
    Raw("<html>Bad gateway</html>", "text/html"),
    Raw('{"object": "nonsense"}'),
    Raw("[]"),
    Hang(),
]


@pytest.mark.parametrize("trouble", PASSING, ids=repr)
@pytest.mark.parametrize("stream", [False, True])
def test_what_may_pass_is_tried_again(rig: Rig, trouble: object, stream: bool):
    rig.server.then(trouble, Reply(GOOD))  # type: ignore[arg-type]
    llm = rig.open()
    assert llm.call(ask(stream=stream)).parsed_as(Guess).name == "postcode"
    assert (llm.usage.calls, llm.usage.retries, llm.usage.failures) == (2, 1, 1)
    assert [row["attempt"] for row in rows(rig)] == [1, 2]
    assert rows(rig)[0]["status"] in ("failed", "unknown")
    assert rows(rig)[1]["status"] == "settled"
    assert len(rig.server.received) == 2
    assert rig.server.billed()["answers"] == 1


def test_what_does_not_pass_ends_as_unavailable_after_its_attempts(rig: Rig):
    rig.server.then(*[Fail(503)] * 9)
    llm = rig.open()
    with pytest.raises(UnavailableError, match="503") as caught:
        llm.call(ask())
    assert len(rig.server.received) == 4
    assert (caught.value.attempts, llm.usage.calls) == (4, 4)


def test_a_wish_to_wait_is_obeyed_up_to_a_bound(rig: Rig):
    rig.server.then(Fail(429, "rate_limit_error", headers={"retry-after": "1"}), Reply(GOOD))
    began = time.monotonic()
    rig.open().call(ask())
    assert 1.0 <= time.monotonic() - began < 3.0
    rig.server.then(Fail(429, "rate_limit_error", headers={"retry-after": "3600"}))
    with pytest.raises(UnavailableError) as caught:
        rig.open().call(ask())
    assert "3600 s" in caught.value.hint


@pytest.mark.parametrize("stream", [False, True])
def test_a_slow_first_byte_is_waited_for_up_to_the_timeout(rig: Rig, stream: bool):
    rig.server.then(Reply(GOOD, delay=0.4), Hang(3), Reply(GOOD))
    assert rig.open().call(ask(stream=stream)).attempts == 1
    assert rig.open(timeout=0.3).call(ask(stream=stream, system="again")).attempts == 2
    assert rows(rig)[1]["status"] == "unknown"


def test_a_server_that_is_not_there_costs_nothing(rig: Rig):
    llm = rig.open(base_url="http://127.0.0.1:1/v1")
    with pytest.raises(UnavailableError, match="cannot be reached"):
        llm.call(ask())
    assert {(row["status"], row["cost_usd"]) for row in rows(rig)} == {("failed", 0.0)}


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_final_and_its_cost_stands(rig: Rig, stream: bool):
    rig.server.then(Reply("I would rather not.", stop_reason="refusal", output_tokens=3))
    with pytest.raises(RefusedError):
        rig.open().call(ask(stream=stream))
    assert len(rig.server.received) == 1
    (row,) = rows(rig)
    assert (row["status"], row["failure"]) == ("failed", "refused")
    assert (row["output_tokens"], bool(row["cost_usd"])) == (3, rig.kind.dollars != (0.0, 0.0))


@pytest.mark.parametrize("stream", [False, True])
def test_half_an_answer_is_none_even_if_it_parses(rig: Rig, stream: bool):
    rig.server.then(Reply(GOOD, stop_reason="max_tokens"))
    with pytest.raises(TruncatedError, match="max_tokens"):
        rig.open().call(ask(stream=stream))
    assert len(rig.server.received) == 1


def test_a_wrong_answer_goes_back_with_its_errors(rig: Rig):
    wrong = Reply('{"name": "x", "share": 7}', thinking="Hm.")
    rig.server.then(wrong, Reply("no JSON at all", thinking="Hm."), Reply(GOOD))
    response = rig.open().call(ask(thinking="adaptive"))
    assert response.parsed_as(Guess).share == 0.5
    assert response.attempts == 3
    second, third = rig.server.received[1:]
    assert "share: Input should be less than or equal to 1" in second.text
    assert "no JSON at all" in third.text
    # The servers check what comes back: sealed reasoning unmodified, history only appended to.
    assert [request.status for request in rig.server.received] == [200, 200, 200]


def test_an_answer_that_stays_wrong_is_a_failure(rig: Rig):
    rig.server.then(*[Reply('{"name": "x", "share": 7}')] * 9)
    with pytest.raises(InvalidAnswerError, match="share"):
        rig.open().call(ask())
    assert len(rig.server.received) == 3


def test_an_empty_answer_is_asked_again(rig: Rig):
    rig.server.then(Reply(""), Reply(GOOD))
    assert rig.open().call(ask()).parsed_as(Guess).name == "postcode"
    assert rig.server.received[1].status == 200


@pytest.mark.parametrize("stream", [False, True])
def test_tool_arguments_that_are_no_json_are_asked_again(rig: Rig, stream: bool):
    if rig.kind.name in ("claude", "gemini"):
        pytest.skip("the protocol carries arguments as JSON values")
    look = ToolSpec(name="look", description="Rows of a column.", arguments=Look)
    rig.server.then(Reply(tools=(ToolUse("look", '{"column": '),)), Reply(tools=(ToolUse("look", {"column": "a"}),)))
    response = rig.open().call(LLMRequest(messages="look", tools=(look,), stream=stream, max_tokens=500))
    assert [call.arguments for call in response.tool_calls] == [{"column": "a"}]
    first, _ = rows(rig)
    assert (first["status"], first["failure"]) == ("failed", "invalid")


def test_what_the_api_refuses_is_not_repeated(rig: Rig):
    rig.server.then(Fail(413, "request_too_large", "too large"))
    with pytest.raises(RejectedError, match="too large"):
        rig.open().call(ask())
    assert len(rig.server.received) == 1


def test_spent_money_is_not_looped_on(rig: Rig):
    codes = {"openai": "insufficient_quota", "local": "insufficient_quota", "claude": "enforced_spend_limit_reached"}
    code = codes.get(rig.kind.name, "GenerateRequestsPerDayPerProjectPerModel")
    rig.server.then(Fail(429, "rate_limit_error", error_code=code))
    with pytest.raises(UnavailableError) as caught:
        rig.open().call(ask())
    assert "used up" in caught.value.hint
    assert len(rig.server.received) == 1


def test_a_wrong_key_is_an_auth_failure_that_does_not_show_it(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    if rig.kind.key is None:
        pytest.skip("needs no key")
    variable, _ = rig.kind.key
    llm = rig.open()
    monkeypatch.setenv(variable, "wrong-key-0123456789")
    with pytest.raises(AuthError) as caught:
        llm.call(ask())
    assert "wrong-key" not in str(caught.value) + caught.value.hint
    assert len(rig.server.received) == 1
    monkeypatch.delenv(variable)
    with pytest.raises(AuthError, match=variable):
        llm.call(ask())


def test_the_key_is_never_shown(rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    if rig.kind.key is None:
        pytest.skip("needs no key")
    _, key = rig.kind.key
    # Under a name that says nothing of a key.
    monkeypatch.setenv("HOUSE_MODEL", key)
    caplog.set_level("DEBUG")
    rig.server.then(Fail(500, message=f"we saw {key}"), Reply(GOOD))
    llm = rig.open(api_key={"env": "HOUSE_MODEL"})
    response = llm.call(ask())
    shown = [repr(llm), repr(vars(llm)), repr(response), str(rows(rig)), *map(repr, llm._routes)]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("aifirst_dagster")]
    assert any("we saw ***" in text for text in ours)
    assert not any(key in text for text in [*shown, *ours, caplog.text])
