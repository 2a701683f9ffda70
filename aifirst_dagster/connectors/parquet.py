"""Parquet: the columns' own types, the record's number as its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import InputError

if TYPE_CHECKING:
    import duckdb


def read_parquet(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read one Parquet file; nested columns become JSON text.

    Raises:
        InputError: The file is damaged or cut off.
    """
    import duckdb

    scan = f"read_parquet({literal(source.path)}, file_row_number = true)"
    try:
        described = con.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {scan}").fetchall()
        records = con.execute(
            "SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata(?)", [str(source.path)]
        ).fetchall()
    except duckdb.Error as error:
        first_line = str(error).splitlines()[0]
        raise InputError(
            f"The Parquet file cannot be read: {first_line}", hint="Fetch or copy it again.", file=source.given
        ) from error
    source_names = [row[0] for row in described]
    columns = unique_names(source_names)
    kinds = [_kind(row[1]) for row in described]
    cells = (
        f"{ident(old) if kind else f'CAST(to_json({ident(old)}) AS VARCHAR)'} AS {ident(new)}"
        for old, new, kind in zip(source_names, columns, kinds, strict=True)
    )
    hidden = f"{literal(source.given)}::VARCHAR AS {SOURCE}, file_row_number + 1 AS {LINE}"
    return Part(
        query=f"SELECT {', '.join([*cells, hidden])} FROM {scan}",
        columns=columns,
        source_names=source_names,
        records=(records[0][0] if records else 0) or 0,
        native={column: kind for column, kind in zip(columns, kinds, strict=True) if kind},
    )


def _kind(duckdb_type: str) -> str:
    """The type as it stands; "" where it is nested."""
    nested = duckdb_type.endswith("]") or duckdb_type.startswith(("STRUCT", "MAP", "UNION", "VARIANT"))
    return "" if nested else duckdb_type


CONNECTOR = Connector("parquet", read_parquet)
