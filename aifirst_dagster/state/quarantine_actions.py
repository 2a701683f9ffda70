"""What was done about quarantined rows: each release or retry, by whom and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, insert, select

from aifirst_dagster.state.tables import quarantine_actions

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

QuarantineVerb = Literal["release", "retry", "discard"]


@dataclass(frozen=True)
class QuarantineAction:
    """One action on one entry (`entry_id` as `aifirst quarantine list` prints it)."""

    pipeline: str
    step: str
    partition: str
    entry_id: str
    action: QuarantineVerb
    actor: str
    detail: dict[str, Any]
    run_id: str | None
    at: datetime


class QuarantineActions:
    """The table `quarantine_actions`: append-only; the newest action on an entry counts."""

    def __init__(self, state: State) -> None:
        self._state = state

    def record(
        self,
        pipeline: str,
        step: str,
        entry_ids: Sequence[str],
        action: QuarantineVerb,
        *,
        actor: str,
        partition: str = "",
        detail: dict[str, Any] | None = None,
        run_id: str | None = None,
    ) -> None:
        """Append one action on each entry, all or none."""
        shared = {"pipeline": pipeline, "step": step, "partition": partition, "action": action, "actor": actor}
        rows = [
            {**shared, "entry_id": entry, "detail": detail or {}, "run_id": run_id, "at": datetime.now(UTC)}
            for entry in entry_ids
        ]
        if rows:
            with self._state.write() as connection:
                connection.execute(insert(quarantine_actions), rows)

    def newest(self, pipeline: str, step: str | None = None, partition: str | None = None) -> list[QuarantineAction]:
        """The newest action on each entry, oldest first."""
        table = quarantine_actions.c
        last = select(func.max(table.id)).group_by(table.pipeline, table.step, table.partition, table.entry_id)
        query = select(quarantine_actions).where(table.id.in_(last), table.pipeline == pipeline).order_by(table.id)
        if step is not None:
            query = query.where(table.step == step)
        if partition is not None:
            query = query.where(table.partition == partition)
        with self._state.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [QuarantineAction(**{name: value for name, value in row.items() if name != "id"}) for row in rows]
