"""The exact way to read delimited text: each physical line is looked at, and ends up as a row or as a reject.

It is for files that DuckDB does not read strictly, or whose lines are not its rows: odd widths, quotes out of order,
blank lines, cells of several lines, bytes that are no text. The result is a copy with each row's line number in front,
which DuckDB scans like any file. Lines without quotes pass at about 5 million a second.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from aifirst_dagster.connectors.source import Scratch
from aifirst_dagster.connectors.text import Text
from aifirst_dagster.inference.header import fits
from aifirst_dagster.inference.records import joined_at
from aifirst_dagster.inference.tokenizer import Tokenizer

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Table:
    """What the sample told about the table.

    Attributes:
        tokenizer: The dialect.
        first_line: 1-based line of the first row.
        width: Cells of a row.
        least: Fewest cells of a row that is filled up.
        headers: The cells of each row of names.
        comment: What a line begins with that is a remark, or None.
        kinds: As `Layout` has them: a row of another width must look like this to be taken.
        until: The line at which other tables begin; None where there are none.
        others: What lines of other tables are set aside as; "" where the user named the table, and they are left out.
        before: The lines of other tables above this one, with their numbers, to be set aside.
    """

    tokenizer: Tokenizer
    first_line: int
    width: int
    least: int
    headers: list[list[str]]
    comment: str | None
    kinds: dict[int, str]
    until: int | None = None
    others: str = ""
    before: Sequence[tuple[int, str]] = ()


@dataclass
class Copy:
    """The rows, each behind its line number, and the rejects.

    Attributes:
        path: The rows. rejects: (line, reason, text), comma-separated.
        delimiter: Of `path`; quotes are `quotechar`, doubled within cells.
        rows: How many. rejected: how many. filled_up: rows that had too few cells.
        remarks: Lines left out as remarks.
        longest: Characters of the longest row or reject.
    """

    path: Path
    rejects: Path
    delimiter: str
    quotechar: str
    rows: int = 0
    rejected: int = 0
    filled_up: int = 0
    remarks: int = 0
    longest: int = 0


class _Lines:
    """The physical lines of a text from a given one on, read in blocks; lines already given are forgotten."""

    def __init__(self, file: IO[str], first_line: int) -> None:
        self._file = file
        self._buffer: list[str] = []
        for _ in range(first_line - 1):
            file.readline()

    def fill(self) -> bool:
        """Read one more block; False at the end."""
        text = self._file.read(_BLOCK)
        if not text:
            return False
        text += "" if text.endswith("\n") else self._file.readline()
        self._buffer += text.removesuffix("\n").split("\n")
        return True

    def take(self) -> list[str]:
        """All lines that are read and not given yet."""
        lines, self._buffer = self._buffer, []
        return lines

    def after(self, lines: list[str], index: int) -> Iterator[str]:
        """The lines after `lines[index]`, read on demand; what is read is appended to `lines`."""
        position = index + 1
        while True:
            while position < len(lines):
                yield lines[position]
                position += 1
            if not self.fill():
                return
            lines.extend(self.take())


def exact_copy(text: Text, table: Table, scratch: Scratch) -> Copy:
    """Copy the rows of `text` and set aside what does not fit; only blank lines and remarks are in neither."""
    tokenizer = table.tokenizer
    delimiter = tokenizer.delimiter if 0 < len(tokenizer.delimiter.encode()) <= 4 else ","
    copy = Copy(scratch.new(".csv"), scratch.new(".rejects.csv"), delimiter, tokenizer.quotechar or '"')
    ends = "" if text.line_terminator == "\r" or text.mixed else "\n"
    with (
        text.path.open(encoding="utf-8-sig", errors="surrogateescape", newline=None if ends == "" else "\n") as file,
        copy.path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out,
        copy.rejects.open("w", encoding="utf-8", newline="") as aside,
    ):
        _Reader(copy, table, text.intact, out, csv.writer(aside)).run(_Lines(file, table.first_line))
    return copy


def _regular_line(table: Table, copy: Copy) -> Callable[[str], Any]:
    """A test for lines that can be copied as they are: of the table's width, quotes in order, nothing escaped."""
    tokenizer, width = table.tokenizer, table.width
    delimiter, quote = tokenizer.delimiter, copy.quotechar
    if delimiter != copy.delimiter:
        return lambda line: False
    if tokenizer.quotechar is None or len(delimiter) > 1 or tokenizer.escapechar:
        special = (quote, "\r", tokenizer.escapechar or quote)
        return lambda line: line.count(delimiter) == width - 1 and not any(sign in line for sign in special)
    d, q = re.escape(delimiter), re.escape(quote)
    cell = f"(?:{q}[^{q}\r]*+(?:{q}{q}[^{q}\r]*+)*+{q}|[^{d}{q}\r]*+)"
    quoted = re.compile(f"{cell}(?:{d}{cell}){{{width - 1}}}").fullmatch
    last = width - 1
    return lambda line: quoted(line) if quote in line else line.count(delimiter) == last and "\r" not in line


class _Reader:
    """One pass over the lines of a text."""

    def __init__(self, copy: Copy, table: Table, intact: bool, out: IO[str], aside: Any) -> None:
        self.copy, self.table, self.intact, self.out, self.aside = copy, table, intact, out, aside
        self.split = table.tokenizer.split
        self.plainly = Tokenizer(table.tokenizer.delimiter, None).split
        self.regular = _regular_line(table, copy)
        self.headers = [[cell.strip() for cell in cells] for cells in table.headers]
        self.header_starts = tuple({cells[0].strip()[:20] for cells in self.headers if cells})

    def run(self, lines: _Lines) -> None:
        """Read all lines."""
        for number, line in self.table.before:
            self._set_aside(number, self.table.others, line)
        number = self.table.first_line
        while lines.fill():
            number = self._block(lines, number)

    def _block(self, source: _Lines, number: int) -> int:
        """Read the lines at hand; returns the number of the line after them."""
        lines = source.take()
        delimiter = self.copy.delimiter
        good: list[str] = []
        index = 0
        while index < len(lines):
            line = lines[index].removesuffix("\r")
            if self.table.until is not None and number + index >= self.table.until:
                if self.table.others and line.strip():
                    self._set_aside(number + index, self.table.others, line)
                index += 1
                continue
            if self.regular(line) and self.intact and not self._suspect(line):
                good.append(f"{number + index}{delimiter}{line}\n")
                index += 1
                continue
            index += self._odd(source, lines, index, number + index, good)
        self.out.writelines(good)
        self.copy.rows += len(good)
        self.copy.longest = max(self.copy.longest, max(map(len, good), default=0))
        return number + len(lines)

    def _suspect(self, line: str) -> bool:
        """Whether a line of the right width may be a repeated header, or is blank."""
        return not line or bool(self.header_starts and line.startswith(self.header_starts))

    def _odd(self, source: _Lines, lines: list[str], index: int, number: int, good: list[str]) -> int:
        """Judge one line that is not plain; returns how many lines it took."""
        line = lines[index].removesuffix("\r")
        delimiter = self.table.tokenizer.delimiter
        if not line.strip() and not (delimiter and delimiter in line):
            return 1
        cells, status = self.split(line)
        taken = 1
        if status == "open":
            record = joined_at(lines[index], source.after(lines, index), number, self.table.tokenizer)
            if record is not None:
                cells, status, taken = record.cells, record.status, record.lines
        if (
            status != "ok"
            and len(cells) != self.table.width
            and len(plain := self.plainly(line)[0]) == self.table.width
        ):
            cells = plain
        reason = self._fault(cells, status, lines[index : index + taken])
        if reason is None:
            good.append(self._row(number, cells))
            return taken
        if self.table.comment and line.lstrip().startswith(self.table.comment):
            self.copy.remarks += 1
            return 1
        if taken > 1 and reason.startswith("expected"):  # the quote that joined them may be the fault
            taken, reason = 1, "a quote is not closed"
        self._set_aside(number, reason, "\n".join(lines[index : index + taken]).removesuffix("\r"))
        return taken

    def _fault(self, cells: list[str], status: str, lines: list[str]) -> str | None:
        """Why cells are no row, or None."""
        width = self.table.width
        if not self.intact and any(
            "\udc80" <= sign <= "\udcff" for line in lines if not line.isascii() for sign in line
        ):
            return "bytes that are not UTF-8"
        if self.headers and [cell.strip() for cell in cells] in self.headers:
            return "repeated header"
        if len(cells) == width or (1 < len(cells) < width and not any(cell.strip() for cell in cells)):
            return None
        surplus = any(cell.strip() for cell in cells[width:])
        if not surplus and len(cells) >= self.table.least and fits(cells, self.table.kinds):
            return None
        return "a quote is not closed" if status == "open" else f"expected {width} cells, found {len(cells)}"

    def _row(self, number: int, cells: list[str]) -> str:
        """The copy's line for a row; missing cells are empty."""
        width, delimiter, quote = self.table.width, self.copy.delimiter, self.copy.quotechar
        if len(cells) < width:
            self.copy.filled_up += 1
            cells = cells + [""] * (width - len(cells))
        written = (
            f"{quote}{cell.replace(quote, quote * 2)}{quote}"
            if delimiter in cell or quote in cell or "\n" in cell or "\r" in cell or cell[:1] == " "
            else cell
            for cell in cells[:width]
        )
        return f"{number}{delimiter}{delimiter.join(written)}\n"

    def _set_aside(self, number: int, reason: str, text: str) -> None:
        """Write a reject; bytes that are no text are shown as escapes."""
        shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        self.aside.writerow((number, reason, shown))
        self.copy.rejected += 1
        self.copy.longest = max(self.copy.longest, len(shown))
