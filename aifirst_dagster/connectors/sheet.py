"""The table in a spreadsheet's cells: where it stands, its names, and columns in one type each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from statistics import median
from typing import Any

from aifirst_dagster.inference.header import layout
from aifirst_dagster.inference.records import Record

#: Rows that names and kinds are judged by.
_SAMPLE = 5_000
#: Rows after a blank one belong to the table where they are about as full as its own rows are.
_BELONGS = 0.8
#: How a line of sums begins.
_SUMS = ("total", "sum", "grand total", "subtotal", "gesamt", "summe", "somme", "totale", "suma", "totaal", "итого")


@dataclass(frozen=True)
class Row:
    """A row of a sheet; `line` is its 1-based number there. Blank cells are ""."""

    line: int
    cells: list[Any]

    @cached_property
    def filled(self) -> int:
        """Cells that hold something."""
        return len(self.cells) - self.cells.count("")


@dataclass
class Table:
    """What was found.

    Attributes:
        names: Names as they stand; "" for columns without.
        header_rows: Rows that hold them.
        rows: Data rows, cut to the table's columns.
        apart: Rows with content that stand apart from the table, below it.
        above: Rows with content above it: titles, notes.
    """

    names: list[str] = field(default_factory=list)
    header_rows: int = 0
    rows: list[Row] = field(default_factory=list)
    apart: list[Row] = field(default_factory=list)
    above: list[Row] = field(default_factory=list)


def find(rows: Iterable[Row], header: bool | None, merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> Table:
    """The largest block of cells and what continues it; names from its first rows.

    Args:
        rows: All rows of the sheet, in order.
        header: Whether there are names; None: found out.
        merged: Merged cells as ((first row, first column), (last row, last column)), 0-based.
    """
    blocks = _blocks(rows)
    if not blocks:
        return Table()
    main = max(range(len(blocks)), key=lambda at: sum(row.filled for row in blocks[at]))
    body = list(blocks[main])
    columns = [at for at in range(max(len(row.cells) for row in body)) if any(_cell(row, at) != "" for row in body)]
    table = Table(above=[row for block in blocks[:main] for row in block])
    usual = median(row.filled for row in body)
    for block in blocks[main + 1 :]:
        # A blank row may stand within a table; a total or a note below it is no row of it.
        inside = [sum(_cell(row, at) != "" for at in columns) for row in block]
        outside = any(row.filled > count for row, count in zip(block, inside, strict=True))
        full = median(inside) >= max(2, _BELONGS * usual)
        if full and not outside and not table.apart and not any(map(_sums, block)):
            body += block
        else:
            table.apart += block
    cut = [Row(row.line, [_cell(row, at) for at in columns]) for row in body]
    spread = _spread(cut[:20], columns, merged)
    head = [Record(row.line, [text(cell) for cell in row.cells], "ok") for row in (*spread, *cut[20:_SAMPLE])]
    found = layout(head, header)
    start = found.first + found.header_rows
    table.above += cut[: found.first]
    table.names = (found.names + [""] * len(columns))[: len(columns)]
    table.header_rows = found.header_rows
    table.rows = cut[start:]
    return table


def _blocks(rows: Iterable[Row]) -> list[list[Row]]:
    """Rows with content, parted by blank ones."""
    blocks: list[list[Row]] = [[]]
    for row in rows:
        if row.filled:
            blocks[-1].append(row)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _sums(row: Row) -> bool:
    """Whether a row begins as a line of sums does."""
    first = next((cell for cell in row.cells if cell != ""), "")
    return isinstance(first, str) and first.strip().lower().rstrip(":").startswith(_SUMS)


def _cell(row: Row, at: int) -> Any:
    return row.cells[at] if at < len(row.cells) else ""


def _spread(
    rows: list[Row], columns: list[int], merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> list[Row]:
    """The first rows with the text of a merged cell in each cell that it covers sideways: it names them all."""
    place = {row.line - 1: row for row in (Row(row.line, list(row.cells)) for row in rows)}
    for (top, left), (_, right) in merged:
        if top in place and left in columns and right > left:
            cells, start = place[top].cells, columns.index(left)
            if isinstance(cells[start], str):
                for column in range(left + 1, right + 1):
                    if column in columns and cells[columns.index(column)] == "":
                        cells[columns.index(column)] = cells[start]
    return list(place.values())


def text(value: Any) -> str:
    """A cell as a person would type it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def typed(cells: Sequence[Any]) -> tuple[str, list[Any]]:
    """(DuckDB type, values) of a column: the cells' own type where they share one, else text."""
    held = [cell for cell in cells if cell != ""]
    kinds = {type(cell) for cell in held}
    values: list[Any] = [None if cell == "" else cell for cell in cells]
    if kinds == {bool}:
        return "BOOLEAN", values
    if kinds and kinds <= {int, float}:
        if all(float(cell).is_integer() and abs(cell) < 2**53 for cell in held):
            return "BIGINT", [None if cell is None else int(cell) for cell in values]
        return "DOUBLE", [None if cell is None else float(cell) for cell in values]
    if kinds and kinds <= {date, datetime}:
        if all(not isinstance(cell, datetime) or cell.time() == time() for cell in held):
            return "DATE", [cell.date() if isinstance(cell, datetime) else cell for cell in values]
        return "TIMESTAMP", [_moment(cell) for cell in values]
    if kinds == {time}:
        return "TIME", values
    return "VARCHAR", [None if cell == "" else text(cell) for cell in cells]


def _moment(value: Any) -> Any:
    return datetime.combine(value, time()) if isinstance(value, date) and not isinstance(value, datetime) else value
