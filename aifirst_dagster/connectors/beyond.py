"""Where a table ends beyond the sample that a reader looks at: other tables of the file, and notes at its end.

Only files with lines that are no rows are looked at (`csv_regular` reads the others): each blank line is a place where
something else may begin, and what follows is held beside the table's first rows.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aifirst_dagster.connectors.text import Text
from aifirst_dagster.inference import tables
from aifirst_dagster.inference.records import records
from aifirst_dagster.inference.tokenizer import Tokenizer

_BLANK = re.compile(rb"\n[ \t,;|]*\r?\n")
_CHUNK = 1 << 24


@dataclass(frozen=True)
class Reach:
    """How far is looked: bytes and lines after a blank line, lines of the table above, and blank lines in all."""

    window: int = 1 << 16
    lines: int = 64
    known: int = 40
    places: int = 200


@dataclass(frozen=True)
class Ending:
    """The table ends above `line` (1-based); `reason` for the lines from there on; `notice` for the user."""

    line: int
    reason: str
    notice: str


def ending(
    text: Text, first: Sequence[str], tokenizer: Tokenizer, after: int, reach: Reach | None = None
) -> Ending | None:
    """Where the table ends, if it does before the file.

    Args:
        text: The file.
        first: Lines of the table: its names and first rows.
        tokenizer: The dialect.
        after: Byte from which on to look.
        reach: How far.
    """
    if text.size <= after or text.feeds == 0:
        return None
    reach = reach or Reach()
    known = list(first[: reach.known])
    with text.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        counted, line = 0, 1
        for number, place in enumerate(_places(data, after)):
            if number == reach.places:
                return None
            line += _feeds(data, counted, place)
            counted = place
            window = data[place : place + reach.window]
            whole = place + len(window) >= len(data)
            below = [part.removesuffix("\r") for part in window.decode("utf-8", "replace").split("\n")]
            if not whole:
                below = below[:-1]
            whole = whole and len(below) <= reach.lines
            found = _other(known, below[: reach.lines], tokenizer, whole)
            if found is not None:
                at, reason = found
                return Ending(line + at, reason, _notice(line + at, reason))
    return None


def _places(data: mmap.mmap, after: int) -> Iterator[int]:
    """Bytes where a line begins below which there is a blank one, or which is blank itself."""
    for found in _BLANK.finditer(data, after):
        yield found.start() + 1


def _feeds(data: mmap.mmap, start: int, end: int) -> int:
    """Line feeds in a stretch of the file."""
    return sum(data[at : min(at + _CHUNK, end)].count(b"\n") for at in range(start, end, _CHUNK))


def _other(known: list[str], below: list[str], tokenizer: Tokenizer, whole: bool) -> tuple[int, str] | None:
    """How many lines below a place something else begins, and what that is."""
    rows = records([*known, *below], tokenizer)
    for stretch in tables.find(rows)[1:]:
        at = rows[stretch.first].line - 1 - len(known)
        if at >= 0:
            return at, "belongs to another table of the file"
    if whole and (noted := tables.footer(rows)) is not None and rows[noted].line > len(known):
        return rows[noted].line - 1 - len(known), "stands apart from the table"
    return None


def _notice(line: int, reason: str) -> str:
    if reason.startswith("belongs"):
        return f"Another table begins in line {line:,}; it and what follows are set aside. Split the file to read it."
    return f"The lines from {line:,} on stand apart from the table and are set aside."
