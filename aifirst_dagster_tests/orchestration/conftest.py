"""A project of its own and the command in it, or only its state database, for each test that asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.project import Project
from aifirst_dagster.state.database import State
from aifirst_dagster_tests.scenario import aifirst, furnished, place  # noqa: F401


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("AIFIRST_HOME", "AIFIRST_POSTGRES_URL"):
        monkeypatch.delenv(name, raising=False)
    return Project(tmp_path)


@pytest.fixture
def state(project: Project) -> State:
    return state_package.open(project)
