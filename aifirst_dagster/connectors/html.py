"""HTML: the tables of a page, cells that span rows and columns spread out; the largest one unless another is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.sheet import Row, find
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.connectors.text import as_utf8
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

#: Bounds on what spans may make of a small page.
_SPAN, _CELLS = 1_000, 20_000_000
_SKIPPED = ("script", "style", "noscript", "template")


@dataclass(frozen=True)
class _Grid:
    """A table's cells.

    Attributes:
        number: 1-based place among the page's tables.
        label: Its id, caption or heading; "" without.
        rows: Cells as text; `line` is the row's 1-based number in the table.
        heads: How many first rows are headings by their marks.
        feet: Line numbers of rows in the table's foot.
    """

    number: int
    label: str
    rows: list[Row]
    heads: int
    feet: frozenset[int]

    @property
    def size(self) -> int:
        return sum(row.filled for row in self.rows)


def read_html(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read one table of a page: `page.html#2` is the second, `page.html#name` that of an id or caption.

    Raises:
        InputError: The page holds no table.
        ConfigError: There is no such table.
    """
    grids = _grids(source, options, scratch)
    grid, notices = _chosen(grids, source.sheet or options.sheet, source)
    body = [row for row in grid.rows if row.line not in grid.feet]
    names, named, rows, apart = _layout(grid, body, options.header)
    feet = [row for row in grid.rows if row.line in grid.feet and row.filled]
    columns = unique_names(names)
    if not columns:
        query = f"SELECT {literal(source.given)}::VARCHAR AS {SOURCE}, 0::BIGINT AS {LINE} WHERE false"
        return Part(query, [], [], 0, notices=[*notices, "The table holds no cells."])
    aside = [(row, "stands apart from the table") for row in apart] + [(row, "foot of the table") for row in feet]
    cells = [f"{ident(f'c{at}')} AS {ident(column)}" for at, column in enumerate(columns)]
    hidden = f"{literal(source.given)}::VARCHAR AS {SOURCE}, line AS {LINE}"
    data = _stored([[cell or None for cell in row.cells] for row in rows], rows, len(columns), scratch)
    words = _stored(
        [[reason, " | ".join(filter(None, row.cells))] for row, reason in aside], [r for r, _ in aside], 2, scratch
    )
    return Part(
        query=f"SELECT {', '.join(cells)}, {hidden} FROM read_parquet({literal(data)})",
        columns=columns,
        source_names=names,
        records=len(rows) + len(aside),
        named=named,
        rejects=f'SELECT {hidden}, c0 AS reason, c1 AS "text" FROM read_parquet({literal(words)})' if aside else None,
        rejected=len(aside),
        notices=notices,
    )


def _grids(source: Source, options: ReadOptions, scratch: Scratch) -> list[_Grid]:
    """The page's tables that hold cells."""
    from lxml import etree

    head = source.head(4096).lower()
    encoding = options.encoding
    path = source.path
    if encoding is None and b"charset" not in head:
        text = as_utf8(source, None, scratch)
        path, encoding = text.path, "utf-8"
    parser = etree.HTMLParser(no_network=True, remove_comments=True, recover=True, huge_tree=False, encoding=encoding)
    try:
        tree = etree.parse(path, parser)
    except (etree.XMLSyntaxError, LookupError, OSError) as error:
        raise InputError(f"The page cannot be read: {error}.", hint="Save it again.", file=source.given) from error
    found = []
    if tree.getroot() is not None:
        for number, table in enumerate(tree.iter("table"), start=1):
            rows, heads, feet = _rows(table, source)
            if any(row.filled for row in rows):
                found.append(_Grid(number, _label(table), rows, heads, feet))
    if not found:
        raise InputError("The page holds no table.", hint="Export the data as CSV.", file=source.given)
    return found


def _chosen(grids: list[_Grid], wanted: str | None, source: Source) -> tuple[_Grid, list[str]]:
    """The table to read, and what to say of the others."""
    if wanted is not None:
        for grid in grids:
            if wanted == str(grid.number) or wanted.casefold() == grid.label.casefold():
                return grid, []
        listed = ", ".join(_named(grid) for grid in grids[:8])
        raise ConfigError(f"There is no table {wanted!r}.", hint=f"Tables: {listed}.", file=source.given)
    largest = max(grids, key=lambda grid: grid.size)
    others = [grid for grid in grids if grid is not largest]
    if not others:
        return largest, []
    listed = ", ".join(_named(grid) for grid in others[:8])
    how = f"Name one: {source.given}#{others[0].number}."
    return largest, [f"The table {_named(largest)} is read; the page has others: {listed}. {how}"]


def _named(grid: _Grid) -> str:
    label = f" {grid.label[:40]!r}" if grid.label else ""
    return f"{grid.number}{label} ({len(grid.rows)} rows)"


def _layout(grid: _Grid, body: list[Row], header: bool | None) -> tuple[list[str], bool, list[Row], list[Row]]:
    """Names, whether the page gives them, data rows, and rows that stand apart."""
    width = max((len(row.cells) for row in grid.rows), default=0)
    if grid.heads and header is not False:
        heads, rows = body[: grid.heads], body[grid.heads :]
        names = []
        for at in range(width):
            parts = [row.cells[at] for row in heads if at < len(row.cells)]
            names.append(" ".join(dict.fromkeys(part for part in parts if part)))
        return names, True, [Row(row.line, _wide(row, width)) for row in rows if row.filled], []
    table = find(body, header, ())
    rows = [Row(row.line, [str(cell) for cell in row.cells]) for row in table.rows]
    return table.names, table.header_rows > 0, rows, [*table.above, *table.apart]


def _wide(row: Row, width: int) -> list[str]:
    return row.cells + [""] * (width - len(row.cells))


def _rows(table: Any, source: Source) -> tuple[list[Row], int, frozenset[int]]:
    """A table's cells on a grid, the number of heading rows, and the rows of its foot."""
    rows: list[Row] = []
    heads, feet, leading, cells = 0, set(), True, 0
    hanging: dict[int, tuple[int, str]] = {}  # column -> rows still to fill from above, and with what
    for number, (line, section) in enumerate(_lines(table), start=1):
        own = [cell for cell in line if cell.tag in ("td", "th")]
        filled: list[str] = []
        for cell in own:
            _hang(filled, hanging)
            text = _text(cell)
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            for _ in range(across):
                if down > 1:
                    hanging[len(filled)] = (down - 1, text)
                filled.append(text)
        _hang(filled, hanging)
        cells += len(filled)
        if cells > _CELLS:
            raise InputError("The table's cells span too much.", hint="Export the data as CSV.", file=source.given)
        rows.append(Row(number, filled))
        is_head = section == "thead" or (bool(own) and all(cell.tag == "th" for cell in own) and section != "tfoot")
        leading = leading and is_head
        heads += leading
        if section == "tfoot":
            feet.add(number)
    return rows, heads if heads < len(rows) or heads <= 1 else 1, frozenset(feet)


def _lines(table: Any) -> Iterator[tuple[Any, str]]:
    """The table's own rows, not those of tables in its cells; each with the section it is in. Feet come last."""
    last = []
    for child in table:
        if child.tag == "tr":
            yield child, ""
        elif child.tag in ("thead", "tbody", "tfoot"):
            for row in child:
                if row.tag == "tr":
                    if child.tag == "tfoot":
                        last.append((row, "tfoot"))
                    else:
                        yield row, child.tag
    yield from last


def _hang(filled: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    """Fill cells that reach down from rows above."""
    while (at := len(filled)) in hanging:
        left, text = hanging[at]
        filled.append(text)
        if left > 1:
            hanging[at] = (left - 1, text)
        else:
            del hanging[at]


def _span(cell: Any, name: str) -> int:
    """How many rows or columns a cell covers."""
    text = (cell.get(name) or "1").strip()
    return max(1, min(int(text), _SPAN)) if text.isascii() and text.isdigit() else 1


def _text(cell: Any) -> str:
    """A cell's text, white space as a browser shows it; tables in it and scripts left out."""
    parts: list[str] = []

    def walk(element: Any, depth: int) -> None:
        parts.append(element.text or "")
        for child in element:
            if isinstance(child.tag, str) and child.tag not in _SKIPPED and child.tag != "table" and depth < 200:
                if child.tag in ("br", "p", "div", "li"):
                    parts.append(" ")
                walk(child, depth + 1)
            parts.append(child.tail or "")

    walk(cell, 0)
    return " ".join("".join(parts).split())


def _label(table: Any) -> str:
    """A table's id, else its caption."""
    caption = table.find("caption")
    return (table.get("id") or "").strip() or (_text(caption) if caption is not None else "")


def _stored(cells: list[list[Any]], rows: list[Row], width: int, scratch: Scratch) -> Path:
    """Texts and their rows' numbers as Parquet."""
    import pyarrow
    from pyarrow import parquet

    path = scratch.new(".parquet")
    arrays = [pyarrow.array([row[at] for row in cells], pyarrow.string()) for at in range(width)]
    lines = pyarrow.array([row.line for row in rows], pyarrow.int64())
    parquet.write_table(pyarrow.table([*arrays, lines], [*(f"c{at}" for at in range(width)), "line"]), path)
    return path


CONNECTOR = Connector("html", read_html)
