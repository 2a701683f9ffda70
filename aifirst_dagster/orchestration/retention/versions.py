"""Old dataset versions: which may go, and how they go so that a killed purge leaves every dataset readable."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aifirst_dagster.datasets.store import POINTER, SAFE_AGE_SECONDS, Version, is_pinned, read_version, touched
from aifirst_dagster.errors import StorageError
from aifirst_dagster.observe.age import age
from aifirst_dagster.orchestration.retention.settings import Versions

#: Beside the datasets: what is on its way out is no dataset any more.
OUT = ".purge"


@dataclass(frozen=True)
class OldVersion:
    """A version that may go; `leftover`: it was never published."""

    folder: Path
    name: str
    bytes: int
    leftover: bool = False


def old_versions(root: Path, wanted: Versions, now: datetime, oldest_run: datetime | None = None) -> list[OldVersion]:
    """The versions that may go.

    Kept are: the current one; the newest of them; those that a person pinned; those younger than wanted; those that
    the current versions of other datasets were made from, or a remedy goes back to; those that were current less than
    an hour ago, or since the oldest unfinished run began: somebody may be reading them.

    Args:
        root: Folder of the datasets.
        wanted: How many to keep.
        now: The moment.
        oldest_run: When the oldest unfinished run began.
    """
    homes = sorted(pointer.parent for pointer in root.glob(f"*/*/*/{POINTER}"))
    used = set().union(*(_used(root, home) for home in homes)) if homes else set()
    found: list[OldVersion] = []
    for home in homes:
        found += _old(home, wanted, now, oldest_run, used)
    return found


def remove(version: OldVersion, root: Path) -> None:
    """Take a version out of sight at once, then delete it.

    Raises:
        StorageError: It cannot be.
    """
    out = root.parent / OUT
    try:
        out.mkdir(exist_ok=True)
        target = out / secrets.token_hex(8)
        try:
            version.folder.rename(target)
        except OSError:  # another disk: without its manifest it is a leftover, which nobody reads
            (version.folder / "manifest.json").unlink(missing_ok=True)
            target = version.folder
        shutil.rmtree(target)
    except OSError as error:
        raise StorageError(
            f"An old version cannot be deleted: {error.strerror or error}.", file=str(version.folder)
        ) from error


def clear_out(root: Path) -> int:
    """Delete what a killed purge left on its way out; returns its bytes."""
    out, size = root.parent / OUT, 0
    if out.is_dir():
        size = _size(out)
        shutil.rmtree(out, ignore_errors=True)
    return size


def _old(
    home: Path, wanted: Versions, now: datetime, oldest_run: datetime | None, used: set[Path]
) -> Iterator[OldVersion]:
    with suppress(FileNotFoundError):
        current = (home / POINTER).read_text(encoding="ascii").strip()
        folders = sorted((path for path in home.iterdir() if path.is_dir()), reverse=True)
        published = [path for path in folders if (path / "manifest.json").is_file()]
        if not any(path.name == current for path in published):
            return  # damaged: nothing that could replace it may go
        safe = time.time() - SAFE_AGE_SECONDS
        in_use = min(safe, oldest_run.timestamp()) if oldest_run else safe
        since = now.timestamp() - age(wanted.days).total_seconds() if wanted.days else None
        followers = dict(zip(published[1:], published, strict=False))
        for path in folders:
            leftover = path not in published
            if path.name == current or is_pinned(path) or path in used or touched(path) > safe:
                continue
            if leftover:
                if oldest_run is None or touched(path) < oldest_run.timestamp():
                    yield OldVersion(path, path.name, _size(path), True)
                continue
            replaced = _published_at(followers[path]) if path in followers else now.timestamp()
            if path in published[: wanted.most] or replaced > in_use or (since and _published_at(path) > since):
                continue
            yield OldVersion(path, path.name, _size(path))


def _used(root: Path, home: Path) -> set[Path]:
    """The versions that a current version was made from, or a remedy goes back to."""
    with suppress(StorageError, OSError):
        made = read_version(home / (home / POINTER).read_text(encoding="ascii").strip()).manifest
        partitions = home.parent.parent
        found = {
            folder
            for step, names in made.inputs.items()
            for name in names
            for folder in (partitions / step).glob(f"*/{name}")
        }
        before = (made.details.get("remediation") or {}).get("from")
        return found | ({home / before} if before else set())
    return set()


def _published_at(folder: Path) -> float:
    return (folder / "manifest.json").stat().st_mtime


def _size(folder: Path) -> int:
    """Bytes on disk; a file that other versions share costs nothing to keep, and frees nothing."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            stat = path.lstat()
            if path.is_file() and stat.st_nlink == 1:
                total += stat.st_size
    return total


def versions_of(home: Path) -> list[Version]:
    """The published versions of one partition, newest first."""
    found = []
    for path in sorted((one.parent for one in home.glob("*/manifest.json")), reverse=True):
        with suppress(StorageError):
            found.append(read_version(path))
    return found
