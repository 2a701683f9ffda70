"""Where the ledger's rows wait while the database cannot be written: files beside it, folded in later."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aifirst_dagster.state.ledger import Ledger

_log = logging.getLogger(__name__)
_kept_for: set[Path] = set()


@cache
def folders(home: Path) -> tuple[Path, Path]:
    """Where files may wait: in the project's home, or, where that cannot be written, in a temporary folder."""
    elsewhere = f"aifirst-spool-{os.getuid() if hasattr(os, 'getuid') else 'all'}-{home.resolve().as_posix()}"
    return home / "llm-spool", Path(tempfile.gettempdir()) / elsewhere.replace("/", "_")[-200:]


def keep(home: Path, row_id: str, values: dict[str, Any]) -> Path | None:
    """Write a row's end to a file, safely; None where no folder can be written."""
    _kept_for.add(home)
    text = json.dumps({"row": row_id, "values": values}, default=datetime.isoformat)
    for folder in folders(home):
        path = folder / f"{row_id}.json"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = path.with_suffix(".part")
            with unfinished.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError:
            continue
        return path
    return None


def fold(home: Path, ledger: Ledger) -> int:
    """Write what waits into the ledger; returns how many rows.

    Raises:
        AifirstError: The database still cannot be written; the files stay.
    """
    done = 0
    for folder in folders(home):
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                kept = json.loads(path.read_text(encoding="utf-8"))
                values = {**kept["values"], "finished_at": datetime.fromisoformat(kept["values"]["finished_at"])}
                row = kept["row"]
            except FileNotFoundError:
                continue
            except (ValueError, KeyError, TypeError):
                _log.warning("%s is damaged and is left alone.", path)
                continue
            ledger.submit_finish(row, values).result()
            path.unlink(missing_ok=True)
            done += 1
    return done


def waits(home: Path) -> bool:
    """Whether anything waits that this process kept; what others left is folded in as the database is opened."""
    return home in _kept_for and any(os.path.isdir(folder) and any(folder.glob("*.json")) for folder in folders(home))  # noqa: PTH112
