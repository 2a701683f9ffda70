"""What models said and did with tools in hand, whole, for people to read later."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from aifirst_dagster.state.tables import transcripts

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

#: Transcripts kept, the newest ones; each is some tens of kilobytes.
KEEP = 1_000
_LISTED = ("id", "pipeline", "step", "task", "run_id", "model", "ended", "turns", "cost_usd", "at")


class Transcripts:
    """The table `transcripts`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(
        self, content: dict[str, Any], pipeline: str | None = None, step: str | None = None, run_id: str | None = None
    ) -> str:
        """Keep a conversation (`Conversation.transcript()`); returns the id that it is found by."""
        ident = secrets.token_hex(5)
        row = {
            "id": ident,
            "pipeline": pipeline,
            "step": step,
            "task": content.get("task"),
            "run_id": run_id,
            "model": content.get("model"),
            "ended": content["ended"],
            "turns": content["turns"],
            "cost_usd": content["usage"]["cost_usd"],
            "content": content,
            "at": datetime.now(UTC),
        }
        oldest = select(transcripts.c.at).order_by(transcripts.c.at.desc()).offset(KEEP).limit(1).scalar_subquery()
        with self._state.write() as connection:
            connection.execute(insert(transcripts).values(**row))
            connection.execute(delete(transcripts).where(transcripts.c.at <= oldest))
        return ident

    def list(self, limit: int = 20) -> list[dict[str, Any]]:
        """What there is, newest first, without the conversations themselves."""
        columns = [transcripts.c[name] for name in _LISTED]
        query = select(*columns).order_by(transcripts.c.at.desc()).limit(limit)
        with self._state.read() as connection:
            return [_plain(dict(row)) for row in connection.execute(query).mappings()]

    def get(self, ident: str) -> dict[str, Any] | None:
        """One conversation, whole; None where there is none of this id."""
        with self._state.read() as connection:
            row = connection.execute(select(transcripts).where(transcripts.c.id == ident)).mappings().first()
        if row is None:
            return None
        listed = _plain({name: row[name] for name in _LISTED})
        return {**row["content"], **listed}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "at": row["at"].isoformat(timespec="seconds")}
