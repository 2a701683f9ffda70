"""Sums over the ledger, whichever way they are asked for, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aifirst_dagster.state.database import State
from aifirst_dagster.state.ledger import NewCall
from aifirst_dagster.state.spend import CALL, calls, over_reserved, spend
from aifirst_dagster.state.tables import llm_calls


def spent(
    state: State,
    step: str,
    cost: float | None,
    *,
    days_ago: float = 0,
    estimate: float | None = None,
    batch: bool = False,
) -> None:
    call = NewCall(
        "c",
        1,
        "r",
        "claude",
        "claude",
        "m",
        "f",
        0.2,
        "p",
        step,
        "t",
        None,
        None,
        estimate,
        "b" * 32 if batch else None,
    )
    row = state.ledger.reserve(call)
    assert isinstance(row, str)
    status = "unknown" if cost is None else "settled"
    state.ledger.finish(row, status, cost, input_tokens=10, cached_input_tokens=4, output_tokens=2)  # type: ignore[arg-type]
    with state.write() as connection:
        at = datetime.now(UTC) - timedelta(days=days_ago)
        connection.execute(llm_calls.update().where(llm_calls.c.id == row).values(started_at=at))


def test_sums_by_what_is_asked_for_dearest_first(state: State):
    for step, cost in (("a", 0.01), ("b", 0.05), ("a", 0.02), ("a", None)):
        spent(state, step, cost, batch=step == "b")
    (whole,) = spend(state)
    assert (whole["calls"], whole["cost_usd"], whole["batched_usd"]) == (4, pytest.approx(0.08), pytest.approx(0.05))
    assert (whole["open_calls"], whole["open_usd"]) == (1, pytest.approx(0.2))
    found = spend(state, ["pipeline", "step", "model"])
    assert [(row["step"], row["calls"]) for row in found] == [("a", 3), ("b", 1)]
    assert (found[0]["input_tokens"], found[0]["cached_input_tokens"], found[0]["output_tokens"]) == (30, 12, 6)


def test_days_are_utc_days_oldest_first(state: State):
    for days_ago in (0, 2, 2):
        spent(state, "a", 0.01, days_ago=days_ago)
    today = datetime.now(UTC).date()
    assert [(row["day"], row["calls"]) for row in spend(state, ["day"])] == [
        ((today - timedelta(days=2)).isoformat(), 2),
        (today.isoformat(), 1),
    ]
    assert [row["calls"] for row in spend(state, ["day"], since=datetime.now(UTC) - timedelta(days=1))] == [1]


def test_estimates_are_compared_over_calls_that_have_both(state: State):
    spent(state, "a", 0.02, estimate=0.05)
    spent(state, "a", 0.02)
    spent(state, "a", None, estimate=9)
    (whole,) = spend(state)
    assert (whole["compared_estimate_usd"], whole["compared_cost_usd"]) == (pytest.approx(0.05), pytest.approx(0.02))


def test_a_call_that_cost_more_than_was_reserved_is_seen(state: State):
    spent(state, "a", 0.2)
    assert over_reserved(state) == 0
    spent(state, "a", 0.21)
    assert over_reserved(state) == 1


def test_calls_come_without_what_was_said(state: State):
    assert list(calls(state)) == []
    assert spend(state) == []
    spent(state, "a", 0.01)
    ((row,),) = calls(state)
    assert tuple(row) == CALL and "answer" not in row
