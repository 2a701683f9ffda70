"""Calls wait for room instead of provoking a 429; processes share one account's limits through Redis."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import UnavailableError
from aifirst_dagster.llm.gateway.limits import KINDS, Counts, LocalCounts
from aifirst_dagster.llm.gateway.limits_redis import SharedCounts
from aifirst_dagster.llm.gateway.redis_link import RedisLink
from aifirst_dagster.llm.types import LLMRequest, RateLimit
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.redis import RedisServer, redis_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply

Open = Callable[..., LLM]


def need(**amounts: float) -> dict[str, float]:
    return {kind: amounts.get(kind, 0.0) for kind in KINDS}


def said(kind: str, limit: int, remaining: int) -> RateLimit:
    return RateLimit.model_validate({"kind": kind, "limit": limit, "remaining": remaining, "reset": 60})


@pytest.fixture(params=["local", "redis"])
def counts(request: pytest.FixtureRequest) -> Callable[..., Counts]:
    """Buckets, with what a resource states; the same rules in both places."""
    if request.param == "local":
        return lambda **stated: LocalCounts(stated)
    server: RedisServer = request.getfixturevalue("redis_server")
    return lambda **stated: SharedCounts("account", RedisLink(server.url), LocalCounts(stated))


def test_without_known_limits_everything_passes(counts: Callable[..., Counts]):
    async def go() -> None:
        buckets = counts()
        assert [await buckets.take(need(requests=1, input_tokens=1e9)) for _ in range(3)] == [0, 0, 0]

    asyncio.run(go())


def test_a_stated_limit_lets_a_minutes_worth_pass_and_then_fills_evenly(counts: Callable[..., Counts]):
    async def go() -> None:
        buckets = counts(requests=6)
        assert [await buckets.take(need(requests=1)) for _ in range(6)] == [0.0] * 6
        assert await buckets.take(need(requests=1)) == pytest.approx(10.0, abs=4)

    asyncio.run(go())


def test_what_an_answer_says_is_learned(counts: Callable[..., Counts]):
    async def go() -> None:
        buckets = counts()
        await buckets.take(need(requests=1, input_tokens=100))
        await buckets.settle(need(), [said("requests", 50, 49), said("input_tokens", 600, 200)], 0)
        assert await buckets.take(need(requests=1, input_tokens=100)) == 0
        assert await buckets.take(need(requests=1, input_tokens=300)) == pytest.approx(20.0, abs=5)

    asyncio.run(go())


def test_what_was_taken_in_vain_comes_back(counts: Callable[..., Counts]):
    async def go() -> None:
        buckets = counts(input_tokens=600)
        assert await buckets.take(need(input_tokens=600)) == 0
        assert await buckets.take(need(input_tokens=500)) > 40
        await buckets.settle(need(input_tokens=590), (), 0)
        assert await buckets.take(need(input_tokens=500)) == 0

    asyncio.run(go())


def test_more_than_a_minutes_worth_passes_when_the_bucket_is_full(counts: Callable[..., Counts]):
    async def go() -> None:
        buckets = counts(input_tokens=600)
        assert await buckets.take(need(input_tokens=6000)) == 0
        assert await buckets.take(need(input_tokens=1)) > 500

    asyncio.run(go())


def test_a_wish_to_wait_holds_everybody_back(counts: Callable[..., Counts]):
    async def go() -> None:
        buckets = counts()
        await buckets.settle(need(), (), 30)
        assert await buckets.take(need(requests=1)) == pytest.approx(30, abs=5)

    asyncio.run(go())


def headers(limit: int, remaining: int) -> dict[str, str]:
    reset = (datetime.now(UTC) + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    name = "anthropic-ratelimit-requests"
    return {f"{name}-limit": str(limit), f"{name}-remaining": str(remaining), f"{name}-reset": reset}


def test_calls_wait_rather_than_run_into_a_limit_that_a_failure_told(claude: Open, claude_server: ClaudeServer):
    llm = claude(budget_usd=5)
    claude_server.then(Fail(529, "overloaded_error", headers=headers(120, 0)), Reply("a"), Reply("b"))
    began = time.monotonic()
    llm.map([LLMRequest(messages=text, max_tokens=100) for text in "ab"], concurrency=1)
    # 120 a minute: each of the two sent after the failure waited half a second for its turn.
    assert time.monotonic() - began >= 0.9
    assert [request.status for request in claude_server.received] == [529, 200, 200]


def test_a_resource_may_state_its_own_limits(claude: Open, claude_server: ClaudeServer):
    claude_server.answer_with(lambda body: Reply("ok"))
    llm = claude(budget_usd=5, limits={"requests_per_minute": 240})
    asked = [LLMRequest(messages=str(number), max_tokens=10) for number in range(244)]
    began = time.monotonic()
    assert all(not isinstance(answer, Exception) for answer in llm.map(asked, concurrency=16))
    assert time.monotonic() - began >= 0.9


def test_a_wait_past_the_deadline_is_a_failure_at_once(claude: Open, claude_server: ClaudeServer):
    claude_server.answer_with(lambda body: Reply("ok"))
    llm = claude(budget_usd=5, limits={"requests_per_minute": 1}, deadline=5)
    llm.call(LLMRequest(messages="a", max_tokens=10))
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="allows no further request for"):
        llm.call(LLMRequest(messages="b", max_tokens=10))
    assert time.monotonic() - began < 20
    assert len(claude_server.received) == 1


TAKE = """
import asyncio, sys
from aifirst_dagster.llm.gateway.limits import LocalCounts
from aifirst_dagster.llm.gateway.limits_redis import SharedCounts
from aifirst_dagster.llm.gateway.redis_link import RedisLink
async def go():
    counts = SharedCounts("shared", RedisLink(sys.argv[1]), LocalCounts({"requests": 50}))
    need = {"requests": 1, "input_tokens": 0, "output_tokens": 0, "tokens": 0}
    print(sum([await counts.take(need) == 0 for _ in range(40)]))
asyncio.run(go())
"""


def test_processes_share_the_limits_through_redis(redis_server: RedisServer, tmp_path: Path):  # noqa: F811
    command, began = [sys.executable, "-c", TAKE, redis_server.url], time.monotonic()
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    passed = sum(int(process.communicate(timeout=60)[0]) for process in processes)
    # 50 at once, and what the time since then fills up again.
    assert 50 <= passed <= 50 + (time.monotonic() - began) * 50 / 60 + 1


def test_without_redis_each_process_counts_for_itself():
    async def go() -> None:
        counts = SharedCounts("gone", RedisLink("redis://127.0.0.1:1/0"), LocalCounts({"requests": 2}))
        assert [await counts.take(need(requests=1)) == 0 for _ in range(3)] == [True, True, False]

    asyncio.run(go())
