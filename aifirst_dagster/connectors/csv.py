"""Delimited text: any delimiter, quoting and encoding; lines that do not fit are set aside, none is lost.

A regular file (each line one row of the same width, quotes in order) is DuckDB's to parse (`csv_regular`), its line
numbers are the row numbers; all others take the exact way (`csv_exact`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.beyond import ending
from aifirst_dagster.connectors.csv_exact import Copy, Table, exact_copy
from aifirst_dagster.connectors.csv_regular import beginning, regular, spec
from aifirst_dagster.connectors.doubt import settle
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.several import choose
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.connectors.text import Text, as_utf8, presumed
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import InputError
from aifirst_dagster.inference.dialect import Guess, guess
from aifirst_dagster.inference.header import Layout, layout
from aifirst_dagster.inference.records import Record, records
from aifirst_dagster.inference.tokenizer import Tokenizer

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.inference.schema import Dialect

_SAMPLE = 1 << 19
_SAMPLE_LINES = 5_000


def read_csv(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read one delimited text file.

    Raises:
        UnsureError: It reads as one column that may be several, or two delimiters do equally well.
        InputError: It begins with more blank lines than are looked at.
    """
    likely = presumed(source, options.encoding)
    if likely is not None and (part := _read(con, source, likely, options, scratch)):
        return part
    text = as_utf8(source, options.encoding, scratch)
    # Looked at whole, the same text is no more regular; a copy of it in UTF-8 may be.
    part = _read(con, source, text, options, scratch, irregular=likely is not None and text.path == likely.path)
    assert part is not None  # only of a text that was presumed there may be none
    return part


def _read(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    text: Text,
    options: ReadOptions,
    scratch: Scratch,
    irregular: bool = False,
) -> Part | None:
    """`text` as a part; None where it was presumed to be regular and is not."""
    lines = _lines(text)
    if not any(line.strip() for line in lines):
        if text.blank():
            return _nothing(source, text)
        raise InputError(
            f"The file begins with more than {_SAMPLE >> 10} KB of blank lines; what comes then was not looked at.",
            hint="Remove the blank lines, and read it again.",
            file=source.given,
        )
    found = guess(lines, source.suffix, options.delimiter)
    notices = settle(found, lines, source, options)
    tokenizer = found.best.tokenizer
    rows = records(lines, tokenizer)
    comment = _comment(rows)
    kept = _without_remarks(rows, comment)
    chosen = choose(kept, lines, source, options, whole=text.size < _SAMPLE and len(lines) < _SAMPLE_LINES)
    kept = chosen.rows
    notices += chosen.notices
    arranged = layout(kept, options.header)
    columns = unique_names(arranged.names)
    above = sum(bool(line.strip()) for line in lines[chosen.start - 1 : kept[arranged.first].line - 1])
    if above:
        notices.append(f"{above} lines above the table are titles or notes, and no part of it.")
    table = replace(
        _table(kept, arranged, tokenizer, comment), until=chosen.until, others=chosen.others, before=chosen.before
    )
    part = Part("", columns, list(arranged.names), 0, named=arranged.header_rows > 0, notices=notices)
    first = None if irregular or options.meanwhile is None else beginning(con, text, table, columns)
    if options.meanwhile is not None:
        options.meanwhile(first)
    if not irregular and (whole := regular(con, text, table, columns, scratch)):
        part.beginning = first
        part.query = _query(part, source, whole.scan, whole.line)
        part.records = whole.rows
    elif text.presumed:
        return None
    else:
        if table.until is None and not (source.sheet or options.sheet):
            sampled = len("\n".join(lines).encode("utf-8", "replace"))
            if found_end := ending(text, lines[kept[arranged.first].line - 1 :], tokenizer, sampled):
                table = replace(table, until=found_end.line, others=found_end.reason)
                part.notices.append(found_end.notice)
        _exact(text, table, part, source, scratch)
    part.dialect = _dialect(text, found, arranged, kept, comment)
    return part


def _lines(text: Text) -> list[str]:
    """The sample: the first lines, without their ends; bytes that are no text as escapes."""
    head = text.head(_SAMPLE)
    if not text.intact:
        head = head.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if text.line_terminator == "\r" or text.mixed:
        head = head.replace("\r\n", "\n").replace("\r", "\n")
    return [line.removesuffix("\r") for line in head.removesuffix("\n").split("\n")[:_SAMPLE_LINES]]


def _comment(rows: list[Record]) -> str | None:
    """ "#" where lines that begin with it are mostly of another width than the table, so that they are remarks."""
    marked = [row for row in rows if row.cells[0].lstrip().startswith("#")]
    widths = [len(row.cells) for row in rows if not row.cells[0].lstrip().startswith("#")]
    if not marked or not widths:
        return None
    usual = max(set(widths), key=widths.count)
    return "#" if usual > 1 and sum(len(row.cells) != usual for row in marked) > 0.5 * len(marked) else None


def _without_remarks(rows: list[Record], comment: str | None) -> list[Record]:
    """The rows, but for remarks that do not have the table's width: what has it is data, whatever it begins with."""
    if comment is None:
        return rows
    widths = [len(row.cells) for row in rows if not row.cells[0].lstrip().startswith(comment)]
    usual = max(set(widths), key=widths.count)
    return [row for row in rows if len(row.cells) == usual or not row.cells[0].lstrip().startswith(comment)]


def _dialect(text: Text, found: Guess, arranged: Layout, rows: list[Record], comment: str | None) -> Dialect:
    from aifirst_dagster.inference.schema import Dialect

    tokenizer = found.best.tokenizer
    return Dialect(
        encoding=text.encoding,
        delimiter=tokenizer.delimiter,
        quotechar=tokenizer.quotechar,
        escapechar=tokenizer.escapechar,
        line_terminator=text.line_terminator,
        header_rows=arranged.header_rows,
        skip_rows=rows[arranged.first].line - 1,
        comment=comment,
        confidence=found.confidence,
    )


def _table(rows: list[Record], arranged: Layout, tokenizer: Tokenizer, comment: str | None) -> Table:
    """Where the data rows are, and what they should be like."""
    named = rows[arranged.first : arranged.first + arranged.header_rows]
    start = arranged.first + arranged.header_rows
    first_line = rows[start].line if start < len(rows) else rows[-1].line + rows[-1].lines
    if named and comment:  # remarks below the names are counted, too
        first_line = named[-1].line + named[-1].lines
    headers = [row.cells for row in named] if arranged.width > 1 else []  # one text may well stand again
    return Table(tokenizer, first_line, arranged.width, arranged.least, headers, comment, arranged.kinds)


def _query(part: Part, source: Source, scan: str, line: str) -> str:
    cells = [*map(ident, part.columns), f"{literal(source.given)}::VARCHAR AS {SOURCE}", f"{line} AS {LINE}"]
    return f"SELECT {', '.join(cells)} FROM {scan}"


def _exact(text: Text, table: Table, part: Part, source: Source, scratch: Scratch) -> None:
    """Fill in `part` by the exact way."""
    copy = exact_copy(text, table, scratch)
    line = "aifirst line"
    scan = _copy_scan(
        copy, str(copy.path), copy.delimiter, copy.quotechar, spec(part.columns, f"{literal(line)}: 'BIGINT'")
    )
    part.query = _query(part, source, scan, ident(line))
    part.records, part.rejected = copy.rows + copy.rejected, copy.rejected
    if copy.rejected:
        shape = "{'line': 'BIGINT', 'reason': 'VARCHAR', 'text': 'VARCHAR'}"
        scan = _copy_scan(copy, str(copy.rejects), ",", '"', shape)
        part.rejects = (
            f'SELECT {literal(source.given)}::VARCHAR AS {SOURCE}, line AS {LINE}, reason, "text" FROM {scan}'
        )
    if copy.filled_up:
        part.notices.append(
            f"{copy.filled_up} rows had fewer cells than the table has columns; the missing ones are empty."
        )
    if copy.remarks:
        part.notices.append(f"{copy.remarks} lines that begin with {table.comment!r} were left out as remarks.")


def _copy_scan(copy: Copy, path: str, delimiter: str, quote: str, shape: str) -> str:
    longest = max(2_097_152, 4 * copy.longest + 1024)
    return (
        f"read_csv({literal(path)}, auto_detect = false, header = false, delim = {literal(delimiter)}, "
        f"quote = {literal(quote)}, escape = {literal(quote)}, columns = {shape}, maximum_line_size = {longest}, "
        f"strict_mode = false, new_line = '\\n')"
    )


def _nothing(source: Source, text: Text) -> Part:
    """A file without a row: no columns, no rows."""
    from aifirst_dagster.inference.schema import Dialect

    query = f"SELECT {literal(source.given)}::VARCHAR AS {SOURCE}, 0::BIGINT AS {LINE} WHERE false"
    dialect = Dialect(encoding=text.encoding, header_rows=0, line_terminator=text.line_terminator)
    return Part(query, [], [], 0, dialect=dialect)


CONNECTOR = Connector("csv", read_csv)
