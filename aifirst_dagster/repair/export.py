"""Repaired rows and their lists as files, written so that a reader sees the old file or the new one, never a part."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.errors import StorageError

if TYPE_CHECKING:
    import duckdb

_COPY = {
    "csv": "FORMAT csv, HEADER true",
    "tsv": "FORMAT csv, HEADER true, DELIMITER '\t'",
    "json": "FORMAT json, ARRAY true",
    "jsonl": "FORMAT json, ARRAY false",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
}


def write_query(con: duckdb.DuckDBPyConnection, query: str, path: Path, form: str) -> int:
    """Write the result of `query` to `path`; returns the number of rows.

    Args:
        form: csv, tsv, json, jsonl or parquet.

    Raises:
        StorageError: The disk refuses; a file that was there stays as it was.
    """
    with _replacing(path) as scratch:
        rows = con.execute(f"COPY ({query}) TO {literal(scratch)} ({_COPY[form]})").fetchall()
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
    return int(rows[0][0])


def write_text(path: Path, text: str) -> None:
    """Replace `path` by a file that holds `text`; raises as `write_query`."""
    with _replacing(path) as scratch, scratch.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def neutral(con: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> str:
    """SQL: `columns` of `relation`, with an apostrophe before each text that a spreadsheet would run as a formula.

    Numbers (`-5`, `+49 170 123`) are left alone; so is every column that is not text.
    """
    kinds = dict(row[:2] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall())
    formula = literal(FORMULA)
    fields = [
        f"CASE WHEN regexp_matches({ident(name)}, {formula}) THEN '''' || {ident(name)} ELSE {ident(name)} END "
        f"AS {ident(name)}"
        if kinds[name] == "VARCHAR" else ident(name)
        for name in columns
    ]  # fmt: skip
    return f"SELECT {', '.join(fields)} FROM {relation}"


#: Text that a spreadsheet may run: a leading `=` or `@`, or a sign with more than a number after it.
FORMULA = r"^\s*(?:[=@][^\s]|[+-][^\d\s.,+-].*[\w(]|[+-]\s*\d[\d.,\s]*[^\d.,\s)/-])"


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when the block ends well."""
    import duckdb

    scratch = path.with_name(f".{path.name}.{secrets.token_hex(3)}.tmp")
    try:
        yield scratch
        scratch.replace(path)
    except (duckdb.IOException, OSError) as error:
        raise StorageError(
            f"Cannot write the file: {str(error).splitlines()[0]}",
            hint="Free some space, or choose a folder that exists and may be written to; what was there is unchanged.",
            file=str(path),
        ) from error
    finally:
        scratch.unlink(missing_ok=True)
