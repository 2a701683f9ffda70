"""Dagster's SQLite storage with its connections kept: opening one for each event costs more than the event."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

#: A run has a database file of its own; engines of older runs are let go.
KEPT = 16


class KeptConnectionsEventLogStorage(SqliteEventLogStorage):
    """As Dagster's, file for file; only that an engine serves again, with its connection and compiled statements.

    A last connection that closes makes SQLite fold its journal into the file and wait for the disk, at each event. No
    transaction is held open between events: other processes (the webserver, the daemon) read and write as before.
    """

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._initialized_dbs:
                self._let_go(shard)  # the files were wiped, perhaps
                self._initdb(self._engine(shard))
                self._initialized_dbs.add(shard)
            with self._engine(shard).connect() as connection, connection.begin():
                yield connection

    def dispose(self) -> None:
        """Close what is open."""
        for shard in list(self._engines):
            self._let_go(shard)
        super().dispose()

    @property
    def _engines(self) -> OrderedDict[str, Engine]:
        found: OrderedDict[str, Engine] = self.__dict__.setdefault("_kept", OrderedDict())
        return found

    def _let_go(self, shard: str) -> None:
        if engine := self._engines.pop(shard, None):
            engine.dispose()

    def _engine(self, shard: str) -> Engine:
        kept = self._engines
        if shard in kept:
            kept.move_to_end(shard)
            return kept[shard]
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=StaticPool,  # one connection: `_db_lock` lets one thread in at a time
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        event.listen(engine, "connect", _relax)
        kept[shard] = engine
        if len(kept) > KEPT:
            self._let_go(next(iter(kept)))
        return engine


class KeptConnectionsStorage(DagsterSqliteStorage):
    """Dagster's three SQLite storages, the event log with its engines kept."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = KeptConnectionsEventLogStorage(self._event_log_storage._base_dir)


def _relax(connection: Any, record: object) -> None:
    """In WAL mode a commit is safe from a killed process without waiting for the disk; only a power cut may undo it."""
    connection.execute("PRAGMA synchronous=NORMAL")
