"""Dagster's old runs, with their events and logs: Dagster itself never deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES, NOT_FINISHED_STATUSES

from aifirst_dagster.datasets.store import POINTER, read_version
from aifirst_dagster.errors import StorageError

_PAGE = 200


@dataclass(frozen=True)
class OldRun:
    """A run that may go."""

    run_id: str
    bytes: int


def oldest_unfinished(instance: dg.DagsterInstance) -> datetime | None:
    """When the oldest run that has not ended began; None: there is none."""
    wanted = dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES))
    found = instance.get_run_records(wanted, limit=1, ascending=True)
    return found[0].create_timestamp if found else None


def old_runs(instance: dg.DagsterInstance, before: datetime, datasets: Path) -> list[OldRun]:
    """Runs that ended before that moment, but those that made what assets hold now."""
    kept = _current(instance, datasets)
    return [OldRun(run_id, _size(instance, run_id)) for run_id in _ended(instance, before) if run_id not in kept]


def remove(instance: dg.DagsterInstance, run: OldRun) -> None:
    """Delete a run: its logs and events first, so that a killed purge finds the rest of it again."""
    logs = getattr(instance, "compute_log_manager", None)
    if logs is not None:
        with suppress(NotImplementedError, OSError):
            logs.delete_logs(prefix=[run.run_id])
    instance.delete_run(run.run_id)
    shard = _shard(instance, run.run_id)
    if shard is not None:
        let_go = getattr(instance.event_log_storage, "_let_go", None)
        if let_go is not None:
            let_go(run.run_id)
        initialised: set[str] = getattr(instance.event_log_storage, "_initialized_dbs", set())
        initialised.discard(run.run_id)
        for name in (shard.name, f"{shard.name}-wal", f"{shard.name}-shm"):
            shard.with_name(name).unlink(missing_ok=True)


def _ended(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    wanted = dg.RunsFilter(statuses=list(FINISHED_STATUSES), updated_before=before)
    cursor = None
    while page := instance.get_run_records(wanted, limit=_PAGE, cursor=cursor):
        yield from (record.dagster_run.run_id for record in page)
        cursor = page[-1].dagster_run.run_id


def _current(instance: dg.DagsterInstance, datasets: Path) -> set[str]:
    """The runs that made what assets hold now: as Dagster says, and as the datasets' current versions say."""
    found: set[str] = set()
    for record in instance.get_asset_records():
        entry = record.asset_entry
        for event in (entry.last_materialization_record, getattr(entry, "last_observation_record", None)):
            if event is not None:
                found.add(event.run_id)
        if entry.last_run_id:
            found.add(entry.last_run_id)
    for pointer in datasets.glob(f"*/*/*/{POINTER}"):
        with suppress(StorageError, OSError):
            found.add(read_version(pointer.parent / pointer.read_text(encoding="ascii").strip()).manifest.run_id)
    return found


def _shard(instance: dg.DagsterInstance, run_id: str) -> Path | None:
    """The file of a run's events, where each run has one (SQLite)."""
    path_for: Any = getattr(instance.event_log_storage, "path_for_shard", None)
    return Path(path_for(run_id)) if path_for is not None else None


def _size(instance: dg.DagsterInstance, run_id: str) -> int:
    """Bytes of its events and logs, where they are files."""
    total = 0
    shard = _shard(instance, run_id)
    places = [shard] if shard else []
    base = getattr(getattr(instance, "compute_log_manager", None), "_base_dir", None)
    if base:
        places += list(Path(base, run_id).rglob("*"))
    for path in places:
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total
