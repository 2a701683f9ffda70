"""The state database: `state.open(project)` gives its repositories (ledger, files, profiles, designs, and so on)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aifirst_dagster.project import Project
    from aifirst_dagster.state.database import State


def open(project: Project) -> State:
    """The project's state: Postgres where `AIFIRST_POSTGRES_URL` is set, else SQLite under `project.home`.

    Migrates when it has to; safe when several processes open it at once. Cheap to call again.

    Raises:
        ServiceError: The database server cannot be reached.
        StorageError: The state folder cannot be written.
    """
    from aifirst_dagster.state.database import open_state

    return open_state(project)
