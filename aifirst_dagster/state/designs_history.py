"""Design proposals over time, those included that were made while designs were frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, insert, select

from aifirst_dagster.state.tables import design_history

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

DesignStatus = Literal["accepted", "proposed", "provisional", "rejected"]


@dataclass(frozen=True)
class DesignRecord:
    """One proposal.

    Attributes:
        file: The design's file name (`schema.yaml`, `transform.sql`, ...).
        fingerprint: What it is pinned to.
        status: accepted (written to disk), proposed (not written: frozen), provisional (a fallback), rejected.
        content: The file's text.
        provenance: Who proposed it, from what, with what evidence.
    """

    pipeline: str
    step: str
    file: str
    fingerprint: str
    status: DesignStatus
    content: str
    provenance: dict[str, Any]
    run_id: str | None = None
    at: datetime | None = None
    id: int | None = None


class DesignHistory:
    """The table `design_history`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, record: DesignRecord) -> None:
        """Append a record; the same content under the same fingerprint and status again is not a new one."""
        last = self.latest(record.pipeline, record.step, record.file)
        same = ("fingerprint", "status", "content")
        if last is not None and all(getattr(last, name) == getattr(record, name) for name in same):
            return
        values = {name: value for name, value in vars(record).items() if name != "id"}
        with self._state.write() as connection:
            connection.execute(insert(design_history).values(**{**values, "at": record.at or datetime.now(UTC)}))

    def latest(self, pipeline: str, step: str, file: str, status: DesignStatus | None = None) -> DesignRecord | None:
        """The newest record of a design, of one status where given."""
        found = self.history(pipeline, step, file, status, limit=1)
        return found[0] if found else None

    def history(
        self,
        pipeline: str,
        step: str | None = None,
        file: str | None = None,
        status: DesignStatus | None = None,
        limit: int | None = None,
    ) -> list[DesignRecord]:
        """Records, newest first."""
        wanted = {"pipeline": pipeline, "step": step, "file": file, "status": status}
        query = select(design_history).order_by(design_history.c.id.desc()).limit(limit)
        for name, value in wanted.items():
            if value is not None:
                query = query.where(design_history.c[name] == value)
        with self._state.read() as connection:
            return [DesignRecord(**row) for row in connection.execute(query).mappings()]

    def open_proposals(self, pipeline: str) -> list[DesignRecord]:
        """Designs whose newest record waits for acceptance: what `aifirst design --accept` exports."""
        newest = (
            select(func.max(design_history.c.id))
            .where(design_history.c.pipeline == pipeline)
            .group_by(design_history.c.step, design_history.c.file)
        )
        query = (
            select(design_history)
            .where(design_history.c.id.in_(newest), design_history.c.status == "proposed")
            .order_by(design_history.c.step, design_history.c.file)
        )
        with self._state.read() as connection:
            return [DesignRecord(**row) for row in connection.execute(query).mappings()]
