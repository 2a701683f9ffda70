"""Which of several tables in one text is read: the one that is named, else the one that holds most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aifirst_dagster.connectors.base import ReadOptions
from aifirst_dagster.connectors.source import Source
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference import tables
from aifirst_dagster.inference.records import Record
from aifirst_dagster.inference.tables import Stretch, footer


@dataclass(frozen=True)
class Chosen:
    """The records of one table, and what becomes of the other tables' lines.

    Attributes:
        rows: Its records in the sample, titles above it included.
        start: Its first line, 1-based.
        until: The line after it; None where it goes to the file's end.
        others: Why lines of other tables are set aside; "" where they are left out, as the user named this table.
        before: Lines above it that belong to other tables, with their numbers, where they are set aside.
        notices: What the user should know.
    """

    rows: list[Record]
    start: int = 1
    until: int | None = None
    others: str = ""
    before: list[tuple[int, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def choose(
    rows: list[Record], lines: Sequence[str], source: Source, options: ReadOptions, whole: bool = False
) -> Chosen:
    """The table to read of a sample's `rows` and physical `lines`; `whole`: these are all the file's.

    Raises:
        ConfigError: There is no such table.
    """
    wanted = source.sheet or options.sheet
    found = tables.find(rows)
    if not found:
        at = footer(rows) if whole else None
        if wanted not in (None, "", "1"):
            raise ConfigError(f"There is no table {wanted!r}.", hint="The file holds one table.", file=source.given)
        return Chosen(rows) if at is None else Chosen(rows[:at], 1, rows[at].line, "stands apart from the table")
    stretch = _named(found, wanted, source) if wanted else max(found, key=lambda each: each.cells)
    start = 1 if stretch.first == 0 else rows[stretch.first].line
    until = None if stretch.last == len(rows) else rows[stretch.last].line
    mine = rows[stretch.first : stretch.last]
    if wanted:
        return Chosen(mine, start, until)
    before = [(at, line) for at, line in enumerate(lines[: start - 1], start=1) if line.strip()]
    listed = "; ".join(_shown(other) for other in found if other is not stretch)
    name = source.given.rpartition("#")[0] if source.sheet else source.given
    other = next(each for each in found if each is not stretch)
    notice = (
        f"The file holds {len(found)} tables; the largest is read: {_shown(stretch)}. Others: {listed}. Their lines "
        f"are set aside. Name one: {name}#{other.number}, or `sheet` in a pipeline."
    )
    return Chosen(mine, start, until, "belongs to another table of the file", before, [notice])


def _named(found: Sequence[Stretch], wanted: str, source: Source) -> Stretch:
    for stretch in found:
        if wanted == str(stretch.number) or (stretch.title and wanted.casefold() == stretch.title.casefold()):
            return stretch
    listed = ", ".join(stretch.label for stretch in found)
    raise ConfigError(f"There is no table {wanted!r}.", hint=f"Tables: {listed}.", file=source.given)


def _shown(stretch: Stretch) -> str:
    """A table in a few words."""
    names = ", ".join(stretch.names[:4]) + (", ..." if len(stretch.names) > 4 else "")
    return f"{stretch.label} (from line {stretch.line}: {names})"
