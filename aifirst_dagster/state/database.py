"""Opening the state database: one engine a process and address, transactions that several processes can share."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import QueuePool

from aifirst_dagster.errors import ConfigError, ServiceError, StorageError
from aifirst_dagster.project import Project
from aifirst_dagster.state.direct import Driver, Transaction
from aifirst_dagster.state.tables import SCHEMA
from aifirst_dagster.state.urls import POSTGRES, shown, state_url

if TYPE_CHECKING:
    from aifirst_dagster.state.alerts import Alerts
    from aifirst_dagster.state.batches import Batches
    from aifirst_dagster.state.designs_history import DesignHistory
    from aifirst_dagster.state.files import Files
    from aifirst_dagster.state.ledger import Ledger
    from aifirst_dagster.state.measures import Measures
    from aifirst_dagster.state.profiles import Profiles
    from aifirst_dagster.state.quarantine_actions import QuarantineActions
    from aifirst_dagster.state.transcripts import Transcripts

#: How long a writer of a SQLite file waits for another one.
BUSY_SECONDS = 30.0
#: Defects of this package, to be seen as such; any other database error is the database's trouble.
_OUR_FAULT = (exc.IntegrityError, exc.ProgrammingError, exc.DataError, exc.NotSupportedError)
_opened: dict[str, State] = {}


class State:
    """The state database and its repositories.

    Attributes:
        engine: SQLAlchemy's engine; prefer `read()` and `write()`.
    """

    def __init__(self, engine: Engine, busy_seconds: float = BUSY_SECONDS) -> None:
        self.engine = engine
        self._driver = Driver(engine, busy_seconds)

    @property
    def backend(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries."""
        with self._worded(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, lock: str | None = None) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back on an exception.

        Args:
            lock: On Postgres, transactions with the same lock name run one after another. SQLite has one
                writer at a time anyway.
        """
        with self._worded(), self._writing() as connection, connection.begin():
            if lock is not None and self.backend == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"{SCHEMA}:{lock}",))
            yield connection

    @contextmanager
    def direct(self, lock: str | None = None, patient: bool = True) -> Iterator[Transaction]:
        """`write` for few, known, frequent statements: without SQLAlchemy's own execution.

        Args:
            lock: As in `write`.
            patient: Wait for other writers; otherwise SQLite gives up at once with a `StorageError`.
        """
        with self._worded(), self._driver.write(lock, patient) as transaction:
            yield transaction

    def _writing(self) -> Connection:
        return self.engine.connect().execution_options(aifirst_write=True)

    @contextmanager
    def _worded(self) -> Iterator[None]:
        driver = self.engine.dialect.loaded_dbapi
        try:
            yield
        except exc.DatabaseError as error:
            if isinstance(error, _OUR_FAULT):
                raise
            raise _unreachable(self.engine, error.orig or error) from error
        except driver.Error as error:
            ours = (driver.IntegrityError, driver.ProgrammingError, driver.DataError, driver.NotSupportedError)
            if isinstance(error, ours):
                raise
            raise _unreachable(self.engine, error) from error

    @cached_property
    def ledger(self) -> Ledger:
        """Calls to models and what they cost."""
        from aifirst_dagster.state.ledger import Ledger

        return Ledger(self)

    @cached_property
    def batches(self) -> Batches:
        """Message batches."""
        from aifirst_dagster.state.batches import Batches

        return Batches(self)

    @cached_property
    def files(self) -> Files:
        """Files that were loaded."""
        from aifirst_dagster.state.files import Files

        return Files(self)

    @cached_property
    def profiles(self) -> Profiles:
        """Drift baselines and latest profiles."""
        from aifirst_dagster.state.profiles import Profiles

        return Profiles(self)

    @cached_property
    def measures(self) -> Measures:
        """What dataset versions came to."""
        from aifirst_dagster.state.measures import Measures

        return Measures(self)

    @cached_property
    def designs(self) -> DesignHistory:
        """Design proposals over time."""
        from aifirst_dagster.state.designs_history import DesignHistory

        return DesignHistory(self)

    @cached_property
    def transcripts(self) -> Transcripts:
        """What models did with tools."""
        from aifirst_dagster.state.transcripts import Transcripts

        return Transcripts(self)

    @cached_property
    def quarantine(self) -> QuarantineActions:
        """What people did about quarantined rows."""
        from aifirst_dagster.state.quarantine_actions import QuarantineActions

        return QuarantineActions(self)

    @cached_property
    def alerts(self) -> Alerts:
        """Alerts already sent."""
        from aifirst_dagster.state.alerts import Alerts

        return Alerts(self)


def open_state(project: Project, busy_seconds: float = BUSY_SECONDS) -> State:
    """See `state.open`."""
    url = state_url(project)
    known = _opened.get(url)
    if known is not None and _still_there(project, url):
        return known
    if known is not None:
        known.engine.dispose()
    state = _opened[url] = _connect(project, url, busy_seconds)
    return state


def _forked() -> None:
    """A forked child must not use, nor close, its parent's connections."""
    for state in _opened.values():
        state.engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _connect(project: Project, url: str, busy_seconds: float) -> State:
    from aifirst_dagster.state.schema import migrate

    if url.startswith("sqlite"):
        try:
            project.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"The state folder cannot be made: {error.strerror}.",
                hint="Set AIFIRST_HOME to a folder that can be written.",
                file=str(project.home),
            ) from error
        engine = _sqlite(url, busy_seconds)
    else:
        try:
            engine = create_engine(url, pool_pre_ping=True, pool_size=2, max_overflow=8)
        except (exc.ArgumentError, ValueError) as error:
            raise ConfigError(
                f"{POSTGRES} cannot be read as an address.",
                hint="Write it as postgresql://user:password@host:5432/db, with special characters as %XX.",
            ) from error
    try:
        migrate(engine)
    except exc.DatabaseError as error:
        if isinstance(error, _OUR_FAULT):
            raise
        raise _unreachable(engine, error.orig or error) from error
    return State(engine, busy_seconds)


def _sqlite(url: str, busy_seconds: float) -> Engine:
    engine = create_engine(
        url,
        # Pooled: closing the last connection to a WAL file folds the log back into it, 20 ms for each call.
        poolclass=QueuePool,
        max_overflow=-1,
        connect_args={"timeout": busy_seconds},
        execution_options={"schema_translate_map": {SCHEMA: None}},
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, record: Any) -> None:
        # Transactions are begun below: sqlite3's own would begin as readers and then fail to become writers.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = NORMAL")
        _write_ahead(connection, busy_seconds)

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("aifirst_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _write_ahead(connection: Any, busy_seconds: float) -> None:
    """Switch the file to WAL once. Two processes that do so together lock each other out without waiting."""
    import sqlite3

    end = time.monotonic() + busy_seconds
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _still_there(project: Project, url: str) -> bool:
    """Whether a SQLite file was not deleted under us."""
    return not url.startswith("sqlite") or (project.home / "state.db").exists()


def _unreachable(engine: Engine, error: BaseException) -> ServiceError | StorageError:
    where = shown(engine.url.render_as_string(hide_password=True))
    what = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if engine.dialect.name == "sqlite":
        return StorageError(
            f"The state database cannot be used: {what}.",
            hint="Check that its folder can be written and that the disk is not full, or set AIFIRST_HOME.",
            file=engine.url.database,
        )
    return ServiceError(
        f"The state database at {where} cannot be used: {what}",
        hint="Check AIFIRST_POSTGRES_URL and that the server runs.",
    )
