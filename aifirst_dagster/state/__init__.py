"""The state database: `state.open(project)` gives its repositories (ledger, files, profiles, designs, and so on)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aifirst_dagster.project import Project
    from aifirst_dagster.state.database import State


def open(project: Project, busy_seconds: float | None = None) -> State:
    """The project's state: Postgres where `AIFIRST_POSTGRES_URL` is set, else SQLite under `project.home`.

    Migrates when it has to; safe when several processes open it at once. Cheap to call again.

    Args:
        project: Whose.
        busy_seconds: How long a writer of a SQLite file waits for another one (default: 30); the first to open it says.

    Raises:
        ServiceError: The database server cannot be reached.
        StorageError: The state folder cannot be written.
    """
    from aifirst_dagster.state.database import BUSY_SECONDS, open_state

    return open_state(project, BUSY_SECONDS if busy_seconds is None else busy_seconds)
