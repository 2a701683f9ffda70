"""Reports are written whole or not at all."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from aifirst_dagster.errors import StorageError

#: A scratch file this old was left by a process that was killed.
_LEFT_SECONDS = 600


def write(path: Path, text: str) -> int:
    """Put `text` in place of `path` in one step; returns its bytes.

    Whoever reads meanwhile sees the earlier file; a process killed here leaves it as it was.

    Raises:
        StorageError: It cannot be written.
    """
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    content = text.encode("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        raise StorageError(
            f"The report cannot be written: {error.strerror or error}.",
            hint="Name another place with -o, or free some space.",
            file=str(path),
        ) from error
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
    return len(content)


def _sweep(path: Path) -> None:
    """Remove what killed processes left of earlier tries."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
            left.unlink(missing_ok=True)
