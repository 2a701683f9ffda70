"""Parquet: the columns' own types, records in records as columns, the record's number as its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.nested import leaves
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


def read_parquet(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read one Parquet file; lists and maps become JSON text.

    Raises:
        InputError: The file is damaged or cut off.
    """
    return part_of(con, source, source.path)


def part_of(con: duckdb.DuckDBPyConnection, source: Source, path: Path) -> Part:
    """The Parquet file at `path` as the rows of `source`; records in records become columns.

    Raises:
        InputError: The file is damaged or cut off.
    """
    import duckdb

    scan = f"read_parquet({literal(path)}, file_row_number = true)"
    try:
        found = leaves(con.sql(f"SELECT * EXCLUDE (file_row_number) FROM {scan}"))
        records = con.execute("SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata(?)", [str(path)]).fetchall()
    except duckdb.Error as error:
        first_line = str(error).splitlines()[0]
        raise InputError(
            f"The Parquet file cannot be read: {first_line}", hint="Fetch or copy it again.", file=source.given
        ) from error
    source_names = [leaf.name for leaf in found]
    columns = unique_names(source_names)
    cells = (f"{leaf.sql} AS {ident(column)}" for leaf, column in zip(found, columns, strict=True))
    hidden = f"{literal(source.given)}::VARCHAR AS {SOURCE}, file_row_number + 1 AS {LINE}"
    return Part(
        query=f"SELECT {', '.join([*cells, hidden])} FROM {scan}",
        columns=columns,
        source_names=source_names,
        records=(records[0][0] if records else 0) or 0,
        native={column: leaf.kind for column, leaf in zip(columns, found, strict=True) if leaf.kind},
    )


CONNECTOR = Connector("parquet", read_parquet)
