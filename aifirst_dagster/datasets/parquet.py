"""Writing query results to Parquet, counting what a file holds, and hashing content regardless of row order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import HIDDEN, ident, literal
from aifirst_dagster.errors import StorageError

if TYPE_CHECKING:
    import duckdb


def write(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write the result of `query` to a Parquet file; returns the number of rows written.

    Raises:
        StorageError: The disk is full or the folder is not writable; the partial file is removed.
    """
    import duckdb

    try:
        row = con.execute(f"COPY ({query}) TO {literal(path)} (FORMAT parquet, COMPRESSION snappy)").fetchone()
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        path.unlink(missing_ok=True)
        raise StorageError(
            f"Cannot write the dataset: {str(error).splitlines()[0]}",
            hint="Free some space or set AIFIRST_HOME to a larger disk, then run again; nothing was published.",
            file=str(path),
        ) from error
    return int(row[0]) if row else 0


def count(con: duckdb.DuckDBPyConnection, *paths: Path) -> int:
    """Rows that Parquet files hold, from their footers; a missing file holds none."""
    there = [path for path in paths if path.is_file()]
    if not there:
        return 0
    files = ", ".join(map(literal, there))
    row = con.execute(f"SELECT coalesce(sum(num_rows), 0) FROM parquet_file_metadata([{files}])").fetchone()
    return int(row[0]) if row else 0


def content_hash(con: duckdb.DuckDBPyConnection, relation: str) -> str:
    """A hash of the rows of `relation` without hidden columns: the same rows in any order hash the same."""
    described = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    names = [row[0] for row in described if row[0] not in HIDDEN]
    user = ", ".join(map(ident, names)) or "1"
    rows, total, mixed = con.execute(
        f"SELECT count(*), sum(h::HUGEINT)::VARCHAR, bit_xor(h) FROM (SELECT hash({user}) AS h FROM {relation})"
    ).fetchall()[0]
    import hashlib

    return hashlib.blake2b(f"{names}|{rows}|{total}|{mixed}".encode(), digest_size=12).hexdigest()
