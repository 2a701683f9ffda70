"""Physical lines to records under a dialect: where quoted cells hold line ends, several lines make one record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from aifirst_dagster.inference.tokenizer import Status, Tokenizer

#: At how many places the end of an open quoted cell is looked for, over how many lines; and after how many it is asked
#: whether these are records of their own, as those after a stray quote are.
ATTEMPTS, _LONGEST, _LOOK = 40, 1_000_000, 50


@dataclass(frozen=True)
class Record:
    """One record of a sample.

    Attributes:
        line: 1-based physical line of its start.
        cells: Its cells' texts.
        status: Whether its quotes are in order.
        lines: How many physical lines it takes.
    """

    line: int
    cells: list[str]
    status: Status
    lines: int = 1

    @cached_property
    def filled(self) -> int:
        """How many cells are not blank."""
        return len([cell for cell in self.cells if cell.strip()])


def records(lines: Sequence[str], tokenizer: Tokenizer, attempts: int = ATTEMPTS) -> list[Record]:
    """The records of `lines` (without line ends), blank lines left out; `attempts` as `joined_at` has it."""
    found: list[Record] = []
    index = 0
    while index < len(lines):
        record = record_at(lines, index, tokenizer, attempts)
        if record is not None:
            found.append(record)
        index += record.lines if record else 1
    return found


def record_at(lines: Sequence[str], index: int, tokenizer: Tokenizer, attempts: int = ATTEMPTS) -> Record | None:
    """The record that starts at `lines[index]`; None where the line is blank."""
    text = lines[index]
    if not text.strip() and not (tokenizer.delimiter and tokenizer.delimiter in text):
        return None
    cells, status = tokenizer.split(text)
    if status == "open":
        joined = joined_at(text, islice(lines, index + 1, None), index + 1, tokenizer, attempts)
        if joined is not None:
            return joined
    return Record(index + 1, cells, status)


def joined_at(
    first: str, following: Iterable[str], line: int, tokenizer: Tokenizer, attempts: int = ATTEMPTS
) -> Record | None:
    """The record of several lines that starts with `first`, whose last quoted cell is open, if there is one.

    Its end is looked for at `attempts` places where a quote may close a cell; then the opening quote is a stray one.

    Args:
        first: The text of the record's first line.
        following: The lines after it, as far as they are asked for.
        line: The number of the first line.
        tokenizer: The dialect.
        attempts: How often to try.
    """
    parts = [first]
    for text in islice(following, _LONGEST):
        parts.append(text)
        if len(parts) == _LOOK and _swallows(parts, tokenizer, 2):
            return None
        if not tokenizer.may_close(text.removesuffix("\r")):
            continue
        cells, status = tokenizer.split("\n".join(parts).removesuffix("\r"))
        attempts -= 1
        if status == "ok":
            return None if _swallows(parts, tokenizer, len(cells)) else Record(line, cells, status, len(parts))
        if status == "odd" or attempts == 0:
            return None
    return None


def _swallows(parts: Sequence[str], tokenizer: Tokenizer, width: int) -> bool:
    """Whether the lines between two quotes are records of their own: then the first quote is a stray one."""
    inner = parts[1:-1]
    if not tokenizer.delimiter or len(inner) < 2 or width < 2:
        return False
    alike = sum(
        line.count(tokenizer.delimiter) >= max(1, width - 2) and not _ends_a_cell(line, tokenizer) for line in inner
    )
    return alike > 0.8 * len(inner)


def _ends_a_cell(line: str, tokenizer: Tokenizer) -> bool:
    """Whether a line's first quote ends a cell: then it begins within one, and is no record of its own."""
    before, quote, after = line.partition(tokenizer.quotechar or "\0")
    return (
        bool(quote and before)
        and not before.endswith(tokenizer.delimiter)
        and after.lstrip(" ").startswith(tokenizer.delimiter)
    )
