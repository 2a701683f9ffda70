"""Datasets into a table of a DuckDB database file, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.connectors.targets import Load, Written, check_key
from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.errors import StorageError

if TYPE_CHECKING:
    import duckdb

#: Table that remembers which loads were appended: (target, load_id).
LOADS = "_aifirst_loads"
PARTITION = "_partition"


def write_duckdb(con: duckdb.DuckDBPyConnection, load: Load, path: Path, table: str) -> Written:
    """Write `load` to `table` in the database file `path`, which is made where it is missing.

    Raises:
        StorageError: Another process holds the database, the disk refuses, or the table's columns do not fit.
    """
    import duckdb

    if load.mode == "upsert":
        check_key(con, load)
    target = f"target.{ident(table)}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        con.execute(f"ATTACH {literal(path)} AS target")
    except (duckdb.IOException, OSError) as error:
        raise StorageError(
            f"Cannot open the database: {str(error).splitlines()[0]}",
            hint="Close what holds it open, or choose another path.",
            file=str(path),
        ) from error
    try:
        con.execute("BEGIN")
        for statement in _statements(load, target, table, _exists(con, table)):
            con.execute(statement)
        row = con.execute(f"SELECT count(*) FROM {target}").fetchone()
        con.execute("COMMIT")
    except duckdb.Error as error:
        con.execute("ROLLBACK")
        raise StorageError(
            f"Writing table {table!r} failed: {str(error).splitlines()[0]}",
            hint="The table is unchanged. Its columns must fit the dataset's; mode: replace makes it anew.",
            file=str(path),
        ) from error
    finally:
        con.execute("DETACH target")
    return Written(f"{path}:{table}", int(row[0]) if row else 0)


def _exists(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the attached database has the table."""
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'target' AND table_name = ?", [table]
    ).fetchone()
    return found is not None


def _statements(load: Load, target: str, table: str, exists: bool) -> list[str]:
    """The statements of one transaction."""
    stamp = f", {literal(load.partition)} AS {PARTITION}" if load.partition is not None else ""
    rows = f"SELECT {', '.join(map(ident, load.columns))}{stamp} FROM {load.relation}"
    insert = f"INSERT INTO {target} BY NAME {rows}"
    if load.mode == "append":
        loads = f"target.{LOADS}"
        new = f"NOT EXISTS (FROM {loads} WHERE name = {literal(table)} AND load_id = {literal(load.load_id)})"
        return [
            f"CREATE TABLE IF NOT EXISTS {loads} (name VARCHAR, load_id VARCHAR, PRIMARY KEY (name, load_id))",
            f"CREATE TABLE IF NOT EXISTS {target} AS {rows} LIMIT 0",
            f"{insert} WHERE {new}",
            f"INSERT OR IGNORE INTO {loads} VALUES ({literal(table)}, {literal(load.load_id)})",
        ]
    if not exists or (load.mode == "replace" and load.partition is None):
        return [f"CREATE OR REPLACE TABLE {target} AS {rows}"]
    if load.mode == "replace":
        return [f"DELETE FROM {target} WHERE {PARTITION} = {literal(load.partition)}", insert]
    same = " AND ".join(f"old.{ident(name)} = new.{ident(name)}" for name in load.key)
    return [f"DELETE FROM {target} old USING {load.relation} new WHERE {same}", insert]
