"""What stands the same in many requests is marked, kept by the provider, and billed as read, not as sent anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.types import LLMRequest, Message, TextPart
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.replies import Reply

Open = Callable[..., LLM]
LONG = "You label the rows of a table, one at a time, and never guess what a row does not say. " * 60


def ask(row: str, system: str = LONG, **more: object) -> LLMRequest:
    user = Message(role="user", content=(TextPart(text=f"The row: {row}"),))
    return LLMRequest.model_validate(
        {"messages": (user,), "system": system, "cache_system": True, "max_tokens": 100, **more}
    )


def ledger(project: Project) -> list[dict[str, object]]:
    return state_package.open(project).ledger.rows()


def test_a_prefix_is_written_once_and_then_read_at_its_price(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    claude_server.then(*[Reply("Fine.", output_tokens=10)] * 3)
    llm = claude()
    costs = [llm.call(ask(row)).cost_usd for row in ("a", "b", "c")]
    first, *others = ledger(project)
    prefix = first["cache_write_tokens"]
    assert isinstance(prefix, int) and prefix > 512
    assert [(row["cached_input_tokens"], row["cache_write_tokens"]) for row in others] == [(prefix, 0)] * 2
    fresh = [int(row["input_tokens"]) - prefix for row in (first, *others)]  # type: ignore[call-overload]
    expected = [
        (prefix * 2.5 + fresh[0] * 2 + 10 * 10) / 1e6,
        *((prefix * 0.10 + few * 2 + 10 * 10) / 1e6 for few in fresh[1:]),
    ]
    assert costs == pytest.approx(expected)
    assert [row["cost_usd"] for row in ledger(project)] == pytest.approx(expected)
    assert llm.usage.cached_input_tokens == 2 * prefix


def test_what_is_too_short_to_be_kept_is_not_marked_and_costs_no_more(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    claude_server.then(*[Reply("Fine.")] * 2)
    for row in ("a", "b"):
        claude().call(ask(row, system="Be brief."))
    assert all(request.body["system"] == "Be brief." for request in claude_server.received)
    assert {(row["cached_input_tokens"], row["cache_write_tokens"]) for row in ledger(project)} == {(0, 0)}


@pytest.mark.parametrize("other", [{"effort": "low"}, {"thinking": "adaptive"}, {"system": LONG + "Mind the gap."}])
def test_another_way_of_asking_is_another_prefix(
    claude: Open, claude_server: ClaudeServer, project: Project, other: dict[str, object]
):
    claude_server.then(*[Reply("Fine.")] * 2)
    claude().call(ask("a"))
    claude().call(ask("b", **other))  # type: ignore[arg-type]
    assert [row["cached_input_tokens"] for row in ledger(project)] == [0, 0]


def test_what_may_be_written_to_the_cache_is_reserved_at_that_price(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    marked, plain = claude().preview(ask("a")), claude().preview(ask("a").model_copy(update={"cache_system": False}))
    assert marked is not None and plain is not None
    assert marked.most_usd - 0.001 == pytest.approx((plain.most_usd - 0.001) * 1.25, rel=0.02)


def test_requests_of_a_batch_share_their_prefix(claude: Open, claude_server: ClaudeServer, project: Project):
    from aifirst_dagster_tests.llm.test_batches import PACE

    claude_server.then(*[Reply("Fine.", output_tokens=10)] * 4)
    claude().batch([ask(row) for row in "abcd"], pace=PACE)
    rows = ledger(project)
    assert sorted(bool(row["cached_input_tokens"]) for row in rows) == [False, True, True, True]
    assert max(float(row["cost_usd"]) for row in rows) > 5 * min(float(row["cost_usd"]) for row in rows)  # type: ignore[arg-type]
