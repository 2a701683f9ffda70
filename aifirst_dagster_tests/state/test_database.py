"""Opening the state database: migrated once, by whoever comes first, and quick after that."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect

import aifirst_dagster.state as state_package
from aifirst_dagster.errors import ConfigError, ServiceError, StorageError
from aifirst_dagster.project import Project
from aifirst_dagster.state import database
from aifirst_dagster.state.database import State
from aifirst_dagster.state.tables import metadata
from aifirst_dagster.state.urls import normalise, shown


def test_migrations_build_exactly_the_tables_that_the_code_uses(state: State):
    found = inspect(state.engine)
    where = "aifirst" if state.backend == "postgresql" else None
    assert set(found.get_table_names(schema=where)) == {table.name for table in metadata.tables.values()} | {
        "aifirst_version"
    }
    for table in metadata.tables.values():
        built = {column["name"]: column["nullable"] for column in found.get_columns(table.name, schema=where)}
        assert built == {column.name: column.nullable for column in table.columns}, table.name
        indexes = {index["name"] for index in found.get_indexes(table.name, schema=where)}
        assert {index.name for index in table.indexes} <= indexes


def test_opening_a_current_database_is_quick_and_does_not_load_alembic(project: Project, reopened: Callable[[], State]):
    reopened()
    code = (
        "import sys; from pathlib import Path; from aifirst_dagster.project import Project;"
        "import aifirst_dagster.state as state; state.open(Project(Path(sys.argv[1])));"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(project.root)], timeout=60).returncode == 0
    best = min(_timed(reopened) for _ in range(5))
    # Connecting to a server, with its password exchange, is the server's time.
    assert best < (0.03 if state_package.open(project).backend == "sqlite" else 1.0)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_processes_that_open_a_new_database_together_all_find_it_migrated(project: Project):
    code = (
        "import sys; from pathlib import Path; from aifirst_dagster.project import Project;"
        "import aifirst_dagster.state as state;"
        "state.open(Project(Path(sys.argv[1]))).profiles.put(sys.argv[2], 'latest', {})"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(project.root), str(number)], stderr=subprocess.PIPE)
        for number in range(4)
    ]
    errors = [process.communicate(timeout=120)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors
    state = state_package.open(project)
    assert [profile.asset for profile in state.profiles.all("latest")] == ["0", "1", "2", "3"]


def test_a_transaction_that_fails_leaves_nothing(state: State):
    with pytest.raises(RuntimeError), state.write() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO {'aifirst.' if state.backend == 'postgresql' else ''}profiles"
            " (asset, partition, kind, profile, at) VALUES ('a', '', 'latest', '{}', '2026-01-01')"
        )
        raise RuntimeError
    assert state.profiles.get("a", "latest") is None


def test_a_database_of_a_newer_version_is_left_alone(state: State, reopened: Callable[[], State]):
    prefix = "aifirst." if state.backend == "postgresql" else ""
    with state.write() as connection:
        connection.exec_driver_sql(f"UPDATE {prefix}aifirst_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="9999, newer"):
        reopened()


def test_a_deleted_sqlite_file_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    project = Project(tmp_path)
    state_package.open(project)
    for file in project.home.glob("state.db*"):
        file.unlink()
    assert state_package.open(project).ledger.rows() == []


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_home_without_rights_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="state folder"):
        state_package.open(Project(tmp_path))


def test_a_home_that_is_a_file_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    (tmp_path / ".aifirst").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be made") as caught:
        state_package.open(Project(tmp_path))
    assert "AIFIRST_HOME" in caught.value.hint


def test_a_damaged_state_file_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    project = Project(tmp_path)
    project.home.mkdir()
    (project.home / "state.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(StorageError, match="not a database"):
        state_package.open(project)


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AIFIRST_POSTGRES_URL", "postgresql://someone:hush@127.0.0.1:1/db")
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1") as caught:
        state_package.open(Project(tmp_path))
    assert "hush" not in str(caught.value)
    assert database._opened.get(normalise("postgresql://someone:hush@127.0.0.1:1/db")) is None


@pytest.mark.parametrize("given", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_spelling_of_a_postgres_address_means_psycopg2(given: str):
    assert normalise(given) == "postgresql+psycopg2://u@h/d"


def test_an_address_of_something_else_is_refused_unshown():
    with pytest.raises(ConfigError) as caught:
        normalise("mysql://root:hush@h/d")
    assert "hush" not in str(caught.value)


def test_an_address_is_shown_without_its_password():
    assert shown("postgresql+psycopg2://u:p@ss@h/d") == "postgresql+psycopg2://u:***@h/d"


def test_an_unreadable_address_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AIFIRST_POSTGRES_URL", "postgresql://u:hush@host:notaport/db")
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        state_package.open(Project(tmp_path))
    assert "hush" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_child_has_connections_of_its_own(project: Project, state: State):
    state.profiles.put("parent", "latest", {})
    if (child := os.fork()) == 0:
        state.profiles.put("child", "latest", {})
        os._exit(0 if state.profiles.get("parent", "latest") else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [profile.asset for profile in state.profiles.all("latest")] == ["child", "parent"]
