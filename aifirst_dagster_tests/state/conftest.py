"""Every state test runs on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.project import Project
from aifirst_dagster.state import database
from aifirst_dagster.state.database import State
from aifirst_dagster_tests.postgres import postgres_server  # noqa: F401


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project whose state lies in an empty database."""
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    monkeypatch.delenv("AIFIRST_HOME", raising=False)
    if request.param == "postgres":
        from aifirst_dagster_tests.postgres import fresh_database

        server = request.getfixturevalue("postgres_server")
        monkeypatch.setenv("AIFIRST_POSTGRES_URL", fresh_database(server))
    yield Project(tmp_path)
    for opened in database._opened.values():
        opened.engine.dispose()
    database._opened.clear()


@pytest.fixture
def state(project: Project) -> State:
    """Its state, opened."""
    return state_package.open(project)


@pytest.fixture
def reopened(project: Project) -> Callable[[], State]:
    """Opens the state as a new process would."""

    def again() -> State:
        for opened in database._opened.values():
            opened.engine.dispose()
        database._opened.clear()
        return state_package.open(project)

    return again
