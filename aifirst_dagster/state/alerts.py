"""Incidents, and the messages about them that wait to go out; see `observe.alerts`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, or_, select, update

from aifirst_dagster.observe.alerts.alert import Alert
from aifirst_dagster.observe.alerts.message import Event, Message
from aifirst_dagster.state.alert_mutes import Mutes
from aifirst_dagster.state.alert_outbox import Outbox
from aifirst_dagster.state.tables import alert_messages, incidents

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

_KEY = 200
_i, _m = incidents.c, alert_messages.c


@dataclass(frozen=True)
class Incident:
    """A trouble from its first finding to its end.

    Attributes:
        status: open or resolved.
        alert: `Alert.to_dict()` as found last; `since` is the first finding's.
        times: How often it was found.
        messages: How many messages were made of it.
        sent_at: When people were told last that it is there; None: never (muted).
        resolved_by: Who said so; "" for the monitoring itself.
    """

    id: str
    key: str
    status: str
    kind: str
    dataset: str
    severity: str
    title: str
    alert: dict[str, Any]
    occurrence: str
    times: int
    messages: int
    opened_at: datetime
    seen_at: datetime
    sent_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None
    why: str | None


class Alerts(Outbox):
    """The tables `incidents` and `alert_messages`; satisfies `observe.alerts.Memory`."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.mutes = Mutes(state)

    def note(self, alert: Alert, quiet: timedelta, to: Sequence[str]) -> Message | None:
        """Open or update the incident of the alert's key, and queue a message where people are to be told.

        One transaction: of several processes that find the same at once, one tells. Told is the first finding, one
        after `quiet`, one that is worse than before, and the first after a mute has ended.

        Args:
            alert: What was found.
            quiet: How long an open incident stays unsaid.
            to: The channels to queue the message for.

        Returns:
            The message, or None.
        """
        key, now, plain = _short(alert.key), datetime.now(UTC), alert.to_dict()
        found = {"severity": alert.severity, "title": plain["title"], "alert": plain, "occurrence": alert.occurrence}
        with self._state.write(lock="alerts") as connection:
            muted = self.mutes.active(connection, key, alert.dataset, now)
            known = _open(connection, key)
            if known is None:
                if _accepted(connection, key, alert.occurrence):
                    return None
                known = _opened(key, plain, found, now)
                connection.execute(insert(incidents).values(**known))
                return None if muted else self._queue(connection, known, "opened", to, now)
            if alert.occurrence and alert.occurrence == known["occurrence"]:
                return None
            plain["since"] = known["alert"].get("since") or plain["since"]
            worse = (known["severity"], alert.severity) == ("warning", "error")
            values = {**found, "times": known["times"] + 1, "seen_at": now}
            connection.execute(update(incidents).where(_i.id == known["id"]).values(**values))
            sent_at = known["sent_at"]
            if muted or not (sent_at is None or worse or now - sent_at >= quiet):
                return None
            return self._queue(connection, {**known, **values}, "updated" if sent_at else "opened", to, now)

    def resolve(self, key: str, why: str = "", by: str = "", to: Sequence[str] = ()) -> Message | None:
        """Close the open incident of a key; queues the news where people had heard of it, and it is not muted."""
        now = datetime.now(UTC)
        if self.open_one(key) is None:  # most of the time: no transaction of a writer for it
            return None
        with self._state.write(lock="alerts") as connection:
            known = _open(connection, _short(key))
            if known is None:
                return None
            values = {"status": "resolved", "resolved_at": now, "resolved_by": by, "why": why}
            connection.execute(update(incidents).where(_i.id == known["id"]).values(**values))
            if known["sent_at"] is None or self.mutes.active(connection, known["key"], known["dataset"], now):
                return None
            return self._queue(connection, {**known, **values}, "resolved", to, now)

    def catch_up(self, to: Sequence[str] = ()) -> list[Message]:
        """Queue what people were not told of while it was muted, now that the mutes have ended."""
        unheard, now = (_i.status == "open") & _i.sent_at.is_(None), datetime.now(UTC)
        with self._state.read() as connection:
            if connection.execute(select(_i.id).where(unheard).limit(1)).first() is None:
                return []
        with self._state.write(lock="alerts") as connection:
            rows = [dict(row) for row in connection.execute(select(incidents).where(unheard)).mappings()]
            heard = [row for row in rows if not self.mutes.active(connection, row["key"], row["dataset"], now)]
            return [self._queue(connection, row, "opened", to, now) for row in heard]

    def open_one(self, key: str) -> Incident | None:
        """The open incident of a key."""
        with self._state.read() as connection:
            row = _open(connection, _short(key))
        return Incident(**row) if row else None

    def accepted(self, keys: Sequence[str]) -> dict[str, Incident]:
        """Of each key the newest incident that a person resolved: what it was about is normal from then on."""
        person = (_i.key.in_([_short(key) for key in keys]), _i.status == "resolved", _i.resolved_by != "")
        query = select(incidents).where(*person).order_by(_i.resolved_at)
        with self._state.read() as connection:
            return {row["key"]: Incident(**row) for row in connection.execute(query).mappings()}

    def get(self, name: str) -> Incident | None:
        """The incident of an id, or the newest one of a key."""
        query = select(incidents).where(or_(_i.id == name, _i.key == _short(name))).order_by(_i.opened_at.desc())
        with self._state.read() as connection:
            row = connection.execute(query).mappings().first()
        return Incident(**row) if row else None

    def list(self, status: str | None = "open", since: datetime | None = None, limit: int = 1_000) -> list[Incident]:
        """Incidents, the newest finding first.

        Args:
            status: open, resolved, or None for both.
            since: Only those found, or resolved, since then.
            limit: Most to give.
        """
        query = select(incidents).order_by(_i.seen_at.desc(), _i.id).limit(limit)
        if status is not None:
            query = query.where(_i.status == status)
        if since is not None:
            query = query.where(or_(_i.seen_at >= since, _i.resolved_at >= since))
        with self._state.read() as connection:
            return [Incident(**row) for row in connection.execute(query).mappings()]

    def purge(self, before: datetime, dry_run: bool = False) -> dict[str, int]:
        """Forget resolved incidents, messages that went out or were given up, and mutes, ended before that moment."""
        gone = {
            incidents: (_i.status == "resolved") & (_i.resolved_at < before),
            alert_messages: _m.status.in_(("sent", "failed")) & (_m.created_at < before),
        }
        found = {"alert_mutes": self.mutes.purge(before, dry_run)}
        for table, old in gone.items():
            if dry_run:
                with self._state.read() as connection:
                    count = connection.execute(select(func.count()).select_from(table).where(old)).scalar_one()
            else:
                with self._state.write() as connection:
                    count = connection.execute(table.delete().where(old)).rowcount
            found[table.name] = count
        return found

    def _queue(
        self, connection: Connection, known: dict[str, Any], event: Event, to: Sequence[str], now: datetime
    ) -> Message:
        """Make the next message of an incident, and let it wait for each channel."""
        number = known["messages"] + 1
        message = Message(
            id=f"{known['id']}-{number}",
            event=event,
            alert=known["alert"],
            at=now.isoformat(timespec="seconds"),
            incident=known["id"],
            times=known["times"],
            opened_at=known["opened_at"].isoformat(timespec="seconds"),
            why=known.get("why") or "",
        )
        values: dict[str, Any] = {"messages": number}
        if event != "resolved":
            values["sent_at"] = now
        connection.execute(update(incidents).where(_i.id == known["id"]).values(**values))
        self._wait(connection, message, to, now, known["id"])
        return message


def _short(key: str) -> str:
    """The key as it is stored; of a long one its end is a hash, so that two stay two."""
    return key if len(key) <= _KEY else f"{key[: _KEY - 17]}~{sha256(key.encode()).hexdigest()[:16]}"


def _open(connection: Connection, key: str) -> dict[str, Any] | None:
    query = select(incidents).where(_i.key == key, _i.status == "open")
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def _accepted(connection: Connection, key: str, occurrence: str) -> bool:
    """Whether a person resolved the very thing that was found now."""
    query = select(_i.occurrence, _i.resolved_by).where(_i.key == key).order_by(_i.opened_at.desc()).limit(1)
    row = connection.execute(query).first()
    return bool(row and occurrence and row.resolved_by and row.occurrence == occurrence)


def _opened(key: str, plain: dict[str, Any], found: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A new incident's row."""
    return {
        "id": secrets.token_hex(5), "key": key, "status": "open", "kind": plain["kind"], "dataset": plain["dataset"],
        **found, "times": 1, "messages": 0, "opened_at": now, "seen_at": now, "sent_at": None, "resolved_at": None,
        "resolved_by": None, "why": None,
    }  # fmt: skip
