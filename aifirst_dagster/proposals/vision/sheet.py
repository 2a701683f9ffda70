"""A file as a spreadsheet would show it: its first and last lines, cell by cell, with what identifies people masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.inference.schema import Column, Dialect
from aifirst_dagster.inference.tokenizer import Tokenizer
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.vision.glyphs import visible

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable

#: Rows from the top and from the end, columns, and signs of a cell that are shown.
HEAD, TAIL, COLUMNS, LENGTH = 26, 6, 60, 40
_HEAD_BYTES = 1 << 18


@dataclass(frozen=True)
class Row:
    """One row of the picture.

    Attributes:
        number: As drawn at its left; a physical line of the file where it is text.
        cells: As drawn.
        line: Its `_source_line`, where it is data; None: the reader does not count it as data.
        span: How many physical lines it takes.
    """

    number: int
    cells: tuple[str, ...]
    line: int | None
    span: int = 1


@dataclass(frozen=True)
class Sheet:
    """What is drawn, and what the reader made of it.

    Attributes:
        file: Whose rows these are, as `_source` names it.
        columns: What is known of the columns, in the order of the picture.
        header: Numbers of the rows that the reader took for the header.
        rows: From the top; a jump in `number` is drawn as a gap.
        total: Data rows of the file.
    """

    file: str
    columns: tuple[Column, ...]
    header: tuple[int, ...]
    rows: tuple[Row, ...]
    total: int
    native: frozenset[str] = field(default_factory=frozenset)

    def at(self, number: int) -> Row | None:
        """The row with this number, where it is shown."""
        return next((row for row in self.rows if row.number == number), None)


def sheet(con: duckdb.DuckDBPyConnection, table: ReadTable, columns: Sequence[Column]) -> Sheet:
    """The first file of `table` as a sheet.

    Args:
        con: The session that holds the table's relation.
        table: As a connector read it.
        columns: Verified, in the order of `table.columns`.
    """
    file = table.files[0]
    shown = tuple(columns[:COLUMNS])
    dialect = table.dialects.get(file)
    total = _one(con, f"SELECT count(*) FROM {table.relation} WHERE {SOURCE} = {literal(file)}")
    if dialect is None or file == "-":
        header, rows = _of_relation(con, table, file, shown)
    else:
        header, rows = _of_text(con, table, file, dialect, shown)
    return Sheet(file, shown, header, rows, total, frozenset(table.native))


def letter(place: int) -> str:
    """What a spreadsheet calls the column at a 0-based place: A, B, ..., Z, AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def place(letters: str) -> int:
    """The 0-based place of a column's letters; -1 where they are none."""
    number = 0
    for sign in letters.strip().upper():
        if not "A" <= sign <= "Z":
            return -1
        number = number * 26 + ord(sign) - 64
    return number - 1


def _of_relation(
    con: duckdb.DuckDBPyConnection, table: ReadTable, file: str, columns: Sequence[Column]
) -> tuple[tuple[int, ...], tuple[Row, ...]]:
    """Names in row 1, records from row 2: for formats that are no lines of cells."""
    names = tuple(_drawn(column.source_name, False) for column in columns)
    first = _records(con, table, file, columns, f"min({LINE}, {HEAD})")
    last = _records(con, table, file, columns, f"max({LINE}, {TAIL})", first[-1][0] if first else 0)
    rows = [Row(line + 1, cells, line) for line, cells in [*first, *last]]
    return (1,), (Row(1, names, None), *rows)


def _of_text(
    con: duckdb.DuckDBPyConnection, table: ReadTable, file: str, dialect: Dialect, columns: Sequence[Column]
) -> tuple[tuple[int, ...], tuple[Row, ...]]:
    """Physical lines, those included that the reader skips or rejects."""
    from aifirst_dagster.connectors.source import Scratch, open_source
    from aifirst_dagster.connectors.text import as_utf8
    from aifirst_dagster.inference.records import records

    scratch = Scratch()
    text = as_utf8(open_source(file, scratch), dialect.encoding, scratch).head(_HEAD_BYTES)
    tokenizer = Tokenizer(dialect.delimiter, dialect.quotechar, dialect.escapechar)
    # One line more than is shown: a record that the cut left open is not the file's own.
    found = records(text.split("\n" if "\n" in text else "\r")[: HEAD * 4], tokenizer)[:HEAD]
    numbers = ", ".join(str(record.line) for record in found) or "0"
    lines = {
        row[0]
        for row in con.execute(
            f"SELECT {LINE} FROM {table.relation} WHERE {SOURCE} = {literal(file)} AND {LINE} IN ({numbers})"
        ).fetchall()
    }
    header = _header(dialect, [record.line for record in found])
    below, names = max(header, default=dialect.skip_rows), frozenset(column.source_name for column in columns)
    person = [names_people(column.source_name, column.semantic_type) for column in columns]
    # A stray line among the records has its cells where they do not belong: any of them may be a name.
    stray = [any(person)] * COLUMNS
    rows = []
    for record in found:
        line = record.line if record.line in lines else None
        masked = person if line is not None else stray if record.line > below else []
        cells = _cells([cell.rstrip("\r") for cell in record.cells], masked, names if line is None else frozenset())
        rows.append(Row(record.line, cells, line, record.lines))
    seen = rows[-1].number if rows else 0
    tail = [Row(line, cells, line) for line, cells in _records(con, table, file, columns, f"max({LINE}, {TAIL})", seen)]
    rejects = con.execute(
        f"SELECT {LINE}, text FROM {table.rejects} WHERE {SOURCE} = {literal(file)} AND {LINE} > {seen} "
        f"ORDER BY {LINE} DESC LIMIT {TAIL}"
    ).fetchall()
    tail += [Row(line, _cells(tokenizer.split(raw or "")[0], stray, names), None) for line, raw in rejects]
    return header, (*rows, *sorted(tail, key=lambda row: row.number)[-TAIL:])


def _header(dialect: Dialect, lines: Sequence[int]) -> tuple[int, ...]:
    """The numbers of the rows that hold names."""
    return tuple([line for line in lines if line > dialect.skip_rows][: dialect.header_rows])


def _records(
    con: duckdb.DuckDBPyConnection, table: ReadTable, file: str, columns: Sequence[Column], which: str, after: int = 0
) -> list[tuple[int, tuple[str, ...]]]:
    """The records whose lines the aggregate `which` picks, of those behind the line `after`."""
    own = f"{SOURCE} = {literal(file)} AND {LINE} > {after}"
    lines = con.execute(f"SELECT {which} FROM {table.relation} WHERE {own}").fetchall()[0][0]
    if not lines:
        return []
    wanted = ", ".join(f"left({ident(column.source_name)}::VARCHAR, 400)" for column in columns)
    found = con.execute(
        f"SELECT {LINE}, {wanted} FROM {table.relation} WHERE {own} AND {LINE} IN ({', '.join(map(str, lines))})"
    ).fetchall()
    person = [names_people(column.source_name, column.semantic_type) for column in columns]
    found.sort(key=lambda row: row[0])
    return [(row[0], _cells([cell or "" for cell in row[1:]], person)) for row in found]


def _cells(texts: Sequence[str], person: Sequence[bool], plain: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Cells as they are drawn; `person` says where names of people stand, `plain` which texts are none."""
    return tuple(
        _drawn(text, at < len(person) and person[at] and text not in plain) for at, text in enumerate(texts[:COLUMNS])
    )


def _drawn(text: str, person: bool) -> str:
    text = visible(mask(text[:400], person))
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 3]}..."


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0])
