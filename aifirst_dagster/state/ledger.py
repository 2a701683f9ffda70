"""Calls to models: reserved before they are sent, settled after, never forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import Row, case, func, select, update

from aifirst_dagster.state.group_commit import GroupCommit
from aifirst_dagster.state.ids import new_id
from aifirst_dagster.state.ledger_statements import Scope, statements, wired_keys
from aifirst_dagster.state.owner import alive, myself
from aifirst_dagster.state.tables import llm_batches, llm_calls

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State
    from aifirst_dagster.state.direct import Transaction

Status = Literal["pending", "settled", "failed", "unknown"]

#: A call of another machine that never settled is given up after this time; no provider answers later.
ABANDONED = timedelta(hours=2)
#: States of a message batch whose answers are still to come.
UNDER_WAY = ("preparing", "sending", "sent")
#: What a call counts with: its cost, or, as long as that is not known, the most it could cost.
_COMMITTED = func.coalesce(llm_calls.c.cost_usd, llm_calls.c.reserved_usd)


@dataclass(frozen=True)
class Cap:
    """The most that may be spent in a scope: one call, run or backfill, a pipeline over all its runs, or a UTC day."""

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
    """What is known of a request before it is sent.

    Attributes:
        call_id: Groups the requests of one call.
        fingerprint: Of what is sent.
        key: Of what the call asked for first: the name under which its answer is found again. None: it is not.
        backfill: The backfill that the run belongs to.
        estimated_usd: What it is likely to cost, as opposed to `reserved_usd`, the most.
        batch_id: The message batch that it is a part of (`state.batches`).
    """

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
    key: str | None = None
    backfill: str | None = None
    estimated_usd: float | None = None
    batch_id: str | None = None


@dataclass(frozen=True)
class Known:
    """The answer is in the ledger already: nothing needs to be sent.

    Attributes:
        row: The row that holds it.
    """

    row: dict[str, Any]


@dataclass(frozen=True)
class InFlight:
    """The same is being asked right now, by this process or another."""

    row_id: str


Reserved = str | Overrun | Known | InFlight


@dataclass(frozen=True)
class _Reserve:
    call: NewCall
    caps: tuple[Cap, ...]
    since: datetime | None


@dataclass(frozen=True)
class _Finish:
    row_id: str
    values: dict[str, Any]


class Ledger:
    """The table `llm_calls`: one row for each request sent to a provider."""

    def __init__(self, state: State) -> None:
        self._state = state
        # A database server is as far as its network: never from within an event loop.
        at_once = self._apply_at_once if state.backend == "sqlite" else None
        self._writer = GroupCommit(self._apply, "aifirst-ledger", at_once)

    def reserve(self, call: NewCall, caps: Sequence[Cap] = ()) -> str | Overrun:
        """Write `call` as pending if every cap leaves room for the most it could cost.

        Checking and writing are one transaction: caps hold across threads and processes.

        Returns:
            The row's id, or the cap that refused.
        """
        result: str | Overrun = self.submit_reserve(call, caps).result()
        return result

    def submit_reserve(
        self, call: NewCall, caps: Sequence[Cap] = (), since: datetime | None = None, awaited: bool = False
    ) -> Future[Any]:
        """`reserve`, queued; its result is `Reserved`.

        Args:
            call: What is about to be sent.
            caps: What must hold.
            since: Where the call's key has been answered since then, or is being asked, this is the result and nothing
                is reserved. None: not looked for.
            awaited: A task of the running event loop is about to wait for it.
        """
        return self._writer.submit(_Reserve(call, tuple(caps), since), awaited)

    def finish(self, row_id: str, status: Status, cost_usd: float | None, **columns: Any) -> None:
        """Settle a row: `settled` or `failed` with its cost, or `unknown` (cost None) where it may have been billed.

        Args:
            row_id: From `reserve`.
            status: The row's new status.
            cost_usd: What it cost; None leaves the reservation standing.
            columns: Further columns of `llm_calls`: tokens, failure, error, stop_reason, request_id, answer, thinking.
        """
        self.submit_finish(row_id, {"status": status, "cost_usd": cost_usd, **columns}).result()

    def submit_finish(self, row_id: str, values: dict[str, Any], awaited: bool = False) -> Future[Any]:
        """`finish`, queued; see `submit_reserve`."""
        return self._writer.submit(_Finish(row_id, {"finished_at": datetime.now(UTC), **values}), awaited)

    def drain(self) -> None:
        """Wait until everything that was queued is written."""
        self._writer.drain()

    def look(self, row_id: str) -> dict[str, Any] | None:
        """One row as it stands."""
        with self._state.read() as connection:
            row = connection.execute(select(llm_calls).where(llm_calls.c.id == row_id)).mappings().first()
        return dict(row) if row else None

    def _apply_at_once(self, writes: Sequence[_Reserve | _Finish]) -> list[Any]:
        return self._apply(writes, patient=False)

    def _apply(self, writes: Sequence[_Reserve | _Finish], patient: bool = True) -> list[Any]:
        """Many writes, one transaction."""
        done: list[Any] = [None] * len(writes)
        lock = "budget" if any(isinstance(one, _Reserve) for one in writes) else None
        with self._state.direct(lock, patient) as open_:
            _finish_all(open_, [one for one in writes if isinstance(one, _Finish)])
            books = _Books(open_, [one for one in writes if isinstance(one, _Reserve)])
            for index, one in enumerate(writes):
                if isinstance(one, _Reserve):
                    done[index] = books.reserve(one)
            books.write()
        return done

    def give_up_lost(self) -> int:
        """Mark calls `unknown` whose process died while they were in flight; returns how many.

        Not those of a message batch that is under way: it goes on without us, and its answers can be fetched.
        """
        under_way = select(llm_batches.c.id).where(llm_batches.c.state.in_(UNDER_WAY))
        pending = select(llm_calls.c.id, llm_calls.c.owner, llm_calls.c.started_at).where(
            llm_calls.c.status == "pending",
            llm_calls.c.batch_id.is_(None) | llm_calls.c.batch_id.not_in(under_way),
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
            committed = func.coalesce(func.sum(_COMMITTED), 0.0)
            return float(connection.execute(select(committed).where(llm_calls.c.run_id == run_id)).scalar_one())

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


_NO_TOKENS = {"input_tokens": 0, "cached_input_tokens": 0, "cache_write_tokens": 0, "output_tokens": 0}

_TIMES = ("started_at", "finished_at")
#: What names a scope; a day needs no name.
_NAMED: dict[Scope, str] = {"call": "call_id", "run": "run_id", "backfill": "backfill", "pipeline": "pipeline"}


@dataclass
class _Books:
    """The ledger within one transaction: what is spent and what is asked, the transaction's own writes included."""

    open_: Transaction
    asked: Iterable[_Reserve]
    rows: list[dict[str, Any]] = field(default_factory=list)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self._spent: dict[tuple[Scope, str | None], float] = {}
        self._known: dict[str, Known | InFlight] = {}
        looked_for = {one.call.key: one.since for one in self.asked if one.since and one.call.key}
        if not looked_for:
            return
        keys = {"keys": wired_keys(self.open_.server, list(looked_for))}
        found = self.open_.rows(statements(self.open_.server).answered, keys, _TIMES)
        for row in sorted(found, key=lambda row: row["started_at"]):
            if row["status"] == "settled" and row["answer"] is not None:
                if row["started_at"] >= looked_for[row["key"]]:
                    self._known[row["key"]] = Known(row)
            elif row["status"] == "pending" and row["key"] not in self._known and self._lives(row):
                self._known[row["key"]] = InFlight(row["id"])

    def reserve(self, one: _Reserve) -> Reserved:
        call = one.call
        if one.since and call.key in self._known:
            return self._known[call.key]
        scopes = [(cap, _scope(cap.scope, call)) for cap in one.caps]
        for cap, scope in scopes:
            if scope not in self._spent:
                # Nothing is spent under a call before its first request.
                first = cap.scope == "call" and call.attempt == 1
                self._spent[scope] = 0.0 if first else _spent(self.open_, cap.scope, call, self.now)
            if self._spent[scope] + call.reserved_usd > cap.usd + 1e-9:
                return Overrun(cap, self._spent[scope])
        # Every sum known so far must hold this row too, whichever caps its own call has.
        for scope in {_scope(kind, call) for kind in get_args(Scope)} & self._spent.keys():
            self._spent[scope] += call.reserved_usd
        row_id = new_id()
        self.rows.append(
            {**vars(call), "id": row_id, "status": "pending", "owner": myself(), "started_at": self.now, **_NO_TOKENS}
        )
        if call.key:
            self._known.setdefault(call.key, InFlight(row_id))
        return row_id

    def write(self) -> None:
        if self.rows:
            self.open_.many(statements(self.open_.server).insert, self.rows, tuple(self.rows[0]))

    def _lives(self, row: Any) -> bool:
        if row["batch_id"]:
            # Until the batch is given up for lost; asking the same meanwhile would be paid twice.
            return True
        return alive(row["owner"]) is not False and row["started_at"] > self.now - ABANDONED


def _finish_all(open_: Transaction, finished: Sequence[_Finish]) -> None:
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in finished:
        alike.setdefault(tuple(sorted(one.values)), []).append({"row": one.row_id, **one.values})
    for columns, rows in alike.items():
        open_.many(statements(open_.server).finish, rows, columns)


def _scope(scope: Scope, call: NewCall) -> tuple[Scope, str | None]:
    return scope, getattr(call, _NAMED[scope]) if scope in _NAMED else None


def _spent(open_: Transaction, scope: Scope, call: NewCall, now: datetime) -> float:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    known: dict[Scope, dict[str, Any]] = {
        "call": {"call_id": call.call_id},
        "run": {"run_id": call.run_id},
        "backfill": {"backfill": call.backfill},
        "pipeline": {"pipeline": call.pipeline},
        "day": {"midnight": midnight},
    }
    return float(open_.scalar(statements(open_.server).within[scope], known[scope]))
