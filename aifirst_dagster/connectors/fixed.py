"""Text of fixed width: columns are told by the places that are blank in every line; DuckDB cuts the lines."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.connectors.text import Text, as_utf8
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import InputError
from aifirst_dagster.inference import fixed as places
from aifirst_dagster.inference.fixed import Fixed
from aifirst_dagster.inference.header import Layout, layout

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.inference.schema import Dialect

_SAMPLE, _SAMPLE_LINES = 1 << 19, 5_000
_BLOCK = 1 << 24
_RULER = r"[-=+_|*~ ]*(---|===|___|~~~|\*\*\*)[-=+_|*~ ]*"
_numbers = itertools.count(1)


def looks_fixed(head: bytes) -> bool:
    """Whether the first bytes of a text look like a table of fixed width."""
    if b"  " not in head:
        return False
    text = head.decode("utf-8", "replace")
    lines = text.splitlines()[:400]
    lines = lines[:-1] if len(head) == len(text.encode("utf-8", "replace")) >= 65_536 else lines
    return places.maybe(lines) and places.find(lines) is not None


def read_fixed(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read one file of fixed width.

    Raises:
        InputError: No columns are to be seen.
    """
    text = as_utf8(source, options.encoding, scratch)
    head = text.head(_SAMPLE).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    lines = re.split(r"\r\n|\n|\r", head)[:_SAMPLE_LINES]
    found = places.find(lines)
    if found is None:
        raise InputError(
            "No columns of fixed width are to be seen: no places are blank in every line.",
            hint="Read it as delimited text (format csv).",
            file=source.given,
        )
    rows = places.records(lines, found)
    arranged = layout(rows, options.header)
    start = arranged.first + arranged.header_rows
    first_line = rows[start].line if start < len(rows) else len(lines) + 1
    above = sum(bool(line.strip()) for line in lines[: rows[arranged.first].line - 1]) if rows else 0
    width = len(found.cuts) + 1
    names = (arranged.names + [""] * width)[:width]
    table = f"aifirst_fixed_{next(_numbers)}"
    damaged = _load(con, table, text, found)
    _judge(con, table, found, first_line, [lines[row.line - 1] for row in rows[arranged.first : start]])
    part = Part("", unique_names(names), names, 0, named=arranged.header_rows > 0)
    part.dialect = _dialect(text, found, arranged, rows[arranged.first].line - 1 if rows else 0)
    part.notices = [f"The file is read as text of fixed width: {width} columns."]
    if above:
        part.notices.append(f"{above} lines above the table are titles or notes, and no part of it.")
    if damaged:
        part.notices.append(f"{damaged} lines hold bytes that are not UTF-8; they are shown as escapes.")
    _finish(con, table, found, part, source)
    return part


def _dialect(text: Text, found: Fixed, arranged: Layout, above: int) -> Dialect:
    from aifirst_dagster.inference.schema import Dialect

    return Dialect(
        encoding=text.encoding,
        delimiter="",
        quotechar=None,
        line_terminator=text.line_terminator,
        header_rows=arranged.header_rows,
        skip_rows=above,
        confidence=round(max(0.0, 1 - 2 * found.strays), 3),
        starts=[0, *found.cuts],
    )


def _load(con: duckdb.DuckDBPyConnection, table: str, text: Text, found: Fixed) -> int:
    """The file's lines, numbered, in a table; returns how many hold bytes that are no text."""
    con.execute(f"CREATE TEMP TABLE {table} (line BIGINT, text VARCHAR)")
    number, damaged = 1, 0
    for block, bad in _blocks(text):
        damaged += bad
        shown = block.expandtabs(8)
        if found.measure != "characters" and not shown.isascii():
            shown = re.sub(r"[^\x00-\x7f]+", lambda match: places.padded(match.group(), found.measure), shown)
        count = shown.count("\n") + 1
        con.execute(
            f"INSERT INTO {table} SELECT unnest(range(?, ?)), unnest(string_split(?, chr(10)))",
            [number, number + count, shown],
        )
        number += count
    return damaged


def _blocks(text: Text) -> Iterator[tuple[str, int]]:
    """Blocks of whole lines with plain line ends, and how many lines of each hold bytes that are no text."""
    old = text.line_terminator == "\r" or text.mixed
    with text.path.open("rb") as file:
        first = True
        while block := file.read(_BLOCK):
            block += file.readline()
            bad = 0
            try:
                shown = block.decode("utf-8")
            except UnicodeDecodeError:
                bad = sum(not _is_text(line) for line in block.split(b"\n"))
                shown = block.decode("utf-8", "backslashreplace")
            shown = shown.removeprefix("\ufeff") if first else shown
            first = False
            shown = shown.replace("\r\n", "\n")
            yield (shown.replace("\r", "\n") if old else shown).removesuffix("\n"), bad


def _is_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _judge(con: duckdb.DuckDBPyConnection, table: str, found: Fixed, first_line: int, names: Sequence[str]) -> None:
    """Keep the table's lines, each with the reason why it is no row, or NULL."""
    across = " OR ".join(
        f"(substr(text, {cut}, 1) NOT IN ('', ' ') AND substr(text, {cut + 1}, 1) NOT IN ('', ' '))"
        for cut in found.cuts
    )
    again = ", ".join(literal(places.padded(name.expandtabs(8), found.measure).rstrip()) for name in names) or "NULL"
    filled = " + ".join(f"({cell} IS NOT NULL)::INT" for cell in _cells(found))
    width = len(found.cuts) + 1
    con.execute(f"CREATE TEMP TABLE {table}_judged AS SELECT *, {filled} AS filled, CASE "
                f"WHEN regexp_full_match(text, {literal(_RULER)}) THEN 'a drawn line' "
                f"WHEN rtrim(text) IN ({again}) THEN 'repeated header' "
                f"WHEN {across} THEN 'a word stands across the edge of two columns' END AS reason "
                f"FROM {table} WHERE line >= {first_line} AND trim(text, ' \t\r') <> ''")  # fmt: skip
    con.execute(f"DROP TABLE {table}")
    con.execute(f"ALTER TABLE {table}_judged RENAME TO {table}")
    if width >= 3:  # what fills less than two columns below the last row that fills more is a note or a total
        con.execute(
            f"UPDATE {table} SET reason = 'stands apart from the table' WHERE reason IS NULL AND filled < 2 AND line > "
            f"(SELECT coalesce(max(line), 0) FROM {table} WHERE reason IS NULL AND filled >= 2)"
        )


def _cells(found: Fixed) -> list[str]:
    """SQL of each column's text, without the blanks around it; NULL where there is none."""
    edges = [0, *found.cuts]
    ends = [*(f", {end - start}" for start, end in itertools.pairwise(edges)), ""]
    cut = (f"substr(text, {start + 1}{length})" for start, length in zip(edges, ends, strict=True))
    plain = cut if found.measure == "characters" else (f"replace({cell}, chr(0), '')" for cell in cut)
    return [f"nullif(trim({cell}, ' \t\r'), '')" for cell in plain]


def _finish(con: duckdb.DuckDBPyConnection, table: str, found: Fixed, part: Part, source: Source) -> None:
    """Fill in queries and counts."""
    counted = f"SELECT count(*), count(reason) FROM {table}"
    part.records, part.rejected = con.execute(counted).fetchall()[0]
    cells = [f"{cell} AS {ident(name)}" for cell, name in zip(_cells(found), part.columns, strict=True)]
    given = f"{literal(source.given)}::VARCHAR AS {SOURCE}"
    part.query = f"SELECT {', '.join([*cells, given, f'line AS {LINE}'])} FROM {table} WHERE reason IS NULL"
    if part.rejected:
        shown = "text" if found.measure == "characters" else "replace(text, chr(0), '')"
        part.rejects = (
            f'SELECT {given}, line AS {LINE}, reason, rtrim({shown}) AS "text" FROM {table} WHERE reason IS NOT NULL'
        )


CONNECTOR = Connector("fixed", read_fixed)
