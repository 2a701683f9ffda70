"""Design files are written whole or not at all, and by one writer at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aifirst_dagster.errors import StorageError

#: What the file system says where nothing may be written at all (rather than: the disk is full).
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


def writable(folder: Path) -> bool:
    """Whether files can be made in `folder`, or it can be made."""
    here = folder
    while not here.exists() and here != here.parent:
        here = here.parent
    return here.is_dir() and os.access(here, os.W_OK | os.X_OK)


def write_atomically(path: Path, text: str) -> bool:
    """Put `text` in place of `path` in one step that survives a crash; False where the folder is read-only.

    Raises:
        StorageError: It could not be written for another reason, say a full disk.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes private files; a design is as readable as the sources beside it.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        if error.errno in _READ_ONLY:
            return False
        raise StorageError(
            f"The design could not be written: {error.strerror}.",
            hint="Free some space, or run with `designs: frozen`.",
            file=str(path),
        ) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    return True


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: others, threads and processes alike, wait. Gone with its holder, also after a crash.

    The folder itself is locked, so no lock file is left among the designs. One that cannot be made is not locked.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
