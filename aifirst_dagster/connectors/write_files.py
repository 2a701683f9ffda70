"""Datasets into Parquet and CSV files: written beside the target, then put in its place as a whole."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.connectors.targets import Load, Written, check_key
from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.errors import ConfigError, StorageError

if TYPE_CHECKING:
    import duckdb

#: Key of the Parquet file's own metadata that lists the loads it holds.
LOADS = "aifirst_loads"
FORMATS = {"parquet": "FORMAT parquet, COMPRESSION snappy", "csv": "FORMAT csv, HEADER true"}


def write_file(con: duckdb.DuckDBPyConnection, load: Load, path: Path, file_format: str) -> Written:
    """Write `load` to `path`.

    Raises:
        ConfigError: `append` to a CSV file, which cannot say what it already holds.
        StorageError: The disk refuses, or what is there cannot be read; it stays as it was.
    """
    import duckdb

    if load.mode == "append" and file_format == "csv":
        raise ConfigError(
            "A CSV file cannot be appended to safely.", hint="Use mode: upsert, or format: parquet or duckdb."
        )
    if load.mode == "upsert":
        check_key(con, load)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(3)}.tmp")
    options = FORMATS[file_format]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        loads = _loads(con, path) if load.mode == "append" and path.is_file() else []
        if load.load_id in loads:
            return Written(str(path), _count(con, path, file_format))
        if file_format == "parquet":
            options += f", KV_METADATA {{{LOADS}: {literal(json.dumps([*loads, load.load_id]))}}}"
        row = con.execute(f"COPY ({_rows(load, path, file_format)}) TO {literal(scratch)} ({options})").fetchone()
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        scratch.replace(path)
    except (duckdb.Error, OSError) as error:
        raise StorageError(
            f"Cannot write the output: {str(error).splitlines()[0]}",
            hint="Free some space or choose another path; the file that was there is unchanged.",
            file=str(path),
        ) from error
    finally:
        scratch.unlink(missing_ok=True)
    return Written(str(path), int(row[0]) if row else 0)


def _rows(load: Load, path: Path, file_format: str) -> str:
    """The rows that the file shall hold."""
    new = f"SELECT {', '.join(map(ident, load.columns))} FROM {load.relation}"
    if load.mode == "replace" or not path.is_file():
        return new
    there = f"SELECT * FROM {_scan(path, file_format)}"
    if load.mode == "append":
        return f"({there}) UNION ALL BY NAME ({new})"
    same = " AND ".join(f"old.{ident(name)}::VARCHAR = new.{ident(name)}::VARCHAR" for name in load.key)
    return f"SELECT * FROM ({there}) old WHERE NOT EXISTS (FROM ({new}) new WHERE {same}) UNION ALL BY NAME ({new})"


def _scan(path: Path, file_format: str) -> str:
    """The file as a FROM-clause expression; text stays text where its format has no types."""
    if file_format == "parquet":
        return f"read_parquet({literal(path)})"
    return f"read_csv({literal(path)}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"')"


def _count(con: duckdb.DuckDBPyConnection, path: Path, file_format: str) -> int:
    """Rows of the file that is there."""
    row = con.execute(f"SELECT count(*) FROM {_scan(path, file_format)}").fetchone()
    return int(row[0]) if row else 0


def _loads(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """The loads that a Parquet file says it holds."""
    rows = con.execute(
        "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = ?", [str(path), LOADS]
    ).fetchall()
    return list(json.loads(rows[0][0])) if rows else []
