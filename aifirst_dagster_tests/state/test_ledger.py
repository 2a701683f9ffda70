"""The ledger: nothing is sent unreserved, nothing in flight is forgotten, caps hold between processes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from aifirst_dagster.project import Project
from aifirst_dagster.state.database import State
from aifirst_dagster.state.ledger import Cap, Known, NewCall, Overrun
from aifirst_dagster.state.ledger_statements import statements
from aifirst_dagster.state.tables import llm_calls

AT_THE_FULL_SECOND = datetime(2026, 11, 22, 12, 30, 15, tzinfo=UTC)


def a_call(usd: float = 0.1, run_id: str = "r", **more: object) -> NewCall:
    who = {"pipeline": "p", "step": "s", "task": "t", **more}
    return NewCall("c", 1, run_id, "claude", "claude", "m", "f" * 64, usd, **who)  # type: ignore[arg-type]


def test_a_reservation_is_pending_and_counts_with_the_most_it_could_cost(state: State):
    row = state.ledger.reserve(a_call(0.1), [Cap("run", 0.5)])
    assert isinstance(row, str)
    assert state.ledger.rows()[0]["status"] == "pending"
    assert state.ledger.spent("r") == pytest.approx(0.1)


def test_settling_replaces_the_reservation_by_the_cost(state: State):
    row = state.ledger.reserve(a_call(0.4), [Cap("run", 0.5)])
    state.ledger.finish(row, "settled", 0.01, input_tokens=5, output_tokens=7)
    assert state.ledger.spent("r") == pytest.approx(0.01)
    assert isinstance(state.ledger.reserve(a_call(0.4), [Cap("run", 0.5)]), str)


def test_a_call_of_unknown_outcome_keeps_its_reservation(state: State):
    row = state.ledger.reserve(a_call(0.4))
    state.ledger.finish(row, "unknown", None)
    refused = state.ledger.reserve(a_call(0.2), [Cap("run", 0.5)])
    assert isinstance(refused, Overrun)
    assert refused.spent == pytest.approx(0.4)


def test_caps_count_over_their_scope(state: State):
    state.ledger.reserve(a_call(0.4, run_id="one"))
    state.ledger.reserve(a_call(0.4, run_id="two", pipeline="other"))
    third = a_call(0.2, run_id="three")
    assert isinstance(state.ledger.reserve(third, [Cap("run", 0.5)]), str)
    assert isinstance(state.ledger.reserve(third, [Cap("pipeline", 0.7)]), Overrun)
    assert isinstance(state.ledger.reserve(third, [Cap("day", 1.0)]), Overrun)
    assert isinstance(state.ledger.reserve(third, [Cap("pipeline", 0.9)]), str)


def test_yesterdays_calls_do_not_count_today(state: State):
    state.ledger.reserve(a_call(0.4))
    with state.write() as connection:
        connection.execute(update(llm_calls).values(started_at=datetime.now(UTC) - timedelta(days=1)))
    assert isinstance(state.ledger.reserve(a_call(0.4), [Cap("day", 0.5)]), str)


def test_a_cap_holds_among_threads(state: State):
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda _: state.ledger.reserve(a_call(0.1), [Cap("run", 0.5)]), range(20)))
    assert sum(isinstance(row, str) for row in rows) == 5
    assert state.ledger.spent("r") == pytest.approx(0.5)


RESERVE = """
import sys
from pathlib import Path
import aifirst_dagster.state as state
from aifirst_dagster.project import Project
from aifirst_dagster.state.ledger import Cap, NewCall
ledger = state.open(Project(Path(sys.argv[1]))).ledger
call = NewCall("c", 1, "r", "claude", "claude", "m", "f", 0.01)
print(sum(isinstance(ledger.reserve(call, [Cap("run", 0.25)]), str) for _ in range(15)))
"""


def test_a_cap_holds_among_processes(project: Project, state: State):
    processes = [
        subprocess.Popen([sys.executable, "-c", RESERVE, str(project.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    granted = [int(process.communicate(timeout=120)[0]) for process in processes]
    assert sum(granted) == 25
    assert state.ledger.spent("r") == pytest.approx(0.25)


def test_calls_in_flight_when_their_process_dies_become_unknown(project: Project, state: State):
    mine = state.ledger.reserve(a_call())
    subprocess.run([sys.executable, "-c", RESERVE, str(project.root)], check=True, capture_output=True)
    assert state.ledger.give_up_lost() == 15
    assert state.ledger.give_up_lost() == 0
    statuses = {row["id"]: row["status"] for row in state.ledger.rows()}
    assert statuses.pop(mine) == "pending"
    assert set(statuses.values()) == {"unknown"}


def test_an_answer_that_is_known_comes_with_its_row_as_it_was_written(state: State):
    row_id = state.ledger.reserve(a_call(key="k"))
    state.ledger.finish(row_id, "settled", 0.01, answer="It's \u2603 :row %(row)s", finished_at=AT_THE_FULL_SECOND)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    known = state.ledger.submit_reserve(a_call(key="k"), since=long_ago).result()
    assert isinstance(known, Known)
    assert known.row == state.ledger.look(row_id)
    assert known.row["finished_at"] == AT_THE_FULL_SECOND
    assert known.row["started_at"].tzinfo is not None


def test_an_answer_is_found_by_its_key_however_many_rows_there_are(state: State):
    if state.backend != "sqlite":
        pytest.skip("PostgreSQL plans by its statistics")
    text = str(statements(server=False).answered.compile(dialect=state.engine.dialect))
    with state.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("[]",))]
    assert "llm_calls_key (key=? AND status=?)" in plan[0], plan


def test_a_call_of_another_machine_is_given_up_only_after_a_long_time(state: State):
    state.ledger.reserve(a_call())
    with state.write() as connection:
        connection.execute(update(llm_calls).values(owner="elsewhere:1:0.00"))
    assert state.ledger.give_up_lost() == 0
    with state.write() as connection:
        connection.execute(update(llm_calls).values(started_at=datetime.now(UTC) - timedelta(hours=3)))
    assert state.ledger.give_up_lost() == 1


def test_costs_add_up_by_pipeline_step_and_model(state: State):
    for cost in (0.01, 0.02):
        state.ledger.finish(state.ledger.reserve(a_call(0.1)), "settled", cost, input_tokens=10, output_tokens=1)
    state.ledger.finish(state.ledger.reserve(a_call(0.1, step="other")), "unknown", None)
    state.ledger.finish(state.ledger.reserve(a_call(0.1, pipeline=None, step=None)), "failed", 0.0)
    rows = {(row.pipeline, row.step): row for row in state.ledger.costs()}
    assert rows["p", "s"].calls == 2
    assert rows["p", "s"].cost_usd == pytest.approx(0.03)
    assert (rows["p", "other"].open_calls, rows["p", "other"].open_usd) == (1, pytest.approx(0.1))
    assert rows[None, None].failures == 1
    assert state.ledger.costs(datetime.now(UTC) + timedelta(minutes=1)) == []
