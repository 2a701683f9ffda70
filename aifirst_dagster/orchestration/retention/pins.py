"""Versions that a person wants kept, whatever their age."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from aifirst_dagster.datasets.store import PIN, UNPARTITIONED, DatasetStore
from aifirst_dagster.errors import InputError, StorageError
from aifirst_dagster.orchestration.retention.versions import versions_of
from aifirst_dagster.pipelines.replace import replace_file


def pin(
    store: DatasetStore, dataset: str, version: str | None, partition: str | None, by: str, why: str = ""
) -> dict[str, Any]:
    """Keep a version; default: the current one.

    Raises:
        InputError: There is no such dataset or version.
    """
    folder = _folder(store, dataset, version, partition)
    said = {"by": by, "why": why, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    replace_file(folder / PIN, json.dumps(said, ensure_ascii=False))
    return {"dataset": dataset, "partition": partition, "version": folder.name, **said}


def unpin(store: DatasetStore, dataset: str, version: str, partition: str | None = None) -> dict[str, Any]:
    """Take a pin back.

    Raises:
        InputError: The version is not there, or not pinned.
    """
    folder = _folder(store, dataset, version, partition)
    try:
        (folder / PIN).unlink()
    except FileNotFoundError:
        raise InputError(
            f"The version {version} of {dataset} is not pinned.", hint="`aifirst purge pins` lists what is."
        ) from None
    except OSError as error:
        raise StorageError(f"The pin cannot be taken back: {error.strerror}.", file=str(folder)) from error
    return {"dataset": dataset, "partition": partition, "version": version}


def pins(store: DatasetStore) -> list[dict[str, Any]]:
    """All pinned versions."""
    from urllib.parse import unquote

    found = []
    for path in sorted(store.root.glob(f"*/*/*/*/{PIN}")):
        pipeline, step, home, version = path.parent.relative_to(store.root).parts
        said = json.loads(path.read_text(encoding="utf-8"))
        key = None if home == UNPARTITIONED else unquote(home)
        found.append({"dataset": f"{pipeline}/{step}", "partition": key, "version": version, **said})
    return found


def _folder(store: DatasetStore, dataset: str, version: str | None, partition: str | None) -> Path:
    pipeline, _, step = dataset.partition("/")
    current = store.current(pipeline, step, partition) if step else None
    if current is None:
        known = sorted({str(one.parent.parent.relative_to(store.root)) for one in store.root.glob("*/*/*/current")})
        near = get_close_matches(dataset, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Datasets: {', '.join(known[:20]) or 'none yet'}."
        raise InputError(f"There is no dataset {dataset!r}{f' [{partition}]' if partition else ''}.", hint=hint)
    if version is None:
        return current.folder
    home = store.place(pipeline, step, partition)
    for one in versions_of(home):
        if one.folder.name == version:
            return one.folder
    names = ", ".join(one.folder.name for one in versions_of(home)[:10])
    raise InputError(f"The dataset {dataset} has no version {version!r}.", hint=f"There are {names}.")
