"""Alerts already sent, so that one trouble does not ring twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from aifirst_dagster.state.tables import alerts
from aifirst_dagster.state.upsert import upsert

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State


class Alerts:
    """The table `alerts`; satisfies `observe.alerts.Memory`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def first_time(self, key: str, title: str, within: timedelta) -> bool:
        """Whether an alert with this key was not sent within that time; if so it counts as sent from now on.

        One transaction: of several processes that ask at once, one is told yes.
        """
        key, now = key[:200], datetime.now(UTC)
        with self._state.write(lock="alerts") as connection:
            row = connection.execute(select(alerts).where(alerts.c.key == key)).first()
            if row is not None and now - row.sent_at < within:
                again = update(alerts).where(alerts.c.key == key).values(times=row.times + 1)
                connection.execute(again)
                return False
            values = {"key": key, "title": title, "times": 1, "first_at": now, "sent_at": now}
            if row is not None:
                values |= {"times": row.times + 1, "first_at": row.first_at}
            upsert(connection, alerts, values, ("key",))
        return True

    def forget(self, key: str) -> None:
        """The alert could not be delivered: let the next one through."""
        with self._state.write() as connection:
            connection.execute(alerts.delete().where(alerts.c.key == key[:200]))

    def count(self, key: str) -> int:
        """How often this alert was raised, sent or not."""
        with self._state.read() as connection:
            found = connection.execute(select(alerts.c.times).where(alerts.c.key == key[:200])).scalar()
        return found or 0
