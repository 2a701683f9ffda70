"""Calls to models: reserved before they are sent, settled after, never forgotten."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, Row, Select, Text, bindparam, case, func, insert, select, update

from aifirst_dagster.state.owner import alive, myself
from aifirst_dagster.state.tables import UtcTime, llm_calls

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

Status = Literal["pending", "settled", "failed", "unknown"]
Scope = Literal["run", "pipeline", "day"]

#: A call of another machine that never settled is given up after this time; no provider answers later.
ABANDONED = timedelta(hours=2)
#: What a call counts with: its cost, or, as long as that is not known, the most it could cost.
_COMMITTED = func.coalesce(llm_calls.c.cost_usd, llm_calls.c.reserved_usd)


@dataclass(frozen=True)
class Cap:
    """The most that may be spent within a scope: one run, a pipeline over all its runs, or a UTC day."""

    scope: Scope
    usd: float


@dataclass(frozen=True)
class Overrun:
    """A reservation that a cap refused.

    Attributes:
        cap: The cap.
        spent: US dollars already committed under it.
    """

    cap: Cap
    spent: float


@dataclass(frozen=True)
class NewCall:
    """What is known of a request before it is sent; `call_id` groups the requests of one call."""

    call_id: str
    attempt: int
    run_id: str
    resource: str
    provider: str
    model: str
    fingerprint: str
    reserved_usd: float
    pipeline: str | None = None
    step: str | None = None
    task: str | None = None


class Ledger:
    """The table `llm_calls`: one row for each request sent to a provider."""

    def __init__(self, state: State) -> None:
        self._state = state

    def reserve(self, call: NewCall, caps: Sequence[Cap] = ()) -> str | Overrun:
        """Write `call` as pending if every cap leaves room for the most it could cost.

        Checking and writing are one transaction: caps hold across threads and processes.

        Returns:
            The row's id, or the cap that refused.
        """
        now = datetime.now(UTC)
        with self._state.write(lock="budget") as connection:
            for cap in caps:
                spent = _spent(connection, cap.scope, call.run_id, call.pipeline, now)
                if spent + call.reserved_usd > cap.usd + 1e-9:
                    return Overrun(cap, spent)
            row_id = str(uuid.uuid4())
            row = {"id": row_id, "status": "pending", "owner": myself(), "started_at": now, **_NO_TOKENS}
            connection.execute(_INSERT, {**vars(call), **row})
        return row_id

    def finish(self, row_id: str, status: Status, cost_usd: float | None, **columns: Any) -> None:
        """Settle a row: `settled` or `failed` with its cost, or `unknown` (cost None) where it may have been billed.

        Args:
            row_id: From `reserve`.
            status: The row's new status.
            cost_usd: What it cost; None leaves the reservation standing.
            columns: Further columns of `llm_calls`: tokens, failure, error, stop_reason, request_id, answer, thinking.
        """
        values = {"status": status, "cost_usd": cost_usd, "finished_at": datetime.now(UTC), **columns}
        with self._state.write() as connection:
            connection.execute(_FINISH, {"row": row_id, **values})

    def give_up_lost(self) -> int:
        """Mark calls `unknown` whose process died while they were in flight; returns how many."""
        pending = select(llm_calls.c.id, llm_calls.c.owner, llm_calls.c.started_at).where(
            llm_calls.c.status == "pending"
        )
        with self._state.read() as connection:
            rows = connection.execute(pending).all()
        long_ago = datetime.now(UTC) - ABANDONED
        lost = [row.id for row in rows if alive(row.owner) is False or row.started_at < long_ago]
        if lost:
            error = "The process ended while the call was in flight; it may have been billed."
            with self._state.write() as connection:
                connection.execute(
                    update(llm_calls)
                    .where(llm_calls.c.id.in_(lost), llm_calls.c.status == "pending")
                    .values(status="unknown", error=error, finished_at=datetime.now(UTC))
                )
        return len(lost)

    def spent(self, run_id: str) -> float:
        """US dollars committed by a run, reservations included."""
        with self._state.read() as connection:
            return _spent(connection, "run", run_id, None, datetime.now(UTC))

    def rows(self, run_id: str | None = None, since: datetime | None = None) -> list[dict[str, Any]]:
        """Ledger rows, oldest first."""
        query = select(llm_calls).order_by(llm_calls.c.started_at, llm_calls.c.attempt)
        if run_id is not None:
            query = query.where(llm_calls.c.run_id == run_id)
        if since is not None:
            query = query.where(llm_calls.c.started_at >= since)
        with self._state.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def costs(self, since: datetime | None = None) -> list[Row[Any]]:
        """Per pipeline, step and model: calls, tokens, `cost_usd`, and what calls without a known cost may add.

        Rows have `pipeline, step, model, calls, failures, input_tokens, output_tokens, cost_usd, open_calls, open_usd`.
        """
        table = llm_calls.c
        is_open = table.status.in_(("pending", "unknown"))
        query = (
            select(
                table.pipeline,
                table.step,
                table.model,
                func.count().label("calls"),
                func.sum(case((table.status == "failed", 1), else_=0)).label("failures"),
                func.sum(table.input_tokens).label("input_tokens"),
                func.sum(table.output_tokens).label("output_tokens"),
                func.coalesce(func.sum(table.cost_usd), 0.0).label("cost_usd"),
                func.sum(case((is_open, 1), else_=0)).label("open_calls"),
                func.sum(case((is_open & table.cost_usd.is_(None), table.reserved_usd), else_=0.0)).label("open_usd"),
            )
            .group_by(table.pipeline, table.step, table.model)
            .order_by(func.sum(_COMMITTED).desc(), table.pipeline, table.step, table.model)
        )
        if since is not None:
            query = query.where(table.started_at >= since)
        with self._state.read() as connection:
            return list(connection.execute(query).all())


_NO_TOKENS = {"input_tokens": 0, "cached_input_tokens": 0, "output_tokens": 0}

# Built once: putting a statement together costs SQLAlchemy more than SQLite needs to run it.
_INSERT = insert(llm_calls)
_FINISH = update(llm_calls).where(llm_calls.c.id == bindparam("row"))
_SPENT = select(func.coalesce(func.sum(_COMMITTED), 0.0))
_WITHIN: dict[Scope, Select[Any]] = {
    "run": _SPENT.where(llm_calls.c.run_id == bindparam("run_id")),
    "pipeline": _SPENT.where(llm_calls.c.pipeline.is_not_distinct_from(bindparam("pipeline", type_=Text))),
    "day": _SPENT.where(llm_calls.c.started_at >= bindparam("midnight", type_=UtcTime)),
}


def _spent(connection: Connection, scope: Scope, run_id: str, pipeline: str | None, now: datetime) -> float:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    known: dict[Scope, dict[str, Any]] = {
        "run": {"run_id": run_id},
        "pipeline": {"pipeline": pipeline},
        "day": {"midnight": midnight},
    }
    return float(connection.execute(_WITHIN[scope], known[scope]).scalar_one())
