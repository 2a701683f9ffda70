"""Small transactions of known statements, run by the database's driver alone.

SQLAlchemy words each statement once for each kind of database; from then on only the driver is asked. What a call to
a model writes to the ledger took five times as long through SQLAlchemy's own execution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ClauseElement, Dialect, Engine

from aifirst_dagster.state.tables import SCHEMA, UtcTime

#: Rows that go to a database server together.
_PAGE = 200
_Values = Mapping[str, Any]


class Driver:
    """One engine's driver, its pool of connections, and the texts of statements.

    Args:
        engine: The engine whose pool is used.
        busy_seconds: How long a SQLite file waits for another writer, where it waits.
    """

    def __init__(self, engine: Engine, busy_seconds: float) -> None:
        self._engine, self._busy_seconds = engine, busy_seconds
        sqlite = engine.dialect.name == "sqlite"
        named: Any = type(engine.dialect)
        self._dialect: Dialect = named(paramstyle="named") if sqlite else engine.dialect
        self._texts: dict[tuple[ClauseElement, tuple[str, ...]], tuple[str, dict[str, Any]]] = {}
        moment = UtcTime().dialect_impl(engine.dialect)
        self.to_wire = moment.bind_processor(engine.dialect) or _as_is
        self.from_wire = moment.result_processor(engine.dialect, None) or _as_is
        self.server = engine.dialect.name == "postgresql"

    @contextmanager
    def write(self, lock: str | None, patient: bool) -> Iterator[Transaction]:
        """One transaction; see `State.direct`. Whatever the driver raises comes out as it is."""
        pooled = self._engine.raw_connection()
        try:
            raw: Any = pooled.driver_connection
            with closing(raw.cursor()) as cursor:
                self._begin(cursor, lock, patient)
                yield Transaction(self, cursor)
            raw.commit()
        except BaseException as error:
            self._give_back(pooled, error)
            raise
        pooled.close()

    def text(self, statement: ClauseElement, columns: tuple[str, ...] = ()) -> tuple[str, dict[str, Any]]:
        """A statement in SQL, with the values that it has of its own."""
        known = self._texts.get((statement, columns))
        if known is None:
            compiled = statement.compile(dialect=self._dialect, column_keys=columns or None)
            known = self._texts[statement, columns] = (compiled.string, dict(compiled.params))
        return known

    def _begin(self, cursor: Any, lock: str | None, patient: bool) -> None:
        if self.server:
            if lock is not None:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"{SCHEMA}:{lock}",))
        elif patient:
            cursor.execute("BEGIN IMMEDIATE")
        else:
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                cursor.execute("BEGIN IMMEDIATE")
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {self._busy_seconds * 1000:.0f}")

    def _give_back(self, pooled: Any, error: BaseException) -> None:
        dialect = self._engine.dialect
        lost = isinstance(error, dialect.loaded_dbapi.Error) and dialect.is_disconnect(error, pooled, None)
        if lost:
            pooled.invalidate(error)
        # Closing gives it back to the pool, which rolls back.
        pooled.close()


class Transaction:
    """What is done within one."""

    def __init__(self, driver: Driver, cursor: Any) -> None:
        self._driver, self._cursor = driver, cursor

    @property
    def server(self) -> bool:
        """Whether this is PostgreSQL, not SQLite."""
        return self._driver.server

    def scalar(self, query: ClauseElement, values: _Values) -> Any:
        """The one value that a query finds."""
        text, own = self._driver.text(query)
        self._cursor.execute(text, own | self._wired(values))
        return self._cursor.fetchone()[0]

    def rows(self, query: ClauseElement, values: _Values, times: Sequence[str] = ()) -> list[dict[str, Any]]:
        """What a query finds, by column; `times` names those that hold moments."""
        text, own = self._driver.text(query)
        self._cursor.execute(text, own | self._wired(values))
        names = [column[0] for column in self._cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in self._cursor.fetchall()]
        for row in found:
            for name in times:
                row[name] = self._driver.from_wire(row[name])
        return found

    def many(self, statement: ClauseElement, rows: Sequence[_Values], columns: tuple[str, ...]) -> None:
        """Run a statement for each of the rows, which set the same `columns`."""
        text, own = self._driver.text(statement, columns)
        wired = [own | self._wired(row) for row in rows]
        if len(wired) == 1:
            self._cursor.execute(text, wired[0])
        elif self._driver.server:
            from psycopg2.extras import execute_batch

            execute_batch(self._cursor, text, wired, page_size=_PAGE)
        else:
            self._cursor.executemany(text, wired)

    def _wired(self, values: _Values) -> dict[str, Any]:
        to_wire = self._driver.to_wire
        return {name: to_wire(value) if type(value) is datetime else value for name, value in values.items()}


def _as_is(value: Any) -> Any:
    return value
