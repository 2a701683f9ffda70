"""Where a table begins, which rows hold its names, how wide it is, and which short rows may be filled up.

Real exports have titles and notes above the table, names over several rows, or none. A name is told from data by its
column: text above numbers is a name, a number above numbers is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from aifirst_dagster.inference.records import Record
from aifirst_dagster.inference.shapes import DATE, EMPTY, LINK, NUMBER, TIME, TYPED, dominant, family, shape

_BODY = 400
_MOST_NAME_ROWS = 4
#: Shapes that names do not have; "n" and "y" may be names, though they may be flags.
_VALUES = frozenset({NUMBER, DATE, TIME, LINK})
_LONGEST_NAME = 500
#: Rows of another width than most that are this common belong to the table.
_COMMON = 0.05


@dataclass(frozen=True)
class Layout:
    """Where things stand in the sample.

    Attributes:
        first: Index, in the sample's records, of the first row of names, or of data where there are no names.
        header_rows: Rows that hold names.
        names: Names as they stand; "" for columns without; several rows are joined by a blank.
        width: Columns of the table.
        least: A row of fewer cells than `width`, but at least so many, is filled up; a shorter one does not fit.
        kinds: Column's index -> the shape that its cells have, for columns of numbers, dates and links.
    """

    first: int
    header_rows: int
    names: list[str]
    width: int
    least: int
    kinds: dict[int, str] = field(default_factory=dict)


def layout(rows: Sequence[Record], header: bool | None = None) -> Layout:
    """The layout of a sample's records; `header`: whether there are names, where that is known."""
    if not rows:
        return Layout(0, 0, [], 0, 0)
    usual = _usual_width(rows)
    first = _below_pairs(rows, _first_row(rows, usual), usual)
    count = int(header or 0)
    for start in range(first, min(first + _MOST_NAME_ROWS, len(rows))) if header is None else ():
        count = _name_rows(rows, start, usual, surely=start > first)
        if count:
            above = _names_above(rows, start, usual)
            first, count = start - above, count + above
            break
    named = rows[first : first + count]
    data = rows[first + count : first + count + 5 * _BODY]
    width = _width(named, data, usual)
    return Layout(first, count, _joined(named, width), width, _least(data, width), _kinds(data, width))


def _usual_width(rows: Sequence[Record]) -> int:
    """The width of most rows; wider ones count for more, so that notes do not win over a short table."""
    widths = Counter(len(row.cells) for row in rows)
    return max(widths, key=lambda width: (widths[width] * (1 - 0.9 / width), width))


def _first_row(rows: Sequence[Record], usual: int) -> int:
    """The first row that is about as wide and as filled as the table's rows are; titles and notes are not."""
    if usual == 1:
        return 0
    filled = median(row.filled for row in rows if len(row.cells) == usual)
    least = min(usual, max(2, 0.5 * filled))
    for index, row in enumerate(rows):
        if len(row.cells) >= max(2, 0.7 * usual) and row.filled >= least:
            above = rows[index - 1] if index else None
            return index - 1 if above is not None and _is_sparse_names(above, usual) else index
    return next((index for index, row in enumerate(rows) if len(row.cells) == usual), 0)


def _below_pairs(rows: Sequence[Record], first: int, usual: int) -> int:
    """Past lines that say one thing each (`Title,Report,,`) above a table whose rows are fuller."""
    full = [row.filled for row in rows if len(row.cells) == usual]
    while usual > 2 and first + 1 < len(rows) and median(full) > 2:
        row, following = rows[first], rows[first + 1]
        names_next = following.filled >= 2 and not any(shape(cell) in _VALUES for cell in following.cells)
        if not _is_pair(row) or len(following.cells) != usual or not (names_next or _is_pair(following)):
            break
        first += 1
    return first


def _is_pair(row: Record) -> bool:
    return row.filled == 2 and bool(row.cells[0].strip()) and bool(row.cells[1].strip())


def _is_sparse_names(row: Record, usual: int) -> bool:
    """Whether a row with few texts holds names all the same: as wide as the table, and no title, which stands first."""
    texts = [cell for cell in row.cells if cell.strip()]
    return (
        len(row.cells) == usual
        and bool(texts)
        and not row.cells[0].strip()
        and not any(shape(t) in TYPED for t in texts)
    )


def _name_rows(rows: Sequence[Record], first: int, usual: int, surely: bool) -> int:
    """How many rows from `first` on hold names; `surely`: only where most columns below say so."""
    head = rows[first].cells
    body = [row for row in rows[first + 1 : first + 1 + _BODY] if len(row.cells) == usual and row.cells != head]
    columns = [dominant(row.cells[index] for row in body) for index in range(usual)]
    again = sum(row.cells == head for row in rows[first + 1 : first + 1 + _BODY])
    if again > _COMMON * (len(body) + again) and not any(kind in TYPED for kind, _ in columns):
        return 0  # texts that come back so often are values
    if any(len(cell) > _LONGEST_NAME for cell in head):
        return 0
    if not _holds_names(rows[first], body, columns, surely):
        return 0
    typed = [index for index, (kind, share) in enumerate(columns) if kind in TYPED and share > 0.8]
    count = 1
    if first + 2 < len(rows) and (_completes(rows[first], rows[first + 1]) or _are_units(rows[first + 1])):
        count = 2
    while count < _MOST_NAME_ROWS and first + count < len(rows) - 1 and len(typed) >= max(2, 0.3 * usual):
        cells = rows[first + count].cells
        if rows[first + count].filled < min(2, usual):
            break  # a caption of the rows below it
        texts = [index for index in typed if index < len(cells) and shape(cells[index]) not in TYPED | {EMPTY}]
        values = [index for index in typed if index < len(cells) and shape(cells[index]) in TYPED]
        if not _groups_years(rows[first + count], body) and (values or len(texts) < 0.5 * len(typed)):
            break
        if cells == head:
            break
        count += 1
    return count


def _completes(above: Record, row: Record) -> bool:
    """Whether a row names every column, below one that only groups some of them, the first not among these."""
    shapes = {shape(cell) for cell in row.cells}
    return (
        len(row.cells) == len(above.cells) == row.filled
        and not above.cells[0].strip()
        and above.filled <= 0.6 * len(row.cells)
        and not shapes & (TYPED | {EMPTY})
        and all(len(cell) <= 80 for cell in row.cells)
    )


def _are_units(row: Record) -> bool:
    """Whether each text of a row stands in brackets: units, or remarks on names."""
    texts = [cell.strip() for cell in row.cells if cell.strip()]
    return len(texts) > 1 and all(text[0] + text[-1] in ("()", "[]", "<>") and len(text) <= 40 for text in texts)


def _groups_years(row: Record, body: Sequence[Record]) -> bool:
    """Whether a row below one of names holds a text and then years, above columns that hold none."""
    numbers = [index for index, cell in enumerate(row.cells) if shape(cell) == NUMBER]
    if len(numbers) < 2 or not all(_is_year(row.cells[index].strip()) for index in numbers):
        return False
    below = [other.cells[index].strip() for other in body if other.cells != row.cells for index in numbers]
    return sum(_is_year(cell) for cell in below) < 0.5 * len(below)


def _holds_names(
    row: Record, body: Sequence[Record], columns: Sequence[tuple[str, float]], surely: bool = False
) -> bool:
    """Whether a row holds the names of the columns below it."""
    shapes = [shape(cell) for cell in row.cells]
    if surely:
        typed = [index for index, (kind, share) in enumerate(columns[: len(shapes)]) if kind in TYPED and share > 0.9]
        texts = sum(shapes[index] not in TYPED | {EMPTY} for index in typed)
        return len(body) > 2 and texts >= max(2, 0.6 * len(typed)) and not any(kind in _VALUES for kind in shapes)
    if not body:
        return not any(kind in _VALUES for kind in shapes)
    for_names = against = 0.0
    for index, ((kind, share), cell_shape) in enumerate(zip(columns, shapes, strict=False)):
        if cell_shape == EMPTY or share < 0.7:
            continue
        if kind in TYPED:
            same = family(cell_shape) == kind or cell_shape in _VALUES
            against += same
            for_names += not same
        else:
            values = [other.cells[index].strip() for other in body]
            cell = row.cells[index].strip()
            if cell_shape in _VALUES:
                against += 0.5
            elif cell in values:
                against += 0.5 if len(set(values)) < 0.9 * len(values) or len(values) < 3 else 0.25
            elif _unlike(cell, values):
                for_names += 0.5
    if against and _are_years(row):
        return True
    if for_names or against:
        return for_names > against
    longest = (
        max((len(cell) for other in body for cell in other.cells[index : index + 1]), default=0)
        for index in range(len(row.cells))
    )
    return all(len(cell) <= 80 or len(cell) > 1.5 * most for cell, most in zip(row.cells, longest, strict=True))


def _unlike(cell: str, values: Sequence[str]) -> bool:
    """Whether a text is of another make than its column's: its length, or no digits where all have."""
    known = [value for value in values if value]
    if len(known) < 2:
        return False
    lengths = {len(value) for value in known}
    digits = sum(any(letter.isdigit() for letter in value) for value in known)
    if len(lengths) == 1 and len(known) > 2 and len(cell) not in lengths:
        return True
    return digits > 0.9 * len(known) and not any(letter.isdigit() for letter in cell)


def _are_years(row: Record) -> bool:
    """Whether the numbers of a row are years in order, as names of columns are."""
    numbers = [cell.strip() for cell in row.cells if shape(cell) == NUMBER]
    years = [int(number) for number in numbers if _is_year(number)]
    rising = all(later > earlier for earlier, later in pairwise(years))
    falling = all(later < earlier for earlier, later in pairwise(years))
    return len(years) == len(numbers) >= 3 and (rising or falling)


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdigit() and 1800 <= int(text) <= 2100


def _names_above(rows: Sequence[Record], first: int, usual: int) -> int:
    """Rows right above the names that group them: as wide, several texts, no values, none beside a value."""
    count = 0
    while first - count - 1 >= 0 and count < _MOST_NAME_ROWS - 1:
        row = rows[first - count - 1]
        next_row = rows[first - count]
        adjacent = row.line + row.lines == next_row.line
        texts = [cell for cell in row.cells if cell.strip()]
        if (
            not adjacent
            or len(row.cells) != usual
            or len(texts) < 2
            or any(shape(cell) in (NUMBER, DATE, LINK) and not _is_year(cell.strip()) for cell in texts)
        ):
            break
        count += 1
    return count


def _width(named: Sequence[Record], data: Sequence[Record], usual: int) -> int:
    """Columns of the table: those that have names or that many rows fill."""
    reached = max((len(row.cells) for row in data), default=0)
    names = max((max(_last_filled(row), min(len(row.cells), reached)) for row in named), default=0)
    names = names or max((len(row.cells) for row in named), default=0)
    widths = Counter(len(row.cells) for row in data if len(row.cells) > 1 or usual == 1)
    if not widths:
        return names or usual
    total = widths.total()
    common = [width for width, count in widths.items() if count >= max(2, _COMMON * total) or width == usual]
    # Cells past the names that no row fills are trailing delimiters, no columns.
    common = [width for width in common if width <= usual or _recurs(data, width, usual)]
    wide = max((width for width in common if width <= names or _fills(data, width, names)), default=usual)
    return max(wide, names) if names else wide


def _recurs(data: Sequence[Record], width: int, usual: int) -> bool:
    """Whether rows of a width stand among the usual ones, not below them as another table does."""
    first = next(index for index, row in enumerate(data) if len(row.cells) == width)
    return any(len(row.cells) == usual for row in data[first:])


def _last_filled(row: Record) -> int:
    """How many cells a row has up to the last that is not blank."""
    return max((index for index, cell in enumerate(row.cells, start=1) if cell.strip()), default=0)


def _fills(data: Sequence[Record], width: int, names: int) -> bool:
    return names == 0 or any(cell.strip() for row in data if len(row.cells) == width for cell in row.cells[names:])


def _least(data: Sequence[Record], width: int) -> int:
    """The fewest cells a row may have: short rows are filled up where common, or where full rows end in empty cells."""
    if width <= 1:
        return width
    least = width
    for row in data:
        if len(row.cells) >= width and row.filled > 1:
            last = max(index for index, cell in enumerate(row.cells[:width]) if cell.strip() or index == 0) + 1
            least = min(least, last)
    short = Counter(len(row.cells) for row in data if 1 < len(row.cells) < width)
    if short.total() >= min(max(3, _COMMON * len(data)), 0.5 * len(data)) > 0:
        least = min(least, min(short))
    return max(2, least)


def _kinds(data: Sequence[Record], width: int) -> dict[int, str]:
    """Columns whose cells are nearly all of one telling shape, by the rows of the table's width."""
    full = [row for row in data[:_BODY] if len(row.cells) == width]
    found = {index: dominant(row.cells[index] for row in full) for index in range(width)}
    return {index: kind for index, (kind, share) in found.items() if kind in (NUMBER, DATE, LINK) and share >= 0.95}


def fits(cells: Sequence[str], kinds: dict[int, str]) -> bool:
    """Whether the cells of a row of another width than its table's look as their columns do: not shifted."""
    shapes = ((family(shape(cells[index])), kind) for index, kind in kinds.items() if index < len(cells))
    return all(found in (kind, EMPTY) for found, kind in shapes)


def _joined(named: Sequence[Record], width: int) -> list[str]:
    """The names of each column, one row after the other, joined by a blank."""
    columns = ([row.cells[index] for row in named if index < len(row.cells)] for index in range(width))
    return [" ".join(name for name in names if name.strip()) if len(names) > 1 else "".join(names) for names in columns]
