"""Message batches: remembered before they are sent, so that whoever comes after a crash finds them again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Select, bindparam, func, insert, select, update

from aifirst_dagster.state.ledger import UNDER_WAY
from aifirst_dagster.state.owner import alive, myself
from aifirst_dagster.state.tables import llm_batch_requests, llm_batches, llm_calls

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

#: preparing: nothing was sent; sending: it may have been; sent: it has its id; collected: the ledger has its answers;
#: void: it never came into being; lost: nobody knows.
BatchState = Literal["preparing", "sending", "sent", "collected", "void", "lost"]

#: Another machine's batch that nobody has looked after for so long is anyone's.
UNATTENDED = timedelta(minutes=15)
_AT_ONCE = 500


@dataclass(frozen=True)
class Batch:
    """One batch as it is remembered.

    Attributes:
        id: Ours; each `custom_id` begins with it.
        endpoint: Where it was sent.
        provider_id: The provider's name for it.
        seen_at: When its owner last looked after it.
    """

    id: str
    resource: str
    provider: str
    endpoint: str
    provider_id: str | None
    state: BatchState
    requests: int
    error: str | None
    owner: str
    created_at: datetime
    sent_at: datetime | None
    seen_at: datetime
    ended_at: datetime | None


def new_name() -> str:
    """A name for a batch that nobody else has."""
    return uuid.uuid4().hex


class Batches:
    """The tables `llm_batches` and `llm_batch_requests`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def begin(
        self, name: str, resource: str, provider: str, endpoint: str, keys: Sequence[str]
    ) -> tuple[Batch, list[str]] | None:
        """Write down a batch of one request for each key, and its custom ids; ours from now on.

        Args:
            name: From `new_name`.

        Returns:
            None where one of the keys is in a batch under way by now.
        """
        now = datetime.now(UTC)
        custom = [f"{name}-{number}" for number in range(len(keys))]
        batch = Batch(
            name, resource, provider, endpoint, None, "preparing", len(keys), None, myself(), now, None, now, None
        )
        with self._state.write(lock="batches") as connection:
            if any(connection.execute(query).first() for query in self._under_way(provider, endpoint, keys)):
                return None
            connection.execute(insert(llm_batches).values(**vars(batch)))
            rows = [{"batch_id": name, "custom_id": c, "key": k} for c, k in zip(custom, keys, strict=True)]
            connection.execute(insert(llm_batch_requests), rows)
        return batch, custom

    def reserve(self, batch: Batch, rows: Mapping[str, str]) -> None:
        """Note the ledger's rows (by custom id) of the requests that will be sent; no others remain."""
        kept = [{"one": custom_id, "row": row_id} for custom_id, row_id in rows.items()]
        where = llm_batch_requests.c.batch_id == batch.id
        with self._state.write() as connection:
            if kept:
                named = update(llm_batch_requests).where(where, llm_batch_requests.c.custom_id == bindparam("one"))
                connection.execute(named.values(row_id=bindparam("row")), kept)
            connection.execute(llm_batch_requests.delete().where(where, llm_batch_requests.c.row_id.is_(None)))
            connection.execute(update(llm_batches).where(llm_batches.c.id == batch.id).values(requests=len(kept)))

    def move(self, batch_id: str, state: BatchState, **columns: Any) -> None:
        """Into its next state."""
        values = {"state": state, "seen_at": datetime.now(UTC), **columns}
        with self._state.write() as connection:
            connection.execute(update(llm_batches).where(llm_batches.c.id == batch_id).values(**values))

    def forget(self, batch_id: str) -> None:
        """A batch of which nothing was reserved, let alone sent."""
        with self._state.write() as connection:
            for table, column in ((llm_batch_requests, "batch_id"), (llm_batches, "id")):
                connection.execute(table.delete().where(table.c[column] == batch_id))

    def attend(self, batch_id: str) -> None:
        """Say that somebody looks after it."""
        with self._state.write() as connection:
            connection.execute(
                update(llm_batches).where(llm_batches.c.id == batch_id).values(seen_at=datetime.now(UTC))
            )

    def claim(self, batch: Batch) -> bool:
        """Take a batch over whose owner is gone; True where it is ours (already, or from now on)."""
        if batch.owner == myself():
            return True
        lives = alive(batch.owner)
        if lives or (lives is None and batch.seen_at > datetime.now(UTC) - UNATTENDED):
            return False
        taken = update(llm_batches).where(llm_batches.c.id == batch.id, llm_batches.c.owner == batch.owner)
        with self._state.write() as connection:
            mine = taken.values(owner=myself(), seen_at=datetime.now(UTC))
            return connection.execute(mine).rowcount == 1

    def look(self, batch_id: str) -> Batch | None:
        """One batch as it stands."""
        with self._state.read() as connection:
            row = connection.execute(select(llm_batches).where(llm_batches.c.id == batch_id)).mappings().first()
        return Batch(**row) if row else None

    def all(self, only_under_way: bool = False) -> list[Batch]:
        """Batches, newest first."""
        query = select(llm_batches).order_by(llm_batches.c.created_at.desc())
        if only_under_way:
            query = query.where(llm_batches.c.state.in_(UNDER_WAY))
        with self._state.read() as connection:
            return [Batch(**row) for row in connection.execute(query).mappings()]

    def holding(self, provider: str, endpoint: str, keys: Iterable[str]) -> dict[str, str]:
        """Batches under way, by those of the given keys that they ask for."""
        found: dict[str, str] = {}
        with self._state.read() as connection:
            for query in self._under_way(provider, endpoint, keys):
                found |= {row.key: row.id for row in connection.execute(query)}
        return found

    def members(self, batch_id: str) -> list[tuple[str, str, str]]:
        """Custom id, key and ledger row of each request."""
        table = llm_batch_requests.c
        query = select(table.custom_id, table.key, table.row_id).where(
            table.batch_id == batch_id, table.row_id.is_not(None)
        )
        with self._state.read() as connection:
            return [(row.custom_id, row.key, row.row_id) for row in connection.execute(query)]

    def outcomes(self, batch_id: str) -> dict[str, dict[str, Any]]:
        """The ledger's rows of a batch, by key."""
        request = llm_batch_requests.c
        query = select(request.key.label("asked"), llm_calls).join(llm_calls, llm_calls.c.id == request.row_id)
        with self._state.read() as connection:
            found = connection.execute(query.where(request.batch_id == batch_id)).mappings()
            return {row["asked"]: dict(row) for row in found}

    def reserved(self, batch_id: str) -> list[str]:
        """Ledger rows that are held for a batch, those included that it was killed before it could note."""
        held = select(llm_calls.c.id).where(llm_calls.c.batch_id == batch_id, llm_calls.c.status == "pending")
        with self._state.read() as connection:
            return list(connection.execute(held).scalars())

    def provider_ids(self, endpoint: str) -> set[str]:
        """The provider's names of all batches that are known."""
        query = select(llm_batches.c.provider_id).where(
            llm_batches.c.endpoint == endpoint, llm_batches.c.provider_id.is_not(None)
        )
        with self._state.read() as connection:
            return set(connection.execute(query).scalars())

    def counts(self, batch_id: str) -> dict[str, int]:
        """How many of a batch's requests have which status in the ledger."""
        query = select(llm_calls.c.status, func.count()).where(llm_calls.c.batch_id == batch_id)
        with self._state.read() as connection:
            return {status: count for status, count in connection.execute(query.group_by(llm_calls.c.status))}

    def _under_way(self, provider: str, endpoint: str, keys: Iterable[str]) -> list[Select[Any]]:
        """Queries for the batches that ask for some of the keys."""
        wanted, request = iter(keys), llm_batch_requests.c
        return [
            select(request.key, llm_batches.c.id)
            .join(llm_batches, llm_batches.c.id == request.batch_id)
            .where(
                request.key.in_(some),
                llm_batches.c.state.in_(UNDER_WAY),
                llm_batches.c.provider == provider,
                llm_batches.c.endpoint == endpoint,
            )
            for some in iter(lambda: list(islice(wanted, _AT_ONCE)), [])
        ]
