"""Profiles: the drift baseline of an asset, its latest, and a small sketch of every version, kept for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, select

from aifirst_dagster.state.tables import profile_history, profiles
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


@dataclass(frozen=True)
class StoredSketch:
    """One version's sketch.

    Attributes:
        partition: "" for unpartitioned assets.
        baseline: The version that is the baseline it was made like.
        content: Hash of the version's data; the same data again is no new knowledge.
        drifted: What was found; None for the baseline itself.
        normal: Whether it shows what is normal: it did not drift, or too little was known to tell.
        data_of: When its data is of: the end of its time window, else when it was made.
        sketch: As `quality.drift.Baseline.pack` makes it.
    """

    asset: str
    partition: str
    version: str
    baseline: str
    content: str
    rows: int
    drifted: bool | None
    normal: bool
    data_of: datetime
    at: datetime
    sketch: bytes


class Profiles:
    """The tables `profiles` and `profile_history`. `asset` is `pipeline/step`."""

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
        """Every stored profile of a kind, by asset and partition."""
        query = select(profiles).where(profiles.c.kind == kind).order_by(profiles.c.asset, profiles.c.partition)
        with self._state.read() as connection:
            return [StoredProfile(**row) for row in connection.execute(query).mappings()]

    def add(self, sketch: StoredSketch) -> None:
        """Keep a version's sketch."""
        with self._state.write() as connection:
            upsert(connection, profile_history, vars(sketch), ("asset", "partition", "version"))

    def normal(self, asset: str, baseline: str, last: int = 400) -> list[StoredSketch]:
        """What is known to be normal since `baseline`, oldest data first: of each partition and content, the newest."""
        table = profile_history
        query = (
            select(table)
            .where(table.c.asset == asset, table.c.baseline == baseline, table.c.normal)
            .order_by(table.c.data_of.desc(), table.c.at.desc())
            .limit(last)
        )
        with self._state.read() as connection:
            rows = [StoredSketch(**row) for row in connection.execute(query).mappings()]
        found: dict[str, StoredSketch] = {}
        contents: set[str] = set()
        for row in rows:
            place = row.partition or row.version
            if place not in found and row.content not in contents:
                found[place] = row
                contents.add(row.content)
        return list(reversed(found.values()))

    def size(self, asset: str) -> tuple[int, int]:
        """(versions, bytes) that the history of an asset takes."""
        table = profile_history
        query = select(func.count(), func.coalesce(func.sum(func.length(table.c.sketch)), 0))
        with self._state.read() as connection:
            count, size = connection.execute(query.where(table.c.asset == asset)).one()
        return count, size
