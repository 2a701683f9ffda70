"""One purge: what may go is found, counted and weighed; then, unless it is a rehearsal, it goes, piece by piece.

Each piece goes whole or not at all, and nothing that is in use is a piece: killed at any moment, everything that was
readable still is, and the next purge goes on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.observe.redact import redact
from aifirst_dagster.orchestration.retention import runs, versions
from aifirst_dagster.orchestration.retention.settings import Retention
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    import dagster as dg

    from aifirst_dagster.state.database import State

#: A database file is made smaller only where that much of it is empty: it takes the whole file's time.
_EMPTY_SHARE, _EMPTY_BYTES = 0.25, 20_000_000
CACHE = "llm-cache.db"


@dataclass
class Gone:
    """What went, or would go.

    Attributes:
        what: For people: dataset versions, runs, transcripts...
        setting: Which setting of `retention.yaml` says so.
        count: How many.
        bytes: What that frees, roughly.
        names: Which, where they have names; the first ones.
    """

    what: str
    setting: str
    count: int = 0
    bytes: int = 0
    names: list[str] = field(default_factory=list)


@dataclass
class Purged:
    """What a purge came to.

    Attributes:
        dry_run: Nothing went.
        gone: What went, or would go.
        problems: What could not go, and why.
    """

    dry_run: bool
    gone: list[Gone] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Of all."""
        return sum(one.bytes for one in self.gone)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "bytes": self.bytes}


_NAMED = 50


def purge(
    project: Project,
    state: State,
    wanted: Retention,
    instance: dg.DagsterInstance | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Purged:
    """Delete what is older than the settings say.

    Args:
        project: Whose datasets and caches.
        state: Its database.
        wanted: The settings.
        instance: Dagster's; None leaves its runs alone, and takes none to be under way.
        dry_run: Only say what would go.
        now: The moment.
        tell: Hears what is being done.
    """
    now, came = now or datetime.now(UTC), Purged(dry_run)
    for part in (_versions, _runs, _rows, _cache):
        try:
            for gone in part(project, state, wanted, instance, dry_run, now):
                if gone.count:
                    came.gone.append(gone)
                    tell(f"{gone.what}: {gone.count}")
        except (AifirstError, OSError, sqlite3.Error) as error:
            came.problems.append(redact(str(error)))
    if not dry_run and not came.problems:
        _shrink(state)
    return came


def _versions(
    project: Project, state: State, wanted: Retention, instance: dg.DagsterInstance | None, dry_run: bool, now: datetime
) -> Iterator[Gone]:
    root = project.datasets
    oldest = runs.oldest_unfinished(instance) if instance is not None else None
    published, leftovers = Gone("dataset versions", "versions"), Gone("unfinished versions", "versions")
    for version in versions.old_versions(root, wanted.versions, now, oldest):
        if not dry_run:
            versions.remove(version, root)
        one = leftovers if version.leftover else published
        one.count, one.bytes = one.count + 1, one.bytes + version.bytes
        if len(one.names) < _NAMED:
            one.names.append(str(version.folder.relative_to(root)))
    if not dry_run:
        leftovers.bytes += versions.clear_out(root)
    yield published
    yield leftovers


def _runs(
    project: Project, state: State, wanted: Retention, instance: dg.DagsterInstance | None, dry_run: bool, now: datetime
) -> Iterator[Gone]:
    before = wanted.before("runs", now)
    if instance is None or before is None:
        return
    gone = Gone("runs", "runs")
    for run in runs.old_runs(instance, before, project.datasets):
        if not dry_run:
            runs.remove(instance, run)
        gone.count, gone.bytes = gone.count + 1, gone.bytes + run.bytes
        if len(gone.names) < _NAMED:
            gone.names.append(run.run_id)
    yield gone


def _rows(
    project: Project, state: State, wanted: Retention, instance: dg.DagsterInstance | None, dry_run: bool, now: datetime
) -> Iterator[Gone]:
    from aifirst_dagster.orchestration.retention import records

    for old in records.old_rows(state, wanted, now):
        count = old.rows
        if not dry_run:
            with state.write() as connection:
                count = old.remove(connection)
        yield Gone(old.what, old.setting, count, old.bytes)


def _cache(
    project: Project, state: State, wanted: Retention, instance: dg.DagsterInstance | None, dry_run: bool, now: datetime
) -> Iterator[Gone]:
    path, before = project.home / CACHE, wanted.before("cache", now)
    if before is None or not path.is_file():
        return
    with closing(sqlite3.connect(path, timeout=5)) as connection, connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'answers'").fetchall():
            return
        old = (before.timestamp(),)
        count, size = connection.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM answers WHERE at < ?", old
        ).fetchall()[0]
        if count and not dry_run:
            connection.execute("DELETE FROM answers WHERE at < ?", old)
    yield Gone("cached answers", "cache", count, size)


def _shrink(state: State) -> None:
    """Give the disk back what a SQLite file does not use any more, where that is much."""
    if state.backend != "sqlite":
        return  # PostgreSQL's own autovacuum does it
    with state.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        empty, pages, size = (
            raw.execute(f"PRAGMA {name}").fetchall()[0][0] for name in ("freelist_count", "page_count", "page_size")
        )
    if empty * size < _EMPTY_BYTES or empty < pages * _EMPTY_SHARE:
        return
    with closing(sqlite3.connect(str(state.engine.url.database), timeout=5)) as own:
        try:
            own.execute("VACUUM")
            own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError:
            return  # others are writing: next time
