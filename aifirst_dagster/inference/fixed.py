"""Fixed-width text: where its columns stand, told by the places that are blank in line after line.

Places are counted in characters, in bytes (UTF-8), or in terminal cells (East Asian letters take two): by whichever
the columns come out best.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from aifirst_dagster.inference.records import Record
from aifirst_dagster.inference.shapes import EMPTY, OTHER, TYPED, dominant, shape

Measure = Literal["characters", "bytes", "cells"]

_LINES = 1_000
#: Share of lines that may have a sign where others have a gap: titles and notes.
_STRAY = 0.12
_RULER = re.compile(r"\s*[-=+_|*~]*(?:---|===|___|~~~|\*\*\*)[-=+_|*~ \t]*")
_SUREST = frozenset(",;\t|")
"""Delimiters: where one splits every line alike, a text is not of fixed width."""


@dataclass(frozen=True)
class Fixed:
    """Where columns stand.

    Attributes:
        cuts: Where columns after the first begin, 0-based.
        measure: What places are counted in.
        strays: Share of the sample's lines that cross a cut.
        first: Lines above the names: titles and notes.
        aligned: Share of cells that begin or end where their column's others do.
    """

    cuts: tuple[int, ...]
    measure: Measure
    strays: float = 0.0
    first: int = 0
    aligned: float = 1.0


def is_ruler(line: str) -> bool:
    """Whether a line is only drawn: dashes below the names."""
    return _RULER.fullmatch(line) is not None


def maybe(lines: Sequence[str]) -> bool:
    """A quick look: whether runs of blanks stand within most lines, and no delimiter splits all of them alike."""
    filled = [line for line in lines if line.strip() and not is_ruler(line)][:_LINES]
    runs = sum("  " in line.strip() for line in filled)
    if len(filled) < 3 or runs < 0.5 * len(filled):
        return False
    for sign in _SUREST:
        # Commas of numbers delimit nothing where runs of blanks do, nor does one sign that the first line has not.
        counts = [re.sub(r"(?<=\d),(?=\d)", "", line).count(sign) for line in filled]
        usual, times = Counter(counts).most_common(1)[0]
        if usual > (counts[0] == 0) and times >= 0.6 * len(filled):
            return False
    return True


def find(lines: Sequence[str]) -> Fixed | None:
    """The columns of a sample's lines; None where it does not look like text of fixed width."""
    plain = [line.expandtabs(8).rstrip() for line in lines[:_LINES]]
    measures: list[Measure] = ["characters"]
    if not all(line.isascii() for line in plain):
        measures += ["bytes", "cells"]
    found = [fixed for measure in measures if (fixed := _by(plain, measure)) is not None]
    return max(found, key=lambda fixed: (round(fixed.aligned - fixed.strays, 2), len(fixed.cuts)), default=None)


def padded(line: str, measure: Measure) -> str:
    """A line with one sign for each place: what a letter takes more than one is filled up with NUL."""
    if measure == "characters" or line.isascii():
        return line
    if measure == "bytes":
        return "".join(sign + "\0" * (len(sign.encode("utf-8", "replace")) - 1) for sign in line)
    return "".join(sign + "\0" * (unicodedata.east_asian_width(sign) in "WF") for sign in line)


def cells(line: str, fixed: Fixed) -> list[str]:
    """The cells of a line, without the blanks around them."""
    places = padded(line.expandtabs(8), fixed.measure)
    edges = [0, *fixed.cuts, max(len(places), fixed.cuts[-1] if fixed.cuts else 0)]
    return [places[start:end].replace("\0", "").strip() for start, end in pairwise(edges)]


def crosses(line: str, fixed: Fixed) -> bool:
    """Whether a word stands across a cut: then the line is none of the table's."""
    places = padded(line.expandtabs(8), fixed.measure)
    return any(cut < len(places) and places[cut] != " " and places[cut - 1] != " " for cut in fixed.cuts)


def records(lines: Sequence[str], fixed: Fixed) -> list[Record]:
    """The records of a sample: lines that are not blank, drawn, or across the cuts."""
    return [
        Record(number, cells(line, fixed), "ok")
        for number, line in enumerate(lines, start=1)
        if number > fixed.first and line.strip() and not is_ruler(line) and not crosses(line, fixed)
    ]


def _by(lines: Sequence[str], measure: Measure) -> Fixed | None:
    """The columns as one measure has them."""
    drawn = [bool(line) and is_ruler(line) for line in lines]
    whole = [padded(line, measure) for line in lines]
    body = [at for at, line in enumerate(whole) if line and not drawn[at]]
    if len(body) < 3:
        return None
    width = max(len(whole[at]) for at in body)
    # Titles and notes have signs where the table's gaps are: without them the gaps are plain.
    gaps = _gaps(_held([whole[at] for at in body], width), len(body) * _STRAY)
    kept = [at for at in body if not _breaks(whole[at], gaps)]
    rulers = [whole[at] for at, is_drawn in enumerate(drawn) if is_drawn and len(whole[at].split()) > 1]
    if len(kept) < 3 or (len(kept) < (1 - 2 * _STRAY) * len(body) and not rulers):
        return None
    columns = _columns(_gaps(_held([whole[at] for at in kept], width), 0), width)
    first = 0
    if rulers:
        columns = _ruled(rulers[0], columns)
        first = drawn.index(True)
        while first > 0 and whole[first - 1]:
            first -= 1
        kept = [at for at in kept if at >= first] or kept
    columns = _with_names(whole, drawn, kept, columns)
    table = [whole[at] for at in kept]
    columns = _whole_names(table, columns)
    if len(columns) < 2:
        return None
    cuts = tuple(_cut(table, left, right) for left, right in pairwise(columns))
    fixed = Fixed(cuts, measure)
    if not rulers and not _is_table([cells(lines[at], fixed) for at in kept], columns):
        return None
    strays = sum(crosses(lines[at], fixed) for at in body) / len(body)
    return Fixed(cuts, measure, round(strays, 4), max(first, kept[0]), _aligned(table, columns))


def _aligned(lines: Sequence[str], columns: Sequence[tuple[int, int]]) -> float:
    """Share of cells that begin, or end, where their column does."""
    best = total = 0
    for start, end in columns:
        held = [line for line in lines if line[start:end].strip()]
        left = sum(line[start] != " " for line in held)
        right = sum(len(line) >= end and line[end - 1] != " " for line in held)
        best, total = best + max(left, right), total + len(held)
    return best / max(1, total)


def _with_names(
    whole: Sequence[str], drawn: Sequence[bool], kept: list[int], columns: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Columns widened by the names above them, which may be wider; their lines are kept as well."""
    at = kept[0] - 1
    while at >= 0 and (drawn[at] or whole[at]) and kept[0] - at <= 5:
        words, under = _above(whole[at], columns, r"\S+(?: \S+)*")
        if any(len(found) > 1 for found in under):
            words, under = _above(whole[at], columns, r"\S+")
        if not drawn[at]:
            touched = {column for found in under for column in found}
            if any(len(found) > 1 for found in under) or len(touched) < max(2, 0.5 * len(columns)):
                break
            for (left, right), found in zip(words, under, strict=True):
                if found:
                    start, end = columns[found[0]]
                    columns[found[0]] = (min(start, left), max(end, right))
            kept.insert(0, at)
        at -= 1
    return columns


def _above(
    line: str, columns: Sequence[tuple[int, int]], pattern: str
) -> tuple[list[tuple[int, int]], list[list[int]]]:
    """Where the pieces of a line stand, and above which columns each does."""
    pieces = [(match.start(), match.end()) for match in re.finditer(pattern, line)]
    under = [[at for at, (start, end) in enumerate(columns) if left < end and right > start] for left, right in pieces]
    return pieces, under


def _held(lines: Sequence[str], width: int) -> list[int]:
    """For each place, how many lines have a sign there."""
    held = [0] * width
    for line in lines:
        for place, sign in enumerate(line):
            if sign != " ":
                held[place] += 1
    return held


def _gaps(held: Sequence[int], most: float) -> list[bool]:
    return [count <= most for count in held]


def _breaks(line: str, gaps: Sequence[bool]) -> bool:
    """Whether a line has several signs where the table has gaps."""
    return sum(1 for sign, gap in zip(line, gaps, strict=False) if gap and sign != " ") > 2


def _columns(gaps: Sequence[bool], width: int) -> list[tuple[int, int]]:
    """Start and end of each run of places that are no gap."""
    edges = [True, *gaps[:width], True]
    starts = [at for at in range(width) if edges[at] and not edges[at + 1]]
    ends = [at for at in range(1, width + 1) if not edges[at] and edges[at + 1]]
    return list(zip(starts, ends, strict=True))


def _ruled(ruler: str, columns: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Columns as a drawn line has them, each as wide as what stands below it."""
    drawn = [(match.start(), match.end()) for match in re.finditer(r"[^ |+]+", ruler)]
    if len(drawn) < 2:
        return list(columns)
    return [
        (
            min([start, *(left for left, right in columns if left < end and right > start and left > before)]),
            max([end, *(right for left, right in columns if left < end and right > start and right <= after)]),
        )
        for (start, end), before, after in zip(
            drawn, [0, *(end for _, end in drawn)], [*(start for start, _ in drawn[1:]), 10**9], strict=False
        )
    ]


def _whole_names(lines: Sequence[str], columns: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Columns put together again where a blank that stands in every line parts words, not columns."""
    wide = sum(right[0] - left[1] >= 2 for left, right in pairwise(columns))
    usually_wide = wide >= 0.5 * (len(columns) - 1)
    named = _has_names(lines, columns)
    whole: list[tuple[int, int]] = []
    for start, end in columns:
        if whole and start - whole[-1][1] <= 1:
            first, last = whole[-1]
            pairs = [(line[first:last].strip(), line[start:end].strip()) for line in lines]
            texts, before = [text for _, text in pairs[named:]], [text for text, _ in pairs[named:]]
            half_name = named and all(pairs[0]) and (not any(texts) or not any(before))
            no_name = named and bool(pairs[0][0]) and not pairs[0][1]
            both = [line for line, (_, text) in zip(lines[named:], pairs[named:], strict=True) if text]
            flush = all(" " not in (line[last - 1], line[start]) for line in both)
            if half_name or no_name or (flush and usually_wide and not named):
                whole[-1] = (first, end)
                continue
        whole.append((start, end))
    return whole


def _has_names(lines: Sequence[str], columns: Sequence[tuple[int, int]]) -> bool:
    """Whether the first line is of another make than the columns below it, as names are."""
    for start, end in columns:
        kind, share = dominant(line[start:end] for line in lines[1:])
        first = shape(lines[0][start:end])
        if kind in TYPED and share >= 0.9 and first not in TYPED and first != EMPTY:
            return True
    return False


def _cut(lines: Sequence[str], left: tuple[int, int], right: tuple[int, int]) -> int:
    """Where, between two columns, one ends: before a column that stands to the left, after one to the right."""
    gap = right[0] - left[1]
    if gap <= 1:
        return right[0]
    flush = sum(line[right[0] : right[0] + 1] not in ("", " ") for line in lines[1:])
    filled = sum(bool(line[right[0] : right[1]].strip()) for line in lines[1:])
    if flush >= 0.9 * filled:
        return right[0]
    ends = sum(line[left[1] - 1 : left[1]] not in ("", " ") for line in lines[1:])
    full = sum(bool(line[left[0] : left[1]].strip()) for line in lines[1:])
    return left[1] + 1 if ends >= 0.9 * full else left[1] + (gap + 1) // 2


def _is_table(rows: Sequence[Sequence[str]], columns: Sequence[tuple[int, int]]) -> bool:
    """Whether cells are filled and alike as a table's are: prose with a gap here and there is not."""
    body = rows[1:]
    width = len(columns)
    filled = sum(bool(cell) for row in body for cell in row) / max(1, len(body) * width)
    if filled < 0.35 or len(body) < 2:
        return False
    typed = 0
    for at in range(width):
        kind, share = dominant(row[at] for row in body)
        typed += kind in TYPED and share >= 0.8
    known = sum(shape(cell) not in (OTHER, EMPTY) for row in body for cell in row if cell)
    held = sum(bool(cell) for row in body for cell in row)
    wide = all(right[0] - left[1] >= 2 for left, right in pairwise(columns))
    return known >= 0.6 * held and (typed > 0 or len({tuple(row) for row in body}) >= 8 or (wide and len(body) >= 4))
