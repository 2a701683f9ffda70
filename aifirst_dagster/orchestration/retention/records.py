"""Old rows of the state database: what may go, counted and weighed before it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ColumnElement, Connection, LargeBinary, String, Table, and_, cast, func, or_, select
from sqlalchemy import Text as TextType

from aifirst_dagster.orchestration.retention.ledger import answers, fold, old_calls
from aifirst_dagster.orchestration.retention.settings import Retention
from aifirst_dagster.state.tables import (
    alert_messages,
    alert_mutes,
    design_history,
    incidents,
    llm_batch_requests,
    llm_batches,
    llm_calls,
    measures,
    profile_history,
    quarantine_actions,
    transcripts,
)

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State


@dataclass(frozen=True)
class OldRows:
    """Rows that may go.

    Attributes:
        what: For people.
        setting: Which setting of `Retention` says so.
        rows: How many.
        bytes: Roughly: the text in them.
        remove: Does it, within a transaction; returns how many rows went.
    """

    what: str
    setting: str
    rows: int
    bytes: int
    remove: Callable[[Connection], int]


def old_rows(state: State, wanted: Retention, now: datetime) -> list[OldRows]:
    """What may go of every table that grows. The ledger of loaded files stays: it is what is not loaded twice."""
    found: list[OldRows] = []
    with state.read() as connection:
        for what, setting, table, old in _conditions(wanted, now):
            rows, size = weigh(connection, table, old)
            found.append(OldRows(what, setting, rows, size, _deletion(table, old)))
        if before := wanted.before("answers", now):
            columns, said = answers(before)
            rows, size = weigh(connection, llm_calls, and_(*said), columns)
            found.append(OldRows("answers in the ledger", "answers", rows, size, _forget(before)))
        if before := wanted.before("ledger", now):
            rows, size = weigh(connection, llm_calls, and_(*old_calls(before)))
            found.append(OldRows("calls in the ledger", "ledger", rows, size, _folding(before)))
    return [one for one in found if one.rows]


def weigh(
    connection: Connection, table: Table, old: ColumnElement[bool], columns: list[Any] | None = None
) -> tuple[int, int]:
    """How many rows, and the length of the text in them."""
    texts = columns or [column for column in table.columns if isinstance(column.type, JSON | String | LargeBinary)]
    length = sum((func.coalesce(func.length(_text(column)), 0) for column in texts), start=0)
    query = select(func.count(), func.coalesce(func.sum(length), 0)).select_from(table).where(old)
    rows, size = connection.execute(query).one()
    return int(rows), int(size)


def _text(column: Any) -> Any:
    return column if isinstance(column.type, LargeBinary) else cast(column, TextType)


def _conditions(wanted: Retention, now: datetime) -> list[tuple[str, str, Table, ColumnElement[bool]]]:
    """Table by table, what may go."""
    found: list[tuple[str, str, Table, ColumnElement[bool]]] = []

    def add(what: str, setting: str, table: Table, old: Callable[[datetime], ColumnElement[bool]]) -> None:
        if before := wanted.before(setting, now):
            found.append((what, setting, table, old(before)))

    add("transcripts", "transcripts", transcripts, lambda before: transcripts.c.at < before)
    add(
        "figures of versions",
        "measures",
        measures,
        lambda before: _but_newest(measures, ("pipeline", "step", "partition"), "version", measures.c.made_at < before),
    )
    add(
        "profiles",
        "profiles",
        profile_history,
        lambda before: _but_newest(profile_history, ("asset", "partition"), "version", profile_history.c.at < before),
    )
    add(
        "design history",
        "designs",
        design_history,
        lambda before: _but_newest(
            design_history, ("pipeline", "step", "file", "status"), "id", design_history.c.at < before
        ),
    )
    add(
        "quarantine actions",
        "quarantine",
        quarantine_actions,
        lambda before: _but_newest(
            quarantine_actions, ("pipeline", "step", "partition", "entry_id"), "id", quarantine_actions.c.at < before
        ),
    )
    add(
        "incidents",
        "alerts",
        incidents,
        lambda before: and_(incidents.c.status == "resolved", incidents.c.resolved_at < before),
    )
    add(
        "messages",
        "alerts",
        alert_messages,
        lambda before: and_(alert_messages.c.status.in_(("sent", "failed")), alert_messages.c.created_at < before),
    )
    add(
        "mutes",
        "alerts",
        alert_mutes,
        lambda before: or_(alert_mutes.c.until < before, alert_mutes.c.ended_at < before),
    )
    ended = select(llm_batches.c.id)
    add(
        "requests of batches",
        "batches",
        llm_batch_requests,
        lambda before: llm_batch_requests.c.batch_id.in_(ended.where(llm_batches.c.ended_at < before)),
    )
    add("batches", "batches", llm_batches, lambda before: llm_batches.c.ended_at < before)
    return found  # fmt: skip


def _but_newest(table: Table, group: tuple[str, ...], order: str, old: ColumnElement[bool]) -> ColumnElement[bool]:
    """Old rows but the newest of each group."""
    newest = table.alias()
    later = [newest.c[name].is_not_distinct_from(table.c[name]) for name in group]
    return and_(old, select(newest.c[order]).where(*later, newest.c[order] > table.c[order]).exists())


def _deletion(table: Table, old: ColumnElement[bool]) -> Callable[[Connection], int]:
    return lambda connection: connection.execute(table.delete().where(old)).rowcount


def _folding(before: datetime) -> Callable[[Connection], int]:
    return lambda connection: fold(connection, before)


def _forget(before: datetime) -> Callable[[Connection], int]:
    """Take the texts out of ledger rows that stay."""
    columns, said = answers(before)
    nothing = {column.name: None for column in columns}
    return lambda connection: connection.execute(llm_calls.update().where(*said).values(nothing)).rowcount
