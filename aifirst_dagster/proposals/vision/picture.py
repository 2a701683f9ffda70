"""A sheet drawn as a spreadsheet shows it: letters above, numbers at the left, no larger than every model sees."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from aifirst_dagster.llm.parts import ImagePart
from aifirst_dagster.proposals.vision import glyphs
from aifirst_dagster.proposals.vision.pages import EDGE
from aifirst_dagster.proposals.vision.sheet import Row, Sheet, letter

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

#: Pictures that one sheet may become, side by side; rows that may be drawn for lines without cells.
MOST, GAPS = 3, 5
_HEIGHT, _PAD, _NARROW, _WIDE, _NUMBERS = 20, 5, 36, 230, 56
_INK, _GRID, _SHADE, _GREY = (20, 20, 20), (205, 205, 205), (240, 240, 240), (110, 110, 110)


def pictures(sheet: Sheet) -> list[ImagePart]:
    """The sheet as PNGs, columns continued from one to the next; `shown` says how many columns they hold."""
    return [_draw(sheet, first, last) for first, last in _banks(sheet)]


def shown(sheet: Sheet) -> int:
    """How many columns the pictures show."""
    return _banks(sheet)[-1][1]


def fits(cell: str) -> bool:
    """Whether the cell is shown whole."""
    return glyphs.width(cell) <= _WIDE - 2 * _PAD


def _banks(sheet: Sheet) -> list[tuple[int, int]]:
    """The columns of each picture, as (first, after the last)."""
    widths, total = _widths(sheet), max(1, _columns(sheet))
    banks, first, taken = [], 0, 0
    for at in range(total):
        if taken + widths[at] > EDGE - _NUMBERS and at > first:
            banks.append((first, at))
            first, taken = at, 0
        taken += widths[at]
    return [*banks, (first, total)][:MOST]


def _columns(sheet: Sheet) -> int:
    return max([len(sheet.columns), *(len(row.cells) for row in sheet.rows)])


def _widths(sheet: Sheet) -> list[int]:
    """Pixels of each column; a text alone in its row runs on over its empty neighbours, so it widens none."""
    widths = [_NARROW] * max(1, _columns(sheet))
    for row in sheet.rows:
        alone = sum(1 for cell in row.cells if cell) == 1 and len(widths) > 1
        for at, cell in enumerate(row.cells):
            if cell and not (alone and row.line is None):
                widths[at] = max(widths[at], min(_WIDE, round(glyphs.width(cell)) + 2 * _PAD))
    return widths


def _draw(sheet: Sheet, first: int, last: int) -> ImagePart:
    from PIL import Image, ImageDraw

    widths = _widths(sheet)[first:last]
    lines = _with_gaps(sheet.rows)
    size = (min(EDGE, _NUMBERS + sum(widths) + 1), (len(lines) + 1) * _HEIGHT + 1)
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, size[0], _HEIGHT), fill=_SHADE)
    pen.rectangle((0, 0, _NUMBERS, size[1]), fill=_SHADE)
    edges = [_NUMBERS + sum(widths[:at]) for at in range(len(widths) + 1)]
    for at in range(len(widths)):
        _write(pen, letter(first + at), edges[at], edges[at + 1], 0, "middle", _GREY)
    for nth, row in enumerate(lines):
        top = (nth + 1) * _HEIGHT
        _write(pen, "..." if row is None else str(row.number), 0, _NUMBERS, top, "right", _GREY)
        _lines(pen, edges, top, size[0])
        if row is not None:
            _row(pen, row, first, edges, top)
    held = io.BytesIO()
    image.save(held, "PNG", optimize=True)
    return ImagePart.of(held.getvalue(), "image/png", image.size)


def _with_gaps(rows: tuple[Row, ...]) -> list[Row | None]:
    """The rows, with None where lines are left out; blank lines of a file stand as rows without cells."""
    lines: list[Row | None] = []
    before, room = 0, GAPS
    for row in rows:
        missing = row.number - before - 1
        gap = [Row(before + 1 + nth, (), None) for nth in range(missing)] if missing <= 2 else [None]
        # Where there is no room for it the numbers alone show the gap.
        gap = gap[:room]
        room -= len(gap)
        lines += gap
        lines.append(row)
        before = row.number + row.span - 1
    return lines


def _row(pen: ImageDraw, row: Row, first: int, edges: list[int], top: int) -> None:
    cells = row.cells[first : first + len(edges) - 1]
    for at, cell in enumerate(cells):
        if not cell:
            continue
        end = at + 1
        if not _numeric(cell):
            while end < len(edges) - 1 and (end >= len(cells) or not cells[end]):
                end += 1
            if end > at + 1:
                # As a spreadsheet does it: a text covers the empty cells at its right.
                reach = min(edges[end], edges[at] + round(glyphs.width(cell)) + 2 * _PAD)
                pen.rectangle((edges[at] + 1, top + 1, max(reach, edges[at + 1]) - 1, top + _HEIGHT - 1), fill="white")
        _write(pen, cell, edges[at], edges[end], top, "right" if _numeric(cell) else "left", _INK)


def _lines(pen: ImageDraw, edges: list[int], top: int, right: int) -> None:
    for edge in edges:
        pen.line((edge, top, edge, top + _HEIGHT), fill=_GRID)
    pen.line((0, top + _HEIGHT, right, top + _HEIGHT), fill=_GRID)
    pen.line((0, top, right, top), fill=_GRID)


def _write(pen: ImageDraw, text: str, left: int, right: int, top: int, side: str, ink: tuple[int, int, int]) -> None:
    """One line of text within its cell, cut with dots where it is too long."""
    space = right - left - 2 * _PAD
    while text and glyphs.width(text) > space:
        text = text[:-4] + "..." if len(text) > 4 else ""
    taken = glyphs.width(text)
    start = {"left": left + _PAD, "right": right - _PAD - taken, "middle": (left + right - taken) / 2}[side]
    for part, font in glyphs.runs(text):
        pen.text((start, top + _HEIGHT - 6), part, fill=ink, font=font, anchor="ls")
        start += font.getlength(part)


def _numeric(text: str) -> bool:
    """Whether a spreadsheet would take the text for a number."""
    plain = text.strip().replace(",", "")
    try:
        float(plain)
    except ValueError:
        return False
    return plain[:1].isdigit() or plain[:1] in "+-."
