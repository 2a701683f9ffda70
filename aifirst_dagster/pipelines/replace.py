"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from aifirst_dagster.errors import StorageError


def replace_file(path: Path, text: str) -> None:
    """Replace a file's text in one step: readers see the old text or the new one. Rights stay; a link stays a link.

    Raises:
        StorageError: The folder is not writable, or the disk is full.
    """
    path = path.resolve()
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(path.stat().st_mode & 0o7777 if path.exists() else 0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StorageError(
            f"the file cannot be written: {error.strerror}",
            hint="Check the disk and the folder's rights.",
            file=str(path),
        ) from error
