"""Several tables in one text: where each begins and ends, told by blank lines, titles, other names and other widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aifirst_dagster.inference.records import Record
from aifirst_dagster.inference.shapes import DATE, EMPTY, LINK, NUMBER, TIME, TYPED, dominant, shape

#: Rows that kinds of columns are judged by, and rows above a table's names in which a title may stand.
_BODY, _TITLES = 60, 3
_VALUES = frozenset({NUMBER, DATE, TIME, LINK})


@dataclass(frozen=True)
class Stretch:
    """One table, with the titles above it.

    Attributes:
        number: 1-based, from the top.
        title: The text right above its names; "" where there is none.
        names: Its names.
        first: Index of its first record (a title counts), in the sample's records. last: index after its last one.
        line: 1-based line of its names. end: the line after its last one.
        cells: How many are not blank.
    """

    number: int
    title: str
    names: list[str]
    first: int
    last: int
    line: int
    end: int
    cells: int

    @property
    def label(self) -> str:
        """How it is named to people: `2 "Sales"`."""
        return f'{self.number} "{self.title}"' if self.title else str(self.number)


def find(rows: Sequence[Record]) -> list[Stretch]:
    """The tables of a sample's records; none where it is but one."""
    starts = [start for start in _candidates(rows) if _starts_table(rows, start)]
    kept: list[int] = []
    for start in starts:
        if not kept or _is_other(rows, kept[-1], start):
            kept.append(start)
    if kept and (before := _first_table(rows, kept[0])) is not None:
        kept = [before, *(start for start in kept if start > before and _is_other(rows, before, start))]
    if len(kept) < 2:
        return []
    tops = [_top(rows, start) for start in kept]
    tops[0] = 0
    ends = [*tops[1:], len(rows)]
    return [
        _stretch(rows, number, top, start, end)
        for number, (top, start, end) in enumerate(zip(tops, kept, ends, strict=True), start=1)
    ]


def footer(rows: Sequence[Record]) -> int | None:
    """Index of the first of the rows at the end that are as wide as the table, but blank, or a note below a blank one.

    A row of which only the first cell is filled is a note where a blank line parts it from rows that are fuller.
    """
    last = next((at for at in range(len(rows) - 1, -1, -1) if rows[at].filled > 1), None)
    if last is None or last + 1 >= len(rows) or len(rows[last].cells) < 3:
        return None
    if not any(row.filled > 1 for row in rows[max(0, last - 3) : last]):
        return None
    for at in range(last + 1, len(rows)):
        above = rows[at - 1]
        if rows[at].filled == 0 or above.line + above.lines < rows[at].line:
            return at
    return None


def _candidates(rows: Sequence[Record]) -> list[int]:
    """Rows that may hold names: they come after a blank line or a title, or are of another width than the row above."""
    found = []
    for at, row in enumerate(rows):
        if row.filled < 2:
            continue
        above = rows[at - 1] if at else None
        if (
            above is None
            or above.filled < 2
            or above.line + above.lines < row.line
            or (len(above.cells) != len(row.cells) and at + 2 < len(rows))
        ):
            found.append(at)
    return found


def _body(rows: Sequence[Record], start: int) -> list[Record]:
    """The rows below a row of names, up to a blank line."""
    body: list[Record] = []
    last = rows[start]
    for row in rows[start + 1 : start + 1 + _BODY]:
        if row.line > last.line + last.lines or row.filled < 1:
            break
        body.append(row)
        last = row
    return body


def _extent(row: Record) -> int:
    """Cells of a row, up to the last that is not blank."""
    return max((at for at, cell in enumerate(row.cells, start=1) if cell.strip()), default=0)


def _starts_table(rows: Sequence[Record], start: int) -> bool:
    """Whether a row holds names: no values, each above a cell, and texts above columns of values."""
    head, body = rows[start], _body(rows, start)
    extent = _extent(head)
    shapes = [shape(cell.strip("'\"` ")) for cell in head.cells]
    if not body or any(kind in _VALUES for kind in shapes) or max(len(cell) for cell in head.cells) > 200:
        return False
    alike = sum(_extent(row) <= extent and len(row.cells) <= len(head.cells) for row in body)
    if alike < 0.8 * len(body) or head.filled < 0.6 * extent:
        return False
    typed = []
    for at in range(extent):
        kind, share = dominant(row.cells[at] for row in body if at < len(row.cells))
        if kind in TYPED and share > 0.8:
            typed.append(at)
    return bool(typed) and all(shapes[at] not in TYPED | {EMPTY} for at in typed)


def _is_other(rows: Sequence[Record], before: int, start: int) -> bool:
    """Whether the table at `start` is another than the one at `before`: its names are others."""
    names = [[cell.strip() for cell in rows[at].cells if cell.strip()] for at in (before, start)]
    return names[0] != names[1] and start - before >= 2


def _first_table(rows: Sequence[Record], start: int) -> int | None:
    """A table without plain names above the first one that has them; its first row, or None."""
    for at in _candidates(rows):
        if at >= start:
            return None
        width = len(rows[at].cells)
        alike = [row for row in rows[at:start] if len(row.cells) == width and row.filled >= max(2, 0.5 * width)]
        if width > 2 and len(alike) >= 5 and len(alike) >= 0.6 * (start - at):
            return at
    return None


def _top(rows: Sequence[Record], start: int) -> int:
    """Index of the first title above a row of names."""
    top = start
    while start - top < _TITLES and top > 0 and rows[top - 1].filled < 2:
        top -= 1
    # A note right below the table before, with a blank line after it, is that table's.
    while top < start:
        above, here = rows[top - 1] if top else None, rows[top]
        if above is None or above.filled < 2 or above.line + above.lines < here.line:
            break
        if rows[top + 1].line > here.line + here.lines:
            top += 1
        else:
            break
    return top


def _stretch(rows: Sequence[Record], number: int, top: int, start: int, end: int) -> Stretch:
    texts = [cell.strip() for row in rows[top:start] for cell in row.cells if cell.strip()]
    last = rows[end - 1]
    return Stretch(
        number=number,
        title=texts[-1][:80] if (texts and number > 1) or len(texts) == 1 else "",
        names=[cell.strip() for cell in rows[start].cells[: _extent(rows[start])]],
        first=top,
        last=end,
        line=rows[start].line,
        end=last.line + last.lines,
        cells=sum(row.filled for row in rows[start:end]),
    )
