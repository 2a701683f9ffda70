"""Datasets into a PostgreSQL table: COPY into a staging table, then one transaction."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aifirst_dagster.connectors.targets import Load, Written, check_key
from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.errors import ServiceError, StorageError

if TYPE_CHECKING:
    import duckdb

LOADS = "_aifirst_loads"
PARTITION = "_partition"
_TYPES = {
    "TINYINT": "smallint", "UTINYINT": "smallint", "SMALLINT": "smallint", "USMALLINT": "integer", "INTEGER": "integer",
    "UINTEGER": "bigint", "BIGINT": "bigint", "UBIGINT": "numeric(20)", "HUGEINT": "numeric(39)",
    "UHUGEINT": "numeric(39)", "FLOAT": "real", "DOUBLE": "double precision", "BOOLEAN": "boolean", "DATE": "date",
    "TIME": "time", "INTERVAL": "interval", "BLOB": "bytea", "UUID": "uuid", "JSON": "jsonb",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}  # fmt: skip


def write_postgres(con: duckdb.DuckDBPyConnection, load: Load, url: str, table: str) -> Written:
    """Write `load` to `table` (may be "schema.table") of the database at `url`.

    A table that is replaced keeps its grants and indexes where its columns stay the same.

    Raises:
        ServiceError: The server cannot be reached, refuses the login, or goes away.
        StorageError: The server refuses the data; the table is unchanged.
    """
    import psycopg2

    if load.mode == "upsert":
        check_key(con, load)
    place = f"{urlsplit(url).hostname or 'localhost'}{urlsplit(url).path}"
    try:
        connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://"), connect_timeout=15)
    except psycopg2.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise ServiceError(
            f"Cannot connect to PostgreSQL at {place}: {reason}", hint="Check the URL, and that the server is running."
        ) from error
    target = ".".join(map(ident, table.split(".")))
    types = _column_types(con, load)
    try:
        with connection, connection.cursor() as cursor, tempfile.TemporaryDirectory() as folder:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [target])
            definition = ", ".join(f"{ident(name)} {kind}" for name, kind in types.items())
            cursor.execute(f"CREATE TEMP TABLE _staged ({definition}) ON COMMIT DROP")
            rows = Path(folder) / "rows.csv"
            options = "FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR ''"
            con.execute(f"COPY ({_select(load, types)}) TO {literal(rows)} ({options})")
            with rows.open("rb") as file:
                cursor.copy_expert("COPY _staged FROM STDIN (FORMAT csv)", file)
            for statement in _statements(load, target, types, _columns_there(cursor, target)):
                cursor.execute(statement)
            cursor.execute(f"SELECT count(*) FROM {target}")
            count = cursor.fetchall()[0][0]
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise ServiceError(
            f"PostgreSQL at {place} failed while writing: {str(error).strip().splitlines()[0]}",
            hint="The table is unchanged. Run again when the server is well.",
        ) from error
    except psycopg2.Error as error:
        raise StorageError(
            f"PostgreSQL refuses to write table {table!r}: {str(error).strip().splitlines()[0]}",
            hint="The table is unchanged. Its columns must fit the dataset's; mode: replace makes it anew.",
        ) from error
    finally:
        connection.close()
    return Written(f"postgresql://{place}/{table}", int(count))


def _column_types(con: duckdb.DuckDBPyConnection, load: Load) -> dict[str, str]:
    """Column -> PostgreSQL type, `_partition` included where there is one."""
    described = {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {load.relation}").fetchall()}
    types = {name: _postgres_type(described[name]) for name in load.columns}
    return types if load.partition is None else {**types, PARTITION: "text"}


def _postgres_type(physical: str) -> str:
    """The PostgreSQL type that holds every value of a DuckDB type."""
    if physical.startswith("DECIMAL"):
        return physical.replace("DECIMAL", "numeric")
    if physical.startswith("TIMESTAMP") and physical != "TIMESTAMP WITH TIME ZONE":
        return "timestamp"
    if physical.endswith("]") or physical.split("(")[0] in ("STRUCT", "MAP"):
        return "jsonb"
    return _TYPES.get(physical, "text")


def _select(load: Load, types: dict[str, str]) -> str:
    """The rows as COPY wants them: nested values as JSON text, bytes in hexadecimal."""
    stamp = f", {literal(load.partition)} AS {PARTITION}" if load.partition is not None else ""
    return f"SELECT {', '.join(_cell(name, types[name]) for name in load.columns)}{stamp} FROM {load.relation}"


def _cell(name: str, kind: str) -> str:
    """A column as text that PostgreSQL reads as `kind`."""
    column = ident(name)
    return {"jsonb": f"to_json({column})::VARCHAR", "bytea": f"'\\x' || hex({column})"}.get(kind, column)


def _columns_there(cursor: object, target: str) -> dict[str, str]:
    """Column -> type of the table that is there; empty where there is none."""
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
        [target],
    )
    return dict(cursor.fetchall())  # type: ignore[attr-defined]


def _statements(load: Load, target: str, types: dict[str, str], there: dict[str, str]) -> list[str]:
    """What turns the staged rows into the target's."""
    names = ", ".join(map(ident, types))
    insert = f"INSERT INTO {target} ({names}) SELECT {names} FROM _staged"
    create = (
        f"CREATE TABLE IF NOT EXISTS {target} ({', '.join(f'{ident(name)} {kind}' for name, kind in types.items())})"
    )
    match load.mode:
        case "append":
            stamp = f"{literal(target)}, {literal(load.load_id)}"
            same = f"name = {literal(target)} AND load_id = {literal(load.load_id)}"
            new = f"NOT EXISTS (SELECT 1 FROM {LOADS} WHERE {same})"
            return [
                f"CREATE TABLE IF NOT EXISTS {LOADS} (name text, load_id text, PRIMARY KEY (name, load_id))",
                create,
                f"{insert} WHERE {new}",
                f"INSERT INTO {LOADS} VALUES ({stamp}) ON CONFLICT DO NOTHING",
            ]
        case "upsert":
            same = " AND ".join(f"old.{ident(name)} = new.{ident(name)}" for name in load.key)
            return [create, f"DELETE FROM {target} old USING _staged new WHERE {same}", insert]
        case _ if load.partition is not None:
            return [create, f"DELETE FROM {target} WHERE {PARTITION} = {literal(load.partition)}", insert]
        case _ if list(there) == list(types) and _same_types(there, types):
            return [f"DELETE FROM {target}", insert]
        case _:
            return [f"DROP TABLE IF EXISTS {target}", create, insert]


def _same_types(there: dict[str, str], types: dict[str, str]) -> bool:
    """Whether the table's columns have the types that it would be made with."""
    long = {"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone"}
    long["time"] = "time without time zone"
    return all(there[name].replace(" ", "") == long.get(kind, kind).replace(" ", "") for name, kind in types.items())
