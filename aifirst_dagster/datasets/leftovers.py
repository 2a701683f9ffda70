"""Scratch files of processes that were killed: gigabytes that nobody else would ever remove."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "aifirst-"
_NAMED = re.compile(rf"{PREFIX}(?:duckdb|read)-(\d+)(?:-.*)?")
#: Seconds without a change after which scratch is nobody's, if no process of this number runs. Not less: the folder
#: may be shared with another container, whose processes cannot be seen from here.
_AGE = 24 * 3600.0


def sweep(folder: Path | None = None) -> list[Path]:
    """Remove what processes that are gone left in `folder` (default: where temporary files go); returns the paths.

    What cannot be removed, or belongs to another user, is left.
    """
    gone = []
    for entry in os.scandir(folder or tempfile.gettempdir()):
        found = _NAMED.fullmatch(entry.name)
        if found is None or _runs(int(found[1])):
            continue
        try:
            if entry.stat(follow_symlinks=False).st_uid != os.getuid() or time.time() - _touched(entry) < _AGE:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)  # noqa: PTH108
        except OSError:
            continue
        gone.append(Path(entry.path))
    return gone


def _touched(entry: os.DirEntry[str]) -> float:
    """When the file, or anything in the folder, was changed last."""
    times = [entry.stat(follow_symlinks=False).st_mtime]
    if entry.is_dir(follow_symlinks=False):
        times += [one.stat(follow_symlinks=False).st_mtime for one in os.scandir(entry.path)]
    return max(times)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
