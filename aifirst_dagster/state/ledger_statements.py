"""What the ledger asks the database at every call; built once for each kind of database: SQLite knows no schemas."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Insert,
    MetaData,
    Select,
    Text,
    Update,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)

from aifirst_dagster.state.tables import UtcTime, llm_calls

Scope = Literal["call", "run", "backfill", "pipeline", "day"]


@dataclass(frozen=True)
class Statements:
    """Statements over `llm_calls`.

    Attributes:
        insert: New rows.
        finish: The row with the id `row` gets its end.
        within: What is committed in a scope: cost, or, as long as that is not known, the most it could be.
        answered: The rows of `keys` (as `wired_keys` makes them) that hold an answer or are getting one.
    """

    insert: Insert
    finish: Update
    within: dict[Scope, Select[Any]]
    answered: Select[Any]


@cache
def statements(server: bool) -> Statements:
    """For PostgreSQL (`server`) or SQLite."""
    table = llm_calls if server else llm_calls.to_metadata(MetaData(), schema=None)  # type: ignore[arg-type]
    calls, keys = table.c, bindparam("keys", type_=None if server else Text())
    spent = select(func.coalesce(func.sum(func.coalesce(calls.cost_usd, calls.reserved_usd)), 0.0))
    # Each is an IN: SQLite would meet an OR by reading the index of states, that is, everything.
    stands = calls.status.in_([literal_column("'settled'"), literal_column("'pending'")])
    some: ColumnElement[bool]
    if server:
        some = calls.key == func.any(keys)
    else:
        some = calls.key.in_(select(func.json_each(keys).table_valued("value").c.value))
    return Statements(
        insert=insert(table),
        finish=update(table).where(calls.id == bindparam("row")),
        within={
            "call": spent.where(calls.call_id == bindparam("call_id")),
            "run": spent.where(calls.run_id == bindparam("run_id")),
            "backfill": spent.where(calls.backfill == bindparam("backfill", type_=Text)),
            "pipeline": spent.where(calls.pipeline.is_not_distinct_from(bindparam("pipeline", type_=Text))),
            "day": spent.where(calls.started_at >= bindparam("midnight", type_=UtcTime)),
        },
        answered=select(table).where(some, stands),
    )


def wired_keys(server: bool, keys: list[str]) -> list[str] | str:
    """Keys as the parameter of `answered`."""
    return keys if server else json.dumps(keys)
