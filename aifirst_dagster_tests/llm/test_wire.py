"""The gateway and the real SDK against a server that is as strict as today's API and misbehaves on command.

Whatever the server does, a call ends in a correct answer or a typed failure, and the ledger adds up with the server.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import BaseModel, Field

import aifirst_dagster.state as state_package
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import (
    AuthError,
    BudgetExceededError,
    InvalidAnswerError,
    LLMError,
    RefusedError,
    RejectedError,
    TruncatedError,
    UnavailableError,
)
from aifirst_dagster.llm.types import CallContext, LLMRequest
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.claude import KEY, ClaudeServer
from aifirst_dagster_tests.loopback.replies import CutStream, Fail, Hang, MidStreamError, Raw, Reply

Open = Callable[..., LLM]
GOOD = '{"name": "postcode", "share": 0.5}'
WHO = CallContext(pipeline="customers", step="map", task="mapping", run_id="run-1")


class Guess(BaseModel):
    name: str = Field(min_length=2)
    share: float = Field(ge=0, le=1)


def ask(**more: object) -> LLMRequest:
    asked = {"messages": "What is this column?", "output": Guess, "max_tokens": 1000, "metadata": WHO, **more}
    return LLMRequest.model_validate(asked)


def ledger(project: Project) -> list[dict[str, object]]:
    return state_package.open(project).ledger.rows()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("thinking", ["off", "adaptive"])
def test_an_answer_comes_parsed_with_its_bill(
    claude: Open, claude_server: ClaudeServer, project: Project, stream: bool, thinking: str
):
    claude_server.then(Reply(GOOD, thinking="It looks like one.", input_tokens=1000, output_tokens=200))
    llm = claude()
    response = llm.call(ask(stream=stream, thinking=thinking, effort="low"))
    assert response.parsed_as(Guess) == Guess(name="postcode", share=0.5)
    assert response.cost_usd == pytest.approx((1000 * 2 + 200 * 10) / 1e6)
    assert response.thinking == ("It looks like one." if thinking == "adaptive" else "")
    assert (response.stop_reason, response.model, response.attempts) == ("end_turn", "claude-sonnet-5-5", 1)
    assert response.request_id is not None
    assert response.request_id.startswith("req_")
    (row,) = ledger(project)
    assert (row["status"], row["pipeline"], row["step"], row["task"]) == ("settled", "customers", "map", "mapping")
    assert (row["cost_usd"], row["request_id"]) == (response.cost_usd, response.request_id)
    (seen,) = claude_server.received
    assert seen.body["thinking"]["type"] == ("adaptive" if thinking == "adaptive" else "between_tools")
    assert bool(seen.body.get("stream")) is stream
    assert seen.headers["x-stainless-retry-count"] == "0"


def test_cached_tokens_are_billed_at_their_own_rates(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Reply(GOOD, input_tokens=10, output_tokens=10, cache_read=100_000, cache_write_1h=1_000))
    response = claude().call(ask())
    assert response.usage.input_tokens == 101_010
    assert response.usage.cached_input_tokens == 100_000
    assert response.cost_usd == pytest.approx((10 * 2 + 10 * 10 + 100_000 * 0.1 + 1_000 * 4) / 1e6)


def test_long_answers_are_streamed_unasked(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Reply(GOOD))
    claude(max_output_tokens=40_000, budget_usd=5).call(ask(max_tokens=40_000))
    assert claude_server.received[0].body["stream"] is True


def test_free_text_needs_no_schema(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Reply("Two words."))
    response = claude().call(LLMRequest(messages="Say two words.", system="Be brief."))
    assert (response.parsed, response.text) == (None, "Two words.")
    assert claude_server.received[0].body["system"] == "Be brief."
    assert claude_server.received[0].body["max_tokens"] == 16_000


@pytest.mark.parametrize("name", ["claude-sonnet-4", "claude-sonnet-4-20250514"])
def test_a_retired_name_is_served_by_the_current_model_and_says_so(
    claude: Open, claude_server: ClaudeServer, name: str
):
    claude_server.then(Reply(GOOD))
    response = claude().call(ask(model=name))
    assert claude_server.received[0].body["model"] == "claude-sonnet-5-5"
    assert any(name in notice and "claude-sonnet-5-5" in notice for notice in response.notices)


PASSING = [
    Fail(408, "timeout_error"),
    Fail(409, "conflict_error"),
    Fail(429, "rate_limit_error"),
    Fail(429, "rate_limit_error", headers={"retry-after": "0.05"}),
    Fail(500),
    Fail(503, "api_error"),
    Fail(529, "overloaded_error"),
    MidStreamError(),
    CutStream(),
    CutStream(clean=True),
    Raw("{not json"),
    Raw("<html>Bad gateway</html>", "text/html"),
    Raw('{"type": "message"}'),
    Hang(),
]


@pytest.mark.parametrize("trouble", PASSING, ids=repr)
@pytest.mark.parametrize("stream", [False, True])
def test_what_may_pass_is_tried_again(
    claude: Open, claude_server: ClaudeServer, project: Project, trouble: object, stream: bool
):
    claude_server.then(trouble, Reply(GOOD))  # type: ignore[arg-type]
    llm = claude()
    response = llm.call(ask(stream=stream))
    assert response.parsed_as(Guess).name == "postcode"
    assert (llm.usage.calls, llm.usage.retries, llm.usage.failures) == (2, 1, 1)
    rows = ledger(project)
    assert [row["attempt"] for row in rows] == [1, 2]
    assert rows[0]["status"] in ("failed", "unknown")
    assert rows[1]["status"] == "settled"
    assert len(claude_server.received) == 2
    assert claude_server.billed()["answers"] == 1


def test_a_broken_stream_counts_with_what_it_could_have_cost(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    claude_server.then(CutStream(), Reply(GOOD, input_tokens=10, output_tokens=10))
    response = claude().call(ask(stream=True))
    broken, good = ledger(project)
    assert (broken["status"], broken["cost_usd"], broken["failure"]) == ("unknown", None, "unavailable")
    assert response.cost_usd == pytest.approx(broken["reserved_usd"] + good["cost_usd"])  # type: ignore[operator]


def test_an_overload_costs_nothing(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Fail(529, "overloaded_error"), Reply(GOOD, input_tokens=10, output_tokens=10))
    assert claude().call(ask()).cost_usd == pytest.approx((10 * 2 + 10 * 10) / 1e6)


def test_what_does_not_pass_ends_as_unavailable_after_its_attempts(claude: Open, claude_server: ClaudeServer):
    claude_server.then(*[Fail(529, "overloaded_error")] * 9)
    llm = claude()
    with pytest.raises(UnavailableError, match="529") as caught:
        llm.call(ask())
    assert len(claude_server.received) == 4
    assert (caught.value.attempts, llm.usage.calls, llm.usage.failures) == (4, 4, 4)


def test_a_wish_to_wait_is_obeyed_up_to_a_bound(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Reply(GOOD), Fail(429, "rate_limit_error", headers={"retry-after": "1"}), Reply(GOOD))
    claude().call(ask())  # imports the SDK, makes the database
    began = time.monotonic()
    claude().call(ask())
    assert 1.0 <= time.monotonic() - began < 3.0
    claude_server.then(Fail(429, "rate_limit_error", headers={"retry-after": "3600"}))
    with pytest.raises(UnavailableError) as caught:
        claude().call(ask())
    assert "3600 s" in caught.value.hint
    assert len(claude_server.received) == 4


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_a_spend_cap_is_not_looped_on(claude: Open, claude_server: ClaudeServer, code: str):
    claude_server.then(Fail(429, "rate_limit_error", error_code=code))
    with pytest.raises(UnavailableError) as caught:
        claude().call(ask())
    assert "spend limit" in caught.value.hint
    assert len(claude_server.received) == 1


def test_the_servers_word_against_retrying_counts(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Fail(500, headers={"x-should-retry": "false"}))
    with pytest.raises(UnavailableError):
        claude().call(ask())
    assert len(claude_server.received) == 1


def test_a_silent_server_is_given_up_in_time(claude: Open, claude_server: ClaudeServer, project: Project):
    claude_server.then(Hang(3), Reply(GOOD))
    llm = claude(timeout=0.3)
    assert llm.call(ask()).attempts == 2
    assert ledger(project)[0]["status"] == "unknown"


def test_a_server_that_is_not_there_costs_nothing(claude: Open, project: Project, monkeypatch: pytest.MonkeyPatch):
    llm = claude()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    with pytest.raises(UnavailableError, match="cannot be reached"):
        llm.call(ask())
    assert {(row["status"], row["cost_usd"]) for row in ledger(project)} == {("failed", 0.0)}


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_final_and_its_cost_stands(
    claude: Open, claude_server: ClaudeServer, project: Project, stream: bool
):
    claude_server.then(Reply("I would", stop_reason="refusal", refusal_category="bio", output_tokens=3))
    with pytest.raises(RefusedError, match="bio") as caught:
        claude().call(ask(stream=stream))
    assert len(claude_server.received) == 1
    assert caught.value.usage.cost_usd > 0
    (row,) = ledger(project)
    assert (row["status"], row["failure"], row["stop_reason"]) == ("failed", "refused", "refusal")


@pytest.mark.parametrize("stop", ["max_tokens", "model_context_window_exceeded"])
@pytest.mark.parametrize("stream", [False, True])
def test_half_an_answer_is_none_even_if_it_parses(claude: Open, claude_server: ClaudeServer, stop: str, stream: bool):
    claude_server.then(Reply(GOOD, stop_reason=stop))
    with pytest.raises(TruncatedError, match=stop):
        claude().call(ask(stream=stream))
    assert len(claude_server.received) == 1


def test_a_wrong_answer_goes_back_with_its_errors(claude: Open, claude_server: ClaudeServer, project: Project):
    wrong = Reply('{"name": "x", "share": 7}', thinking="Hm.")
    claude_server.then(wrong, Reply("no JSON at all", thinking="Hm."), Reply(GOOD))
    response = claude().call(ask(thinking="adaptive"))
    assert response.parsed_as(Guess).share == 0.5
    assert response.attempts == 3
    second, third = claude_server.received[1:]
    assert "name: String should have at least 2 characters" in second.text
    assert "share: Input should be less than or equal to 1" in second.text
    assert "The answer is no JSON" in third.text
    # The server has checked the signatures: thinking went back unmodified, history was only appended to.
    assert [block["type"] for block in third.body["messages"][1]["content"]] == ["thinking", "text"]
    assert [row["status"] for row in ledger(project)] == ["failed", "failed", "settled"]
    assert all(row["cost_usd"] for row in ledger(project))


def test_an_answer_that_stays_wrong_is_a_failure(claude: Open, claude_server: ClaudeServer):
    claude_server.then(*[Reply('{"name": "x", "share": 7}')] * 9)
    llm = claude()
    with pytest.raises(InvalidAnswerError, match="share") as caught:
        llm.call(ask())
    assert len(claude_server.received) == 3
    assert caught.value.usage == llm.usage
    assert llm.usage.calls == 3


def test_an_empty_answer_is_asked_again_without_an_empty_turn(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Reply(""), Reply(GOOD))
    assert claude().call(ask()).parsed_as(Guess).name == "postcode"
    assert [message["role"] for message in claude_server.received[1].body["messages"]] == ["user", "user"]


def test_a_wrong_key_is_an_auth_failure_that_does_not_show_it(
    claude: Open, claude_server: ClaudeServer, monkeypatch: pytest.MonkeyPatch
):
    llm = claude()
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wrong-key-0000")
    with pytest.raises(AuthError, match="401") as caught:
        llm.call(ask())
    assert "sk-ant-wrong" not in str(caught.value)
    assert len(claude_server.received) == 1


def test_what_the_api_refuses_is_not_repeated(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Fail(413, "request_too_large", "too large"))
    with pytest.raises(RejectedError, match="too large"):
        claude().call(ask())
    assert len(claude_server.received) == 1


def test_a_call_that_could_exceed_the_cap_is_not_sent(claude: Open, claude_server: ClaudeServer, project: Project):
    llm = claude(budget_usd=0.01)
    with pytest.raises(BudgetExceededError) as caught:
        llm.call(ask(max_tokens=2000))
    assert claude_server.received == []
    assert ledger(project) == []
    for part in ("'map'", "'customers'", "$0.01", "$0.0000"):
        assert part in caught.value.message
    assert caught.value.kind == "budget"


def test_retries_stop_at_the_cap(claude: Open, claude_server: ClaudeServer):
    claude_server.then(*[CutStream()] * 9)
    llm = claude(budget_usd=0.03)
    with pytest.raises(BudgetExceededError):
        llm.call(ask(stream=True))
    assert len(claude_server.received) == 2
    assert llm.usage.cost_usd <= 0.03


def test_the_cap_holds_over_the_runs_calls_and_a_new_run_starts_afresh(claude: Open, claude_server: ClaudeServer):
    claude_server.then(*[Reply(GOOD, input_tokens=1000, output_tokens=900)] * 9)
    llm = claude(budget_usd=0.03)
    llm.call(ask())
    llm.call(ask())
    with pytest.raises(BudgetExceededError):
        llm.call(ask())
    llm.call(ask(metadata=WHO.model_copy(update={"run_id": "run-2"})))
    assert len(claude_server.received) == 3


def test_the_ledger_adds_up_with_the_servers_count_under_concurrency(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    lock, seen = threading.Lock(), [0]

    def moody(body: dict[str, object]) -> Reply | Fail | CutStream:
        with lock:
            seen[0] += 1
            number = seen[0]
        return (Reply(GOOD), Fail(529, "overloaded_error"), Reply("{}"), Reply(GOOD), Fail(500))[number % 5]

    claude_server.answer_with(moody)
    llm = claude(budget_usd=50, retry={"attempts": 10, "base_seconds": 0, "longest_seconds": 0})

    def one(_: int) -> bool:
        try:
            return llm.call(ask()).parsed_as(Guess).name == "postcode"
        except LLMError as error:
            return error.kind == "invalid"

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(40)))
    rows, billed = ledger(project), claude_server.billed()
    assert len(rows) == len(claude_server.received) == llm.usage.calls
    paid = [row for row in rows if row["cost_usd"]]
    assert len(paid) == billed["answers"]
    assert sum(row["input_tokens"] for row in rows) == billed["input_tokens"] == llm.usage.input_tokens  # type: ignore[misc]
    assert sum(row["output_tokens"] for row in rows) == billed["output_tokens"] == llm.usage.output_tokens  # type: ignore[misc]
    expected = (billed["input_tokens"] * 2 + billed["output_tokens"] * 10) / 1e6
    assert llm.usage.cost_usd == pytest.approx(expected)


def test_the_key_is_never_shown(
    claude: Open, claude_server: ClaudeServer, project: Project, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    claude_server.then(Fail(500, message=f"we saw {KEY}"), Reply(GOOD))
    llm = claude()
    response = llm.call(ask())
    shown = [repr(llm), repr(vars(llm)), repr(response), str(ledger(project)), *map(repr, llm._routes)]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("aifirst_dagster")]
    assert any("we saw ***" in text for text in ours)
    assert not any(KEY in text for text in [*shown, *ours, caplog.text])


KILLED = """
import sys
from pathlib import Path
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.llm.types import LLMRequest
from aifirst_dagster.project import Project
choose("claude", Project(Path(sys.argv[1])), run_id="run-1").call(LLMRequest(messages="hi", max_tokens=1000))
"""


def test_a_call_whose_process_is_killed_is_remembered_as_unknown(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    llm = claude(budget_usd=0.02, timeout=60)
    claude_server.then(Hang(20), Reply(GOOD))
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(project.root)])
    while not claude_server.received:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    # Its reservation still counts: what may have been spent is not spent a second time.
    with pytest.raises(BudgetExceededError):
        llm.call(ask())
    (row,) = ledger(project)
    assert (row["status"], row["cost_usd"]) == ("unknown", None)
