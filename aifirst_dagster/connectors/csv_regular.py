"""Regular text, parsed by DuckDB: once, to where its cells are scanned cheaply from then on.

That a file is regular is proved, not assumed: a strict scan finds no fault, and as many rows as lines.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.connectors.beginning import Beginning
from aifirst_dagster.connectors.csv_lines import Lines, counted
from aifirst_dagster.datasets.session import ident, literal

if TYPE_CHECKING:
    from concurrent.futures import Future

    import duckdb

    from aifirst_dagster.connectors.csv_exact import Table
    from aifirst_dagster.connectors.source import Scratch
    from aifirst_dagster.connectors.text import Text

#: Text up to this size (bytes) is held in memory, about three times as large there; larger text on disk, as Parquet.
IN_MEMORY = 1 << 29
#: Bytes that DuckDB reads at once. Its own 32 MB take half as long again: 1.3 s for 112 MB, and 9 s for 1 GB.
_BUFFER = 1 << 24
#: Bytes from which on a file's beginning is worth a look of its own, and how much is read for it at once.
_LARGE, _LOOK = 1 << 24, 1 << 22
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Regular:
    """A regular file's cells as text: `scan` goes into a FROM clause, `line` is SQL of a row's line, 1-based."""

    scan: str
    line: str
    rows: int


def beginning(con: duckdb.DuckDBPyConnection, text: Text, table: Table, columns: list[str]) -> Beginning | None:
    """The first rows of a large file that may be regular."""
    if text.size < _LARGE or not _may_be(text, table):
        return None
    return Beginning(con, _scan(text, table, columns, _LOOK), tuple(columns))


def regular(
    con: duckdb.DuckDBPyConnection,
    text: Text,
    table: Table,
    columns: list[str],
    scratch: Scratch,
    in_memory: int = IN_MEMORY,
) -> Regular | None:
    """The rows of a regular file; None where it is not regular, or where there is no telling.

    The text is scanned several times (inference, evidence, typing): a scan of the file itself would parse all columns
    for each look at one of them, and number its lines on one core. Where the disk has no room it must do.
    """
    import duckdb

    if not _may_be(text, table):
        return None
    hidden = any(column.lower() == "rowid" for column in columns)  # DuckDB's own, which the lines are told by
    with counted(text, table) as lines:
        try:
            if text.size <= in_memory and not hidden:
                return _in_memory(con, text, table, columns, lines)
            return _on_disk(con, text, table, columns, scratch, lines)
        except duckdb.Error:  # whatever it is, the exact way finds the line
            return None


def spec(columns: list[str], *before: str) -> str:
    """DuckDB's `columns` argument."""
    return "{" + ", ".join([*before, *(f"{literal(name)}: 'VARCHAR'" for name in columns)]) + "}"


def _in_memory(
    con: duckdb.DuckDBPyConnection,
    text: Text,
    table: Table,
    columns: list[str],
    lines: Future[Lines],
) -> Regular | None:
    name = f"aifirst_text_{next(_numbers)}"
    con.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {_scan(text, table, columns)}").fetchall()
    if rows := _proved(con, name, table, columns, lines):
        return Regular(name, f"rowid + {table.first_line}", rows)
    con.execute(f"DROP TABLE {name}")
    return None


def _on_disk(
    con: duckdb.DuckDBPyConnection,
    text: Text,
    table: Table,
    columns: list[str],
    scratch: Scratch,
    lines: Future[Lines],
) -> Regular | None:
    import duckdb

    path = scratch.new(".parquet")
    scan, line = f"read_parquet({literal(path)}, file_row_number = true)", f"file_row_number + {table.first_line}"
    try:
        con.execute(f"COPY (SELECT * FROM {_scan(text, table, columns)}) TO {literal(path)} (FORMAT parquet)")
    except duckdb.IOException:  # the disk is full
        path.unlink(missing_ok=True)
        scan, line = _scan(text, table, columns), f"row_number() OVER () + {table.first_line - 1}"
    if rows := _proved(con, scan, table, columns, lines):
        return Regular(scan, line, rows)
    path.unlink(missing_ok=True)
    return None


def _may_be(text: Text, table: Table) -> bool:
    """Whether a file may be regular; False where it is plain that it is not."""
    tokenizer = table.tokenizer
    if table.until or table.before or table.comment or not (text.intact and text.uniform):
        return False
    if tokenizer.escapechar and not tokenizer.quotechar:
        return False
    return 0 < len(tokenizer.delimiter.encode()) <= 4


def _proved(
    con: duckdb.DuckDBPyConnection, scan: str, table: Table, columns: list[str], lines: Future[Lines]
) -> int | None:
    """The number of rows, where there is one for each line, none slipped sideways and none is the header again.

    DuckDB takes a row of one empty cell too many. Where that is not just a delimiter at the end, but a cell slipped in
    further left, more lines end in a delimiter than rows have an empty last cell.
    """
    first, final = ident(columns[0]), ident(columns[-1])
    starts = ", ".join({literal(cells[0]) for cells in table.headers if cells and cells[0].strip()}) or "NULL"
    again = f"count(*) FILTER ({first} IN ({starts}))"
    rows, last, headers = con.execute(f"SELECT count(*), count({final}), {again} FROM {scan}").fetchall()[0]
    if not rows or headers:
        return None
    found = lines.result()
    return int(rows) if found.presumed and rows == found.all and found.open <= rows - last else None


def _scan(text: Text, table: Table, columns: list[str], buffer: int = _BUFFER) -> str:
    """DuckDB's scan of a regular file."""
    tokenizer = table.tokenizer
    quote = tokenizer.quotechar or ""
    return (
        f"read_csv({literal(text.path)}, auto_detect = false, header = false, skip = {table.first_line - 1}, "
        f"delim = {literal(tokenizer.delimiter)}, quote = {literal(quote)}, "
        f"escape = {literal(tokenizer.escapechar or quote)}, columns = {spec(columns)}, strict_mode = true, "
        f"buffer_size = {buffer})"
    )
