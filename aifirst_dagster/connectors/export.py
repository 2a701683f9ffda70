"""A table that was read, written to a file of another format: all of it or nothing."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.connectors.base import ReadTable
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError, StorageError

if TYPE_CHECKING:
    import duckdb

_SUFFIXES = {
    ".csv": "csv", ".tsv": "tsv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_OPTIONS = {
    "csv": "FORMAT csv, HEADER false",
    "tsv": "FORMAT csv, HEADER false, DELIMITER '\t'",
    "json": "FORMAT json, ARRAY true",
    "jsonl": "FORMAT json, ARRAY false",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
}


def format_of(path: Path) -> str:
    """The format that a file's suffix asks for.

    Raises:
        ConfigError: There is none for it.
    """
    if (form := _SUFFIXES.get(path.suffix.lower())) is None:
        raise ConfigError(
            f"The suffix {path.suffix!r} of {path.name} names no format that can be written.",
            hint=f"Use one of {', '.join(_SUFFIXES)}.",
        )
    return form


def export(con: duckdb.DuckDBPyConnection, table: ReadTable, path: Path, form: str, *, as_text: bool) -> int:
    """Write the rows of `table` to `path`; returns how many.

    Delimited text keeps each cell's text. Other formats get types, for columns of which every cell parses, unless
    `as_text`.

    Raises:
        StorageError: The disk refuses; a file that was there stays as it was.
    """
    if not table.columns:
        return _write_nothing(path, form)
    if form in ("csv", "tsv"):
        return _copy(con, _with_header(table, as_text), path, form) - 1
    return _copy(con, _as_text(table) if as_text else _typed(con, table), path, form)


def export_rejects(con: duckdb.DuckDBPyConnection, table: ReadTable, path: Path) -> str | None:
    """Write the lines that do not fit, if there are any; returns the path. An older file of the name goes away."""
    if not table.rejected:
        path.unlink(missing_ok=True)
        return None
    query = (
        f"SELECT * FROM (VALUES ('source', 'source_line', 'reason', 'text')) "
        f'UNION ALL SELECT {SOURCE}, {LINE}::VARCHAR, reason, "text" FROM {ident(table.rejects)}'
    )
    _copy(con, query, path, "csv")
    return str(path)


def _with_header(table: ReadTable, as_text: bool) -> str:
    """The names as a first row, then the cells' texts."""
    made_up = table.dialect is not None and table.dialect.header_rows == 0
    names = table.source_names if as_text and not made_up else table.columns
    head = ", ".join(f"{literal(name)}::VARCHAR" for name in names)
    rows = _as_text(table)
    if len(names) == 1:  # a lone empty cell would be a blank line, which readers skip
        rows = f"SELECT coalesce({ident(table.columns[0])}, '') FROM ({rows})"
    return f"SELECT {head} UNION ALL {rows}"


def _as_text(table: ReadTable) -> str:
    """Every cell's text."""
    cells = (f"{ident(name)}::VARCHAR AS {ident(name)}" for name in table.columns)
    return f"SELECT {', '.join(cells)} FROM {ident(table.relation)}"


def _typed(con: duckdb.DuckDBPyConnection, table: ReadTable) -> str:
    """Columns typed where every cell parses; the others as text, so that no cell is lost."""
    from aifirst_dagster.inference import casts, infer

    found = infer.propose(con, table.relation, table.columns, native=table.native)
    found = infer.verify(con, table.relation, found)
    cells = []
    for column in found:
        source = ident(column.source_name)
        cells.append(f"{source if column.evidence.failed else casts.typed(column, source)} AS {source}")
    return f"SELECT {', '.join(cells)} FROM {ident(table.relation)}"


def _copy(con: duckdb.DuckDBPyConnection, query: str, path: Path, form: str) -> int:
    """Write a query's result beside `path`, then put it in its place."""
    import duckdb

    scratch = path.with_name(f".{path.name}.{secrets.token_hex(3)}.tmp")
    try:
        row = con.execute(f"COPY ({query}) TO {literal(scratch)} ({_OPTIONS[form]})").fetchall()
        scratch.replace(path)
    except (duckdb.IOException, OSError) as error:
        raise _refused(path, error) from error
    finally:
        scratch.unlink(missing_ok=True)
    return int(row[0][0]) if row else 0


def _write_nothing(path: Path, form: str) -> int:
    """A file without columns and rows."""
    try:
        if form == "parquet":
            import pyarrow
            from pyarrow import parquet

            parquet.write_table(pyarrow.table({}), os.fspath(path))
        else:
            path.write_text("[]\n" if form == "json" else "", encoding="utf-8")
    except OSError as error:
        raise _refused(path, error) from error
    return 0


def _refused(path: Path, error: Exception) -> StorageError:
    return StorageError(
        f"Cannot write the output: {str(error).splitlines()[0]}",
        hint="Free some space, or choose a folder that exists and may be written to; what was there is unchanged.",
        file=str(path),
    )
