"""Rows that were set aside: one shape everywhere, so that they can be listed, shown, retried and released."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets import parquet
from aifirst_dagster.datasets.session import HIDDEN, LINE, SOURCE, ident

if TYPE_CHECKING:
    import duckdb

#: `id` identifies the row by where it came from and what it says; `values` is the row as JSON text.
SHAPE = f'id VARCHAR, {SOURCE} VARCHAR, {LINE} BIGINT, "row" BIGINT, reason VARCHAR, "values" VARCHAR'


def select(relation: str, columns: list[str], reason: str) -> str:
    """SQL: the rows of `relation` in quarantine's shape.

    Args:
        relation: Rows to set aside, with `_source` and `_source_line`.
        columns: User columns to keep in `values`.
        reason: SQL expression for the reason (VARCHAR).
    """
    fields = ", ".join(f"{ident(name)} := {ident(name)}" for name in columns if name not in HIDDEN)
    values = f"to_json(struct_pack({fields}))::VARCHAR" if fields else "'{}'"
    return (
        f"SELECT {row_id(values)} AS id, {SOURCE}::VARCHAR AS {SOURCE}, {LINE}::BIGINT AS {LINE}, "
        f'NULL::BIGINT AS "row", {reason} AS reason, {values} AS "values" FROM {relation}'
    )


def row_id(values: str) -> str:
    """SQL: a short stable id of a row from its place and its JSON text."""
    return f"left(md5(concat_ws('|', {SOURCE}, {LINE}::VARCHAR, {values})), 12)"


def rejects(relation: str) -> str:
    """SQL: a reader's rejected lines (`_source, _source_line, reason, text`) in quarantine's shape."""
    values = "to_json(struct_pack(line := text))::VARCHAR"
    return (
        f'SELECT {row_id(values)} AS id, {SOURCE}, {LINE}::BIGINT AS {LINE}, NULL::BIGINT AS "row", reason, '
        f'{values} AS "values" FROM {relation}'
    )


def write(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Store rows in quarantine's shape, in the order of their source; no file where there are none."""
    written = parquet.write(con, f"SELECT * FROM ({query}) ORDER BY {SOURCE}, {LINE}, id", path)
    if not written:
        path.unlink()
    return written


def read(con: duckdb.DuckDBPyConnection, path: Path) -> list[dict[str, Any]]:
    """The entries of a quarantine file, `values` parsed."""
    import json

    cursor = con.execute("SELECT * FROM read_parquet(?)", [str(path)])
    names = [column[0] for column in cursor.description or []]
    entries = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for entry in entries:
        entry["values"] = json.loads(entry["values"])
    return entries
