"""Profiles as JSON: the drift baseline of an asset (or partition), and its latest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from aifirst_dagster.state.tables import profiles
from aifirst_dagster.state.upsert import upsert

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

ProfileKind = Literal["baseline", "latest"]


@dataclass(frozen=True)
class StoredProfile:
    """A stored profile and where it came from."""

    asset: str
    partition: str
    kind: ProfileKind
    profile: dict[str, Any]
    run_id: str | None
    at: datetime


class Profiles:
    """The table `profiles`. `asset` is `pipeline/step`; `partition` is empty for unpartitioned assets."""

    def __init__(self, state: State) -> None:
        self._state = state

    def put(
        self, asset: str, kind: ProfileKind, profile: dict[str, Any], partition: str = "", run_id: str | None = None
    ) -> None:
        """Store a profile in place of the earlier one of the same kind."""
        values = {"asset": asset, "partition": partition, "kind": kind, "profile": profile, "run_id": run_id}
        with self._state.write() as connection:
            upsert(connection, profiles, {**values, "at": datetime.now(UTC)}, ("asset", "partition", "kind"))

    def get(self, asset: str, kind: ProfileKind, partition: str = "") -> StoredProfile | None:
        """The stored profile, or None."""
        query = select(profiles).where(
            profiles.c.asset == asset, profiles.c.kind == kind, profiles.c.partition == partition
        )
        with self._state.read() as connection:
            row = connection.execute(query).mappings().first()
        return StoredProfile(**row) if row else None

    def all(self, kind: ProfileKind) -> list[StoredProfile]:
        """Every stored profile of a kind, by asset and partition: what the drift sensor reads."""
        query = select(profiles).where(profiles.c.kind == kind).order_by(profiles.c.asset, profiles.c.partition)
        with self._state.read() as connection:
            return [StoredProfile(**row) for row in connection.execute(query).mappings()]
