"""Regular text, parsed by DuckDB: once, to where its cells are scanned cheaply from then on.

That a file is regular is proved, not assumed: a strict scan finds no fault, and as many rows as lines.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident, literal

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors.csv_exact import Table
    from aifirst_dagster.connectors.source import Scratch
    from aifirst_dagster.connectors.text import Text

#: Text up to this size (bytes) is held in memory, about three times as large there; larger text on disk, as Parquet.
IN_MEMORY = 1 << 29
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Regular:
    """A regular file's cells as text: `scan` goes into a FROM clause, `line` is SQL of a row's line, 1-based."""

    scan: str
    line: str
    rows: int


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

    lines = _lines(text, table)
    if not lines:
        return None
    try:
        hidden = any(column.lower() == "rowid" for column in columns)  # DuckDB's own, which the lines are told by
        if text.size <= in_memory and not hidden:
            return _in_memory(con, text, table, columns, lines)
        return _on_disk(con, text, table, columns, lines, scratch)
    except duckdb.Error:  # whatever it is, the exact way finds the line
        return None


def spec(columns: list[str], *before: str) -> str:
    """DuckDB's `columns` argument."""
    return "{" + ", ".join([*before, *(f"{literal(name)}: 'VARCHAR'" for name in columns)]) + "}"


def _in_memory(
    con: duckdb.DuckDBPyConnection, text: Text, table: Table, columns: list[str], lines: int
) -> Regular | None:
    name = f"aifirst_text_{next(_numbers)}"
    con.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {_scan(text, table, columns)}").fetchall()
    if _proved(con, name, text, table, columns, lines):
        return Regular(name, f"rowid + {table.first_line}", lines)
    con.execute(f"DROP TABLE {name}")
    return None


def _on_disk(
    con: duckdb.DuckDBPyConnection, text: Text, table: Table, columns: list[str], lines: int, scratch: Scratch
) -> Regular | None:
    import duckdb

    path = scratch.new(".parquet")
    scan, line = f"read_parquet({literal(path)}, file_row_number = true)", f"file_row_number + {table.first_line}"
    try:
        con.execute(f"COPY (SELECT * FROM {_scan(text, table, columns)}) TO {literal(path)} (FORMAT parquet)")
    except duckdb.IOException:  # the disk is full
        path.unlink(missing_ok=True)
        scan, line = _scan(text, table, columns), f"row_number() OVER () + {table.first_line - 1}"
    if _proved(con, scan, text, table, columns, lines):
        return Regular(scan, line, lines)
    path.unlink(missing_ok=True)
    return None


def _lines(text: Text, table: Table) -> int:
    """How many lines of data a file has that may be regular; 0 where it is plain that it is not."""
    tokenizer = table.tokenizer
    if table.until or table.before:
        return 0
    if not (text.intact and text.uniform) or table.comment or not 0 < len(tokenizer.delimiter.encode()) <= 4:
        return 0
    if tokenizer.escapechar and not tokenizer.quotechar:
        return 0
    lines = text.feeds + (not text.ended) - table.first_line + 1
    return max(0, lines)


def _proved(
    con: duckdb.DuckDBPyConnection, scan: str, text: Text, table: Table, columns: list[str], lines: int
) -> bool:
    """Whether there are as many rows as lines, none slipped sideways and none is the header again."""
    first, final = ident(columns[0]), ident(columns[-1])
    starts = ", ".join({literal(cells[0]) for cells in table.headers if cells and cells[0].strip()}) or "NULL"
    again = f"count(*) FILTER ({first} IN ({starts}))"
    rows, last, headers = con.execute(f"SELECT count(*), count({final}), {again} FROM {scan}").fetchall()[0]
    return rows == lines and not headers and _open_ends(text, table) <= rows - last


def _open_ends(text: Text, table: Table) -> int:
    """How many lines of the table end in a delimiter.

    DuckDB takes a row of one empty cell too many. Where that is not just a delimiter at the end, but a cell slipped in
    further left, more lines end so than rows have an empty last cell.
    """
    delimiter = table.tokenizer.delimiter.encode()
    end = delimiter + (b"\r\n" if text.returns else b"\n")
    with text.path.open("rb") as file:
        for _ in range(table.first_line - 1):
            file.readline()
        found = 0
        while block := file.read(1 << 20):
            block += file.readline()
            found += block.count(end) + (not text.ended and block.endswith(delimiter))
    return found


def _scan(text: Text, table: Table, columns: list[str]) -> str:
    """DuckDB's scan of a regular file."""
    tokenizer = table.tokenizer
    quote = tokenizer.quotechar or ""
    return (
        f"read_csv({literal(text.path)}, auto_detect = false, header = false, skip = {table.first_line - 1}, "
        f"delim = {literal(tokenizer.delimiter)}, quote = {literal(quote)}, "
        f"escape = {literal(tokenizer.escapechar or quote)}, columns = {spec(columns)}, strict_mode = true)"
    )
