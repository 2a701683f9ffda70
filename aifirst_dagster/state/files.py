"""What was loaded: one row for each content of a file that a connector step has seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete, select

from aifirst_dagster.state.tables import files
from aifirst_dagster.state.upsert import upsert

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

FileStatus = Literal["loaded", "failed", "skipped"]


@dataclass(frozen=True)
class LoadedFile:
    """A file as it was when a step dealt with it.

    Attributes:
        size: Bytes.
        mtime: Seconds since the epoch.
        content_hash: Hash of the bytes; the same content twice is the same load.
        rows: Rows read from it, where known.
    """

    path: str
    size: int
    mtime: float
    content_hash: str
    status: FileStatus = "loaded"
    run_id: str | None = None
    rows: int | None = None
    at: datetime | None = None


class Files:
    """The table `files`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def record(self, pipeline: str, step: str, loaded: Iterable[LoadedFile]) -> None:
        """Write what a step did with files, in one transaction; the same content again replaces its row."""
        key = ("pipeline", "step", "path", "content_hash")
        with self._state.write() as connection:
            for file in loaded:
                values = {**vars(file), "pipeline": pipeline, "step": step, "at": file.at or datetime.now(UTC)}
                upsert(connection, files, values, key)

    def known(self, pipeline: str, step: str, status: FileStatus | None = "loaded") -> list[LoadedFile]:
        """Every content seen, oldest first; `status` None gives those that failed or were skipped as well."""
        query = select(files).where(files.c.pipeline == pipeline, files.c.step == step).order_by(files.c.at, files.c.id)
        if status is not None:
            query = query.where(files.c.status == status)
        with self._state.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [LoadedFile(**{name: row[name] for name in LoadedFile.__dataclass_fields__}) for row in rows]

    def hashes(self, pipeline: str, step: str) -> set[str]:
        """Hashes of the contents that were loaded."""
        return {file.content_hash for file in self.known(pipeline, step)}

    def forget(self, pipeline: str, step: str) -> int:
        """Drop the step's memory (full refresh); returns the number of rows."""
        with self._state.write() as connection:
            return connection.execute(delete(files).where(files.c.pipeline == pipeline, files.c.step == step)).rowcount
