"""Fetching a remote file to disk: in blocks, taken up again where it broke off, within time limits."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aifirst_dagster.connectors.places.address import RemoteFile, scheme
from aifirst_dagster.connectors.places.faults import no_login, passing, worded
from aifirst_dagster.connectors.places.listing import asked
from aifirst_dagster.connectors.places.pace import Pace
from aifirst_dagster.errors import ServiceError, StorageError

Tell = Callable[[str], None]


@dataclass
class _Progress:
    """How far a transfer is; raises where it creeps."""

    file: RemoteFile
    tell: Tell | None
    pace: Pace
    size: int | None = None
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)
    mark: tuple[float, int] = field(default_factory=lambda: (time.monotonic(), 0))
    validator: str | None = None

    def add(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        since, before = self.mark
        if now - since > self.pace.patience:
            if self.done - before < self.pace.slowest * self.pace.patience:
                raise ServiceError(
                    f"The transfer creeps: {self.done - before} bytes in {now - since:.0f} s.",
                    hint="Try again later, or fetch it another way.", file=str(self.file),
                )  # fmt: skip
            self.mark = (now, self.done)
        if self.tell and now - self.told > self.pace.told_every:
            self.told = now
            of = f" of {self.size / 1e6:,.0f}" if self.size else ""
            self.tell(f"{self.file}: {self.done / 1e6:,.0f}{of} MB")


class _PassingError(ServiceError):
    """A failure that another try may mend."""


def fetch(file: RemoteFile, target: Path, tell: Tell | None = None, pace: Pace | None = None) -> None:
    """Copy the file's bytes to `target`.

    Raises:
        InputError: There is no such file, or it may not be read.
        ServiceError: The store fails, breaks off each time, or creeps.
        StorageError: The disk is full.
    """
    move = _from_web if scheme(file.url) in ("http", "https") else _from_store
    pace = pace or Pace()
    progress = _Progress(file, tell, pace)
    for attempt in range(1, pace.tries + 1):
        try:
            asked(file.url, lambda files: move(files, file, target, progress))
            return
        except _PassingError as error:
            if attempt == pace.tries:
                raise ServiceError(error.message, hint=error.hint, file=error.file) from None
            time.sleep(pace.pause * 2 ** (attempt - 1))


def _from_web(files: Any, file: RemoteFile, target: Path, progress: _Progress) -> None:
    """One try over HTTP; goes on behind what is there already, if the server says it is the same content."""
    from fsspec.asyn import sync

    try:
        sync(files.loop, _stream, files, file, target, progress)
    except Exception as error:  # noqa: BLE001 - each library has its own
        raise _failure(error, file) from None


async def _stream(files: Any, file: RemoteFile, target: Path, progress: _Progress) -> None:
    session = await files.set_session()
    # Bytes as they are stored: what a server packs for the way would hide cut-off files.
    headers = {"Accept-Encoding": "identity"}
    if progress.done and progress.validator:
        headers |= {"Range": f"bytes={progress.done}-", "If-Range": progress.validator}
    async with session.get(files.encode_url(file.url), headers=headers) as answer:
        answer.raise_for_status()
        resumed = answer.status == 206 and progress.done > 0
        length = answer.headers.get("Content-Length")
        packed = answer.headers.get("Content-Encoding", "identity") not in ("identity", "")
        if not resumed:
            progress.done, progress.mark = 0, (time.monotonic(), 0)
        progress.size = progress.done + int(length) if length and not packed else None
        etag = answer.headers.get("ETag", "")
        progress.validator = etag if etag and not etag.startswith("W/") else None
        _check_room(target, (progress.size or 0) - progress.done, file)
        with target.open("ab" if resumed else "wb") as out:
            async for block in answer.content.iter_chunked(1 << 20):
                out.write(block)
                progress.add(len(block))
    if progress.size is not None and progress.done != progress.size:
        raise ConnectionError(f"{progress.done} of {progress.size} bytes arrived")


def _from_store(files: Any, file: RemoteFile, target: Path, progress: _Progress) -> None:
    """One try from an object store, block by block; the content must be the same at the end as at the beginning."""
    try:
        before = files.info(file.url)
        if before.get("type") == "directory":
            raise IsADirectoryError(file.url)
        progress.size, progress.done = int(before["size"]), 0
        _check_room(target, progress.size, file)
        with target.open("wb") as out:
            while progress.done < progress.size:
                end = min(progress.done + progress.pace.block, progress.size)
                block = files.cat_file(file.url, start=progress.done, end=end)
                if len(block) != end - progress.done:
                    raise ConnectionError(f"{progress.done + len(block)} of {progress.size} bytes arrived")
                out.write(block)
                progress.add(len(block))
        after = files.info(file.url)
        marks = [(info.get("ETag") or info.get("etag"), info["size"]) for info in (before, after)]
        if marks[0] != marks[1]:
            raise ConnectionError("the file was changed while it was read")
    except IsADirectoryError:
        raise FileNotFoundError(file.url) from None
    except Exception as error:
        if no_login(error):
            raise
        raise _failure(error, file) from None


def _failure(error: Exception, file: RemoteFile) -> Exception:
    """The error to raise."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return StorageError("The disk is full while fetching.", hint="Free space, or set TMPDIR.", file=str(file))
    said = worded(error, file.url)
    return _PassingError(said.message, hint=said.hint, file=said.file) if passing(error) else said


def _check_room(target: Path, needed: int, file: RemoteFile) -> None:
    """See that the disk has room before the transfer begins."""
    free = shutil.disk_usage(target.parent).free
    if needed > free:
        raise StorageError(
            f"The file needs {needed / 1e9:.1f} GB; the disk has {free / 1e9:.1f} GB free.",
            hint="Free space, or set TMPDIR to another disk.", file=str(file),
        )  # fmt: skip
