"""Old rows of the ledger: what was said is forgotten, and single calls become one row a day and model.

Sums stay what they were, to the last cent: caps over a pipeline's whole life go on holding.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from aifirst_dagster.state.spend import CALL
from aifirst_dagster.state.tables import llm_calls

#: Marks rows that stand for many.
FOLDED = "folded"
_c = llm_calls.c
_ENDED = ("settled", "failed", "unknown")
_GROUP = ("pipeline", "step", "task", "resource", "provider", "model", "status", "failure", "backfill")
_SUMS = (
    "reserved_usd", "estimated_usd", "cost_usd", "input_tokens", "cached_input_tokens", "cache_write_tokens",
    "output_tokens",
)  # fmt: skip
_ADDED = 5_000


def answers(before: datetime) -> tuple[list[Any], list[Any]]:
    """The columns that hold what was said, and the rows where it may go: not of calls that are under way."""
    columns = [_c.answer, _c.thinking, _c.content]
    said = _c.answer.is_not(None) | _c.thinking.is_not(None) | _c.content.is_not(None)
    return columns, [_c.started_at < before, _c.status.in_(_ENDED), said]


def old_calls(before: datetime) -> list[Any]:
    """The rows that may be added up."""
    return [_c.started_at < before, _c.status.in_(_ENDED), _c.fingerprint != FOLDED]


def fold(connection: Connection, before: datetime) -> int:
    """Replace old calls by one row for each day and kind of call; returns how many went."""
    old = old_calls(before)
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    columns = [_c[name] for name in (*CALL, "owner") if name not in ("content",)]
    for row in connection.execution_options(yield_per=_ADDED).execute(select(*columns).where(*old)).mappings():
        day = row["started_at"].astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        unknown = tuple(row[name] is None for name in ("cost_usd", "estimated_usd", "batch_id"))
        key = (day, *unknown, *(row[name] for name in _GROUP))
        one = sums.setdefault(key, {name: row[name] for name in _GROUP} | {
            "id": str(uuid.uuid4()), "call_id": FOLDED, "attempt": 0, "run_id": FOLDED, "fingerprint": FOLDED,
            "started_at": day, "finished_at": day, "owner": FOLDED, "batch_id": FOLDED if row["batch_id"] else None,
        } | dict.fromkeys(_SUMS))  # fmt: skip
        one["attempt"] += 1
        for name in _SUMS:
            if row[name] is not None:
                one[name] = (one[name] or 0) + row[name]
    if sums:
        rows = list(sums.values())
        for at in range(0, len(rows), _ADDED):
            connection.execute(insert(llm_calls), rows[at : at + _ADDED])
    return connection.execute(llm_calls.delete().where(*old)).rowcount
