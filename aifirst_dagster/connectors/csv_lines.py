"""A table's lines, counted beside DuckDB's work on them, and no further than they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from aifirst_dagster.connectors.text import Text, valid

if TYPE_CHECKING:
    from aifirst_dagster.connectors.csv_exact import Table

_BLOCK = 1 << 17
#: Bytes from which on numpy is worth its import: it counts in a third of the time.
_MANY = 1 << 28


@dataclass
class Lines:
    """How many lines a table has, and how many of them end in a delimiter.

    Attributes:
        presumed: Whether the text is what it was presumed to be (`Text.presumed`), if it was.
    """

    all: int = 0
    open: int = 0
    presumed: bool = True


@contextmanager
def counted(text: Text, table: Table) -> Iterator[Future[Lines]]:
    """The lines of `table`, which end alike (`Text.uniform`); counting ends with the block."""
    delimiter = table.tokenizer.delimiter.encode()
    end = delimiter + (b"\r\n" if text.returns else b"\n")
    ends = _ends_by_numpy if text.size >= _MANY else _ends
    unwanted = Event()

    def count() -> Lines:
        found = Lines()
        with text.path.open("rb") as file:
            for _ in range(table.first_line - 1):
                file.readline()
            while not unwanted.is_set() and (block := file.read(_BLOCK)):
                block += file.readline()
                feeds, opened = ends(block, end)
                found.all += feeds + (not block.endswith(b"\n"))
                found.open += opened + block.endswith(delimiter)
                if text.presumed and not _as_presumed(block, text):
                    found.presumed = False
                    break
        return found

    with ThreadPoolExecutor(1) as beside:
        try:
            yield beside.submit(count)
        finally:
            unwanted.set()


def _ends(block: bytes, end: bytes) -> tuple[int, int]:
    """Line feeds, and those of them that `end` ends with."""
    return block.count(b"\n"), block.count(end)


def _ends_by_numpy(block: bytes, end: bytes) -> tuple[int, int]:
    """As `_ends`."""
    import numpy as np

    letters = np.frombuffer(block, np.uint8)
    feeds = letters == end[-1]
    ends = feeds[len(end) - 1 :]
    for at, byte in enumerate(end[:-1]):
        ends = ends & (letters[at : at + len(ends)] == byte)
    return int(np.count_nonzero(feeds)), int(np.count_nonzero(ends))


def _as_presumed(block: bytes, text: Text) -> bool:
    """Whether whole lines are valid text and end as they should; the last one may lack its end."""
    if text.returns:
        return block.count(b"\r") == block.count(b"\r\n") == block.count(b"\n") and valid(block)
    return b"\r" not in block and valid(block)
