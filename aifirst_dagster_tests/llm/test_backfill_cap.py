"""All runs of one backfill share a cap: what the first ones spent, the later ones no longer have."""

from __future__ import annotations

import pytest

from aifirst_dagster.llm.failures import BudgetExceededError
from aifirst_dagster.llm.resource import choose, load_resources
from aifirst_dagster.llm.types import LLMRequest
from aifirst_dagster.orchestration.resources import LLMResource
from aifirst_dagster.state.ledger import Cap, NewCall, Overrun
from aifirst_dagster_tests.loopback.replies import Reply


def ask(llm) -> None:
    llm.call(LLMRequest(messages="Hello?"))


def test_runs_of_a_backfill_share_its_cap_and_others_do_not(project, claude, claude_server) -> None:
    claude(max_output_tokens=1_000, budget_usd=1.0)
    claude_server.answer_with(lambda body: Reply("Hi.", input_tokens=1_000, output_tokens=1_000))
    spent = 0.012

    def run(number: int, backfill: str | None):
        return choose("claude", project, run_id=f"run-{number}", backfill=backfill, backfill_usd=3 * spent)

    for number in range(2):
        ask(run(number, "monthly"))
    with pytest.raises(BudgetExceededError, match="backfill's cap") as error:
        for number in range(2, 5):
            ask(run(number, "monthly"))
    assert "budget_backfill_usd" in error.value.hint

    ask(run(10, "another"))
    ask(run(11, None))


def test_the_resource_has_a_cap_for_every_backfill_unless_the_pipeline_has_its_own(project, claude) -> None:
    claude(budget_backfill_usd=0.0)
    spec = load_resources(project)["claude"]

    by_file = LLMResource.of(spec).open("claude", project, "p", "r", 0.5, "b")
    with pytest.raises(BudgetExceededError, match=r"\$0\.00"):
        ask(by_file)
    assert LLMResource.of(spec).open("claude", project, "p", "r", 0.5, "b", 2.0).settings.budget_backfill_usd == 2.0


def test_a_cap_over_a_backfill_counts_no_other_calls(project) -> None:
    from aifirst_dagster import state

    ledger = state.open(project).ledger

    def reserve(run: str, backfill: str | None, usd: float = 0.4):
        call = NewCall("c", 1, run, "claude", "claude", "m", "f" * 64, usd, backfill=backfill)
        return ledger.reserve(call, [Cap("backfill", 1.0)] if backfill else [])

    assert isinstance(reserve("a", "x"), str) and isinstance(reserve("b", "x"), str)
    assert isinstance(reserve("c", None, 100.0), str)
    over = reserve("d", "x")
    assert isinstance(over, Overrun) and over.cap.scope == "backfill" and over.spent == pytest.approx(0.8)
    assert isinstance(reserve("e", "y"), str)
