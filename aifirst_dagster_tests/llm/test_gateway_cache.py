"""Known answers are not bought again: from the cache, from a request in flight, from the ledger after a crash."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import BaseModel, Field

import aifirst_dagster.state as state_package
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import BudgetExceededError, LLMError, RefusedError
from aifirst_dagster.llm.gateway.cache import answers_of
from aifirst_dagster.llm.gateway.cache_sqlite import SqliteAnswers
from aifirst_dagster.llm.resource import CachePolicy
from aifirst_dagster.llm.types import CallContext, LLMRequest, Usage
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.redis import RedisServer, redis_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply

Open = Callable[..., LLM]
GOOD = '{"name": "postcode", "share": 0.5}'


class Guess(BaseModel):
    name: str = Field(min_length=2)
    share: float = Field(ge=0, le=1)


class Looser(BaseModel):
    """The same on the wire, another model here."""

    name: str = Field(min_length=2)
    share: float = Field(ge=0, le=1)


def ask(**more: object) -> LLMRequest:
    return LLMRequest.model_validate({"messages": "What is it?", "output": Guess, "max_tokens": 1000, **more})


@pytest.fixture(params=["embedded", "redis"])
def cached(request: pytest.FixtureRequest, claude: Open) -> Open:
    """The claude resource with its cache on, over each store."""
    if request.param == "redis":
        request.getfixturevalue("redis_server")
    return lambda **keys: claude(cache="on", **keys)


def test_the_same_request_is_answered_from_the_cache_at_no_cost(cached: Open, claude_server: ClaudeServer):
    claude_server.then(Reply(GOOD, thinking="Hm."))
    first = cached().call(ask(thinking="adaptive"))
    llm = cached()
    again = llm.call(ask(thinking="adaptive"))
    assert (first.cache, again.cache) == ("miss", "hit")
    assert again.parsed == first.parsed
    assert (again.thinking, again.content) == (first.thinking, first.content)
    assert again.usage == Usage(cache_hits=1, models=("claude-sonnet-5-5",)) == llm.usage
    assert (again.attempts, again.cost_usd, again.request_id) == (0, 0.0, first.request_id)
    assert len(claude_server.received) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"messages": "What is that?"},
        {"system": "Be brief."},
        {"max_tokens": 999},
        {"thinking": "adaptive"},
        {"effort": "low"},
        {"model": "claude-haiku-5-5"},
        {"output": None},
        {"output": Looser},
    ],
    ids=str,
)
def test_whatever_decides_the_answer_is_part_of_its_key(
    claude: Open, claude_server: ClaudeServer, other: dict[str, object]
):
    claude_server.then(Reply(GOOD), Reply(GOOD))
    llm = claude(cache="on")
    llm.call(ask())
    assert llm.call(ask(**other)).cache == "miss"


def test_who_asks_is_no_part_of_the_key(cached: Open, claude_server: ClaudeServer):
    claude_server.then(Reply(GOOD))
    cached().call(ask(metadata=CallContext(pipeline="one", step="a", run_id="r1")))
    assert cached().call(ask(metadata=CallContext(pipeline="two", step="b", run_id="r2"))).cache == "hit"


def test_fresh_asks_again_and_its_answer_replaces_the_old_one(cached: Open, claude_server: ClaudeServer):
    claude_server.then(Reply(GOOD), Reply(GOOD.replace("0.5", "0.7")))
    llm = cached()
    llm.call(ask())
    assert llm.call(ask(fresh=True)).parsed_as(Guess).share == 0.7
    assert llm.call(ask()).parsed_as(Guess).share == 0.7
    assert len(claude_server.received) == 2


def test_an_answer_reached_by_feedback_is_known_by_the_first_request(cached: Open, claude_server: ClaudeServer):
    claude_server.then(Reply('{"name": "x", "share": 7}'), Reply(GOOD))
    cached().call(ask())
    again = cached().call(ask())
    assert (again.cache, again.parsed_as(Guess).name) == ("hit", "postcode")
    assert len(claude_server.received) == 2


@pytest.mark.parametrize(
    "useless",
    [
        Reply("I would", stop_reason="refusal"),
        Reply(GOOD, stop_reason="max_tokens"),
        Fail(400, "invalid_request_error"),
    ],
    ids=["refusal", "truncated", "rejected"],
)
def test_what_is_no_answer_is_never_kept(cached: Open, claude_server: ClaudeServer, useless: Reply | Fail):
    claude_server.then(useless, Reply(GOOD))
    llm = cached()
    with pytest.raises(LLMError):
        llm.call(ask())
    assert llm.call(ask()).cache == "miss"


def test_switched_off_nothing_is_kept(claude: Open, claude_server: ClaudeServer, project: Project):
    claude_server.then(Reply(GOOD), Reply(GOOD))
    llm = claude(cache="off")
    assert [llm.call(ask()).cache for _ in range(2)] == ["off", "off"]
    assert not (project.home / "llm-cache.db").exists()


def test_identical_requests_in_flight_are_sent_once(claude: Open, claude_server: ClaudeServer):
    claude_server.answer_with(lambda body: Reply(GOOD, delay=0.3))
    llm = claude(cache="on")
    responses = llm.map([ask()] * 20, concurrency=20)
    assert len(claude_server.received) == 1
    assert sorted(response.cache for response in responses) == ["miss"] + ["shared"] * 19  # type: ignore[union-attr]
    assert len({id(response.parsed) for response in responses}) == 20  # type: ignore[union-attr]
    assert (llm.usage.calls, llm.usage.cache_hits) == (1, 19)


def test_a_shared_failure_is_billed_once(claude: Open, claude_server: ClaudeServer):
    claude_server.answer_with(lambda body: Reply("No.", stop_reason="refusal", delay=0.3))
    llm = claude(cache="on")
    failures = llm.map([ask()] * 5, concurrency=5)
    assert all(isinstance(failure, RefusedError) for failure in failures)
    assert len(claude_server.received) == llm.usage.calls == llm.usage.failures == 1


def test_who_may_not_pay_does_not_stop_the_others(claude: Open, claude_server: ClaudeServer):
    claude_server.answer_with(lambda body: Reply(GOOD, delay=0.2))
    poor, rich = claude(cache="on", budget_usd=0.0), claude(cache="on", budget_usd=1.0)
    with ThreadPoolExecutor(2) as pool:
        refused = pool.submit(poor.call, ask())
        served = pool.submit(rich.call, ask())
        assert served.result().parsed_as(Guess).name == "postcode"
        with pytest.raises(BudgetExceededError):
            refused.result()


ASK = """
import sys
from pathlib import Path
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.llm.types import LLMRequest
from aifirst_dagster.project import Project
llm = choose("claude", Project(Path(sys.argv[1])))
print(llm.call(LLMRequest(messages="Which?", max_tokens=1000)).cache)
"""


def test_two_processes_that_ask_the_same_at_once_buy_once(claude: Open, claude_server: ClaudeServer, project: Project):
    claude(cache="on", timeout=30)
    begun = threading.Event()

    def slow(body: dict[str, object]) -> Reply:
        begun.set()
        return Reply("This one.", delay=1.5)

    claude_server.answer_with(slow)
    command = [sys.executable, "-c", ASK, str(project.root)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    states = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert states == ["hit", "miss"]
    assert len(claude_server.received) == 1


def test_an_answer_is_found_in_the_ledger_where_the_cache_never_got_it(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    claude_server.then(Reply(GOOD, thinking="Hm."))
    first = claude(cache="on").call(ask(thinking="adaptive"))
    answers_of(project, CachePolicy()).embedded.drain()
    with sqlite3.connect(project.home / "llm-cache.db") as connection:
        connection.execute("DELETE FROM answers")
    again = claude(cache="on").call(ask(thinking="adaptive"))
    assert (again.cache, again.parsed, again.content) == ("hit", first.parsed, first.content)
    assert len(claude_server.received) == 1
    assert len(state_package.open(project).ledger.rows()) == 1


def test_an_answer_that_no_longer_satisfies_its_model_is_bought_anew(
    claude: Open, claude_server: ClaudeServer, monkeypatch: pytest.MonkeyPatch
):
    claude_server.then(Reply('{"name": "postcode", "share": 0.5}'), Reply('{"name": "POSTCODE", "share": 0.5}'))

    class Named(BaseModel):
        name: str
        share: float

        def model_post_init(self, context: object) -> None:
            if strict and not self.name.isupper():
                raise ValueError("shout")

    strict = False
    llm = claude(cache="on")
    assert llm.call(ask(output=Named)).text.count("postcode") == 1
    strict = True
    assert llm.call(ask(output=Named)).text.count("POSTCODE") == 1
    assert llm.call(ask(output=Named)).cache == "hit"


def test_redis_going_away_is_a_warning_and_no_error(
    claude: Open,
    claude_server: ClaudeServer,
    redis_server: RedisServer,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
):
    claude_server.answer_with(lambda body: Reply(GOOD))
    llm = claude(cache="on", budget_usd=5)
    assert [llm.call(ask(messages="a")).cache for _ in range(2)] == ["miss", "hit"]
    redis_server.kill()
    assert [llm.call(ask(messages="b")).cache for _ in range(2)] == ["miss", "hit"]
    assert llm.call(ask(messages="a")).cache == "hit"  # the ledger has it
    assert sum("Redis is gone" in record.message for record in caplog.records) == 1


def test_a_redis_that_was_never_there_is_a_warning_and_no_error(
    claude: Open, claude_server: ClaudeServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("AIFIRST_REDIS_URL", "redis://127.0.0.1:1/0")
    claude_server.then(Reply(GOOD))
    llm = claude(cache="on")
    assert [llm.call(ask()).cache for _ in range(2)] == ["miss", "hit"]
    assert sum("Redis is gone" in record.message for record in caplog.records) == 1


def test_a_damaged_cache_file_costs_a_warning(claude: Open, claude_server: ClaudeServer, project: Project):
    project.home.mkdir(parents=True)
    (project.home / "llm-cache.db").write_bytes(b"This is no database. " * 300)
    claude_server.then(Reply(GOOD))
    llm = claude(cache="on")
    assert [llm.call(ask()).cache for _ in range(2)] == ["miss", "hit"]


def test_the_embedded_store_is_bounded_by_size_and_age(tmp_path):
    store = SqliteAnswers(tmp_path / "a.db", days=1, megabytes=0.1)
    for number in range(30):
        store.put(f"k{number}", "x" * 10_000)
        store.drain()
    kept = [number for number in range(30) if store.get(f"k{number}")]
    assert kept == list(range(kept[0], 30))
    assert 5 <= len(kept) <= 10
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("UPDATE answers SET at = at - 90000")
    assert store.get("k29") is None
    store.put("new", "y")
    store.drain()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("SELECT key FROM answers").fetchall() == [("new",)]
