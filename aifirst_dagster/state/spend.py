"""What was spent on models, added up: by day, pipeline, step, task, model, or any of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import ColumnElement, String, case, cast, func, select

from aifirst_dagster.state.tables import llm_calls

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

Way = Literal["day", "pipeline", "step", "task", "model", "provider", "resource", "run_id", "backfill", "status"]
WAYS: tuple[Way, ...] = (
    "day", "pipeline", "step", "task", "model", "provider", "resource", "run_id", "backfill", "status",
)  # fmt: skip
#: Of a call, all but what was said.
CALL = (
    "id", "call_id", "attempt", "run_id", "backfill", "pipeline", "step", "task", "resource", "provider", "model",
    "status", "failure", "estimated_usd", "reserved_usd", "cost_usd", "batch_id", "input_tokens",
    "cached_input_tokens", "cache_write_tokens", "output_tokens", "stop_reason", "started_at", "finished_at",
)  # fmt: skip
_table = llm_calls.c


def spend(state: State, by: Sequence[Way] = (), since: datetime | None = None) -> list[dict[str, Any]]:
    """Sums over the ledger, dearest first (by day: oldest first).

    Returns:
        The named columns, then `calls, failures, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
        cost_usd`, `batched_usd` (the part of it at batch prices), `open_calls` and `open_usd` (may have been billed:
        at most), and `compared_estimate_usd` beside `compared_cost_usd`: both of calls where both are known.
    """
    keys = [_key(state, way).label(way) for way in by]
    is_open = _table.status.in_(("pending", "unknown"))
    both = _table.estimated_usd.is_not(None) & (_table.status == "settled")

    def total(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
        return func.coalesce(func.sum(column), 0).label(name)

    query = select(
        *keys,
        func.count().label("calls"),
        total(case((_table.status == "failed", 1), else_=0), "failures"),
        *(
            total(_table[name], name)
            for name in ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "cost_usd")
        ),
        total(case((_table.batch_id.is_not(None), _table.cost_usd), else_=0.0), "batched_usd"),
        total(case((is_open, 1), else_=0), "open_calls"),
        total(case((is_open & _table.cost_usd.is_(None), _table.reserved_usd), else_=0.0), "open_usd"),
        total(case((both, _table.estimated_usd), else_=0.0), "compared_estimate_usd"),
        total(case((both, _table.cost_usd), else_=0.0), "compared_cost_usd"),
    ).group_by(*keys)
    if since is not None:
        query = query.where(_table.started_at >= since)
    with state.read() as connection:
        found = [dict(row) for row in connection.execute(query).mappings()]
    if not by:
        return [row for row in found if row["calls"]]
    dear = sorted(found, key=lambda row: (-(row["cost_usd"] + row["open_usd"]), *(str(row[way]) for way in by)))
    return sorted(dear, key=lambda row: row["day"]) if "day" in by else dear


def calls(state: State, since: datetime | None = None) -> Iterator[list[dict[str, Any]]]:
    """Every call without what was said in it, oldest first, some thousand at a time."""
    query = select(*(_table[name] for name in CALL)).order_by(_table.started_at, _table.id)
    if since is not None:
        query = query.where(_table.started_at >= since)
    with state.read() as connection:
        found = connection.execution_options(yield_per=5_000).execute(query).mappings()
        for some in found.partitions():
            yield [dict(row) for row in some]


def over_reserved(state: State, since: datetime | None = None) -> int:
    """Calls that cost more than was reserved for them: a cap that they met may not have held."""
    query = select(func.count()).where(_table.cost_usd > _table.reserved_usd + 1e-9)
    if since is not None:
        query = query.where(_table.started_at >= since)
    with state.read() as connection:
        return int(connection.execute(query).scalar_one())


def _key(state: State, way: Way) -> ColumnElement[Any]:
    if way != "day":
        return _table[way]
    if state.backend == "postgresql":
        return func.to_char(func.timezone("UTC", _table.started_at), "YYYY-MM-DD")
    return func.substr(cast(_table.started_at, String), 1, 10)
