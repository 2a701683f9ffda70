"""Small files beside a dataset, written so that a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from aifirst_dagster.errors import StorageError


def write_text(path: Path, text: str) -> None:
    """Replace `path` by a file that holds `text`.

    Raises:
        StorageError: The folder is missing or not writable, or the disk is full.
    """
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(3)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        raise StorageError(
            f"Cannot write the file: {error.strerror or error}.", hint="Free some space or choose another path.",
            file=str(path),
        ) from error  # fmt: skip
    finally:
        scratch.unlink(missing_ok=True)
