"""Bringing a database to the current version: a quick look first, Alembic only where there is something to do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from aifirst_dagster.errors import StorageError
from aifirst_dagster.state.tables import SCHEMA

VERSION_TABLE = "aifirst_version"
_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Bring the database behind `engine` to `head()`, in one transaction that other processes wait for.

    Raises:
        StorageError: The database was written by a newer version of this package.
    """
    with engine.connect() as connection:
        if current(connection) == head():
            return
    with engine.connect().execution_options(aifirst_write=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('aifirst:migrate'))")
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        found = current(connection)
        if found == head():
            return
        if found is not None and found not in versions():
            raise StorageError(
                f"The state database is of version {found}, newer than this package's {head()}.",
                hint="Upgrade aifirst-dagster, or point AIFIRST_HOME or AIFIRST_POSTGRES_URL elsewhere.",
            )
        _upgrade(connection)


def current(connection: Connection) -> str | None:
    """The version that the database is at; None before the first migration."""
    schema = _schema(connection)
    if not inspect(connection).has_table(VERSION_TABLE, schema=schema):
        return None
    table = f"{schema}.{VERSION_TABLE}" if schema else VERSION_TABLE
    row = connection.exec_driver_sql(f"SELECT version_num FROM {table}").first()
    return row[0] if row else None


@cache
def versions() -> tuple[str, ...]:
    """Known versions, oldest first: migrations are files `NNNN_what.py` whose revision is `NNNN`."""
    return tuple(sorted(path.name[:4] for path in (_SCRIPTS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")))


def head() -> str:
    """The newest version."""
    return versions()[-1]


def _upgrade(connection: Connection) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_SCRIPTS))
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "version_table_schema": _schema(connection),
            "transactional_ddl": True,
            "fn": lambda revision, _: scripts._upgrade_revs("head", revision),
        },
    )
    with Operations.context(context):
        context.run_migrations()


def _schema(connection: Connection) -> str | None:
    return SCHEMA if connection.dialect.name == "postgresql" else None
