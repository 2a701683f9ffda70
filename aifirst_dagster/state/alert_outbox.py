"""Messages that wait to go out: each once on each channel, in the order they were made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from aifirst_dagster.observe.alerts.message import Message
from aifirst_dagster.observe.alerts.outbox import Leased
from aifirst_dagster.state.tables import alert_messages

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

_ERROR = 500
#: waiting: for its turn, or for the channel to work again; refused: this one was not wanted, and is tried again.
_UNSENT = ("waiting", "refused")
_m = alert_messages.c


class Outbox:
    """The table `alert_messages`; satisfies `observe.alerts.outbox.Outbox`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def queue(self, message: Message, to: Sequence[str]) -> bool:
        """Queue a message that is about no incident; False where one of that id was queued before."""
        now = datetime.now(UTC)
        with self._state.write(lock="alerts") as connection:
            if connection.execute(select(_m.id).where(_m.id == message.id)).first():
                return False
            # Without a channel the row still says that it was told, to the log.
            self._wait(connection, message, to or ["log"], now, None)
        return True

    def messages(self, incident: str | None = None, status: str | None = None) -> Sequence[dict[str, Any]]:
        """What was sent, waits or was given up, oldest first, without its content."""
        columns = [column for column in alert_messages.columns if column.name not in ("content", "number")]
        query = select(*columns).order_by(_m.number, _m.channel)
        if incident is not None:
            query = query.where(_m.incident == incident)
        if status is not None:
            query = query.where(_m.status == status)
        with self._state.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def lease(self, channel: str, seconds: float) -> Leased | None:
        """The oldest message that is due on a channel: for as long, nobody else gets it."""
        now = datetime.now(UTC)
        due = (_m.channel == channel, _m.status.in_(_UNSENT), _m.not_before <= now)
        with self._state.read() as connection:
            if connection.execute(select(_m.id).where(*due).limit(1)).first() is None:
                return None
        with self._state.write(lock="alerts") as connection:
            row = connection.execute(select(alert_messages).where(*due).order_by(_m.number).limit(1)).mappings().first()
            if row is None:
                return None
            until = now + timedelta(seconds=seconds)
            connection.execute(update(alert_messages).where(*_is(row["id"], channel)).values(not_before=until))
        age = (now - row["created_at"]).total_seconds()
        return Leased(channel, Message.from_dict(row["content"]), row["attempts"], age)

    def mark_sent(self, leased: Leased, note: str = "") -> None:
        """A leased message went out."""
        values = {"status": "sent", "sent_at": datetime.now(UTC), "attempts": leased.attempts + 1}
        with self._state.write() as connection:
            mark = update(alert_messages).where(*_is(leased.message.id, leased.channel))
            connection.execute(mark.values(**values, error=note[:_ERROR] or None))

    def mark_failed(
        self, leased: Leased, error: str, wait_seconds: float, give_up: bool = False, others_too: bool = False
    ) -> None:
        """A leased message did not go out: it waits, or is given up; with `others_too` the whole channel waits."""
        until = datetime.now(UTC) + timedelta(seconds=wait_seconds)
        values = {"attempts": leased.attempts + 1, "error": error[:_ERROR], "not_before": until}
        values["status"] = "failed" if give_up else "waiting" if others_too else "refused"
        with self._state.write() as connection:
            connection.execute(update(alert_messages).where(*_is(leased.message.id, leased.channel)).values(**values))
            if others_too:
                waits = (_m.channel == leased.channel, _m.status == "waiting", _m.not_before < until)
                connection.execute(update(alert_messages).where(*waits).values(not_before=until))

    def hurry(self) -> int:
        """Let what waits for its next attempt go out now, and what was given up, too; returns how many."""
        again = update(alert_messages).where(_m.status.in_((*_UNSENT, "failed")))
        with self._state.write() as connection:
            values = {"status": "waiting", "not_before": datetime.now(UTC)}
            return connection.execute(again.values(**values)).rowcount

    def _wait(
        self, connection: Connection, message: Message, to: Sequence[str], now: datetime, incident: str | None
    ) -> None:
        shared = {
            "id": message.id,
            "number": time.time_ns(),
            "incident": incident,
            "event": message.event,
            "content": message.to_dict(),
            "attempts": 0,
            "created_at": now,
        }
        rows = [
            {
                **shared,
                "channel": channel,
                "status": "sent" if channel == "log" else "waiting",
                "not_before": self._works_again(connection, channel) or now,
            }
            for channel in to
        ]
        if rows:
            connection.execute(insert(alert_messages), rows)

    def _works_again(self, connection: Connection, channel: str) -> datetime | None:
        """When a channel that is down is tried again; None where it is not."""
        down = (_m.channel == channel, _m.status == "waiting", _m.attempts > 0)
        query = select(alert_messages).where(*down).order_by(_m.not_before).limit(1)
        row = connection.execute(query).mappings().first()
        return row["not_before"] if row else None


def _is(ident: str, channel: str) -> tuple[Any, Any]:
    return _m.id == ident, _m.channel == channel
