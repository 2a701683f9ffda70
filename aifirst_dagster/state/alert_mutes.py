"""Mutes: alerts that people do not want to hear of until a time, with who said so and why."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from aifirst_dagster.state.tables import alert_mutes

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

_u = alert_mutes.c


@dataclass(frozen=True)
class Mute:
    """What is muted, until when.

    Attributes:
        pattern: An alert's key or dataset, with `*` and `?` for what may differ.
        ended_at: When a person took it back; None: it ends at `until`.
    """

    id: str
    pattern: str
    until: datetime
    by: str
    why: str
    at: datetime
    ended_at: datetime | None


class Mutes:
    """The table `alert_mutes`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, pattern: str, until: datetime, by: str, why: str = "") -> Mute:
        """Mute until then; an incident goes on being recorded, and is told when the mute has ended and it is found."""
        mute = Mute(secrets.token_hex(4), pattern, until, by, why, datetime.now(UTC), None)
        with self._state.write() as connection:
            connection.execute(insert(alert_mutes).values(**vars(mute)))
        return mute

    def end(self, name: str) -> list[Mute]:
        """Take back the mutes of an id or a pattern; returns them."""
        ended = [mute for mute in self.list() if name in (mute.id, mute.pattern)]
        with self._state.write() as connection:
            chosen = update(alert_mutes).where(_u.id.in_([mute.id for mute in ended]))
            connection.execute(chosen.values(ended_at=datetime.now(UTC)))
        return ended

    def list(self, ended: bool = False) -> list[Mute]:
        """The mutes in force, the first to end first; with `ended` all that are remembered."""
        query = select(alert_mutes).order_by(_u.until, _u.id)
        if not ended:
            query = query.where(_u.until > datetime.now(UTC), _u.ended_at.is_(None))
        with self._state.read() as connection:
            return [Mute(**row) for row in connection.execute(query).mappings()]

    def of(self, key: str, dataset: str) -> Mute | None:
        """The mute in force for an alert."""
        with self._state.read() as connection:
            return self.active(connection, key, dataset, datetime.now(UTC))

    def active(self, connection: Connection, key: str, dataset: str, now: datetime) -> Mute | None:
        """As `of`, within a transaction."""
        query = select(alert_mutes).where(_u.until > now, _u.ended_at.is_(None))
        for row in connection.execute(query).mappings():
            if _matches(row["pattern"], key) or _matches(row["pattern"], dataset):
                return Mute(**row)
        return None

    def purge(self, before: datetime, dry_run: bool = False) -> int:
        """Forget mutes that ended before that moment; returns how many."""
        old = or_(_u.until < before, _u.ended_at < before)
        if dry_run:
            with self._state.read() as connection:
                return int(connection.execute(select(func.count()).select_from(alert_mutes).where(old)).scalar_one())
        with self._state.write() as connection:
            return connection.execute(delete(alert_mutes).where(old)).rowcount


def _matches(pattern: str, name: str) -> bool:
    """Partitions stand in brackets, which are no set of letters here."""
    return bool(name) and (pattern == name or fnmatchcase(name, pattern.replace("[", "[[]")))
