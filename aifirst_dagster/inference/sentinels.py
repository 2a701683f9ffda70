"""Numbers that stand for a missing value: -999 among amounts, 9999 among ages; told by how far off they lie."""

from __future__ import annotations

from collections.abc import Mapping

#: What people write for "none"; all nines, or minus nines.
_NINES = frozenset(sign + "9" * size for sign in ("", "-") for size in range(2, 8)) | {"-9"}
#: A sentinel stands there so often; a positive one lies so many spans of the others above the largest of them.
OFTEN, SPANS = 3, 3
#: Different other values that there must be to tell.
OTHERS = 5


def find(counts: Mapping[str, int]) -> list[str]:
    """The texts of a column of plain numbers that are sentinels.

    A negative one where no other number is negative; a positive one far above all others; each seen several times, and
    no more than one of each sign.

    Args:
        counts: Distinct texts of numbers and their cells.
    """
    likely = {text: number for text in counts if (number := _number(text)) is not None and _plain(text) in _NINES}
    if not likely or len(counts) < OTHERS + 1:
        return []
    others = [number for text in counts if text not in likely and (number := _number(text)) is not None]
    if len(others) < OTHERS:
        return []
    low, high = min(others), max(others)
    found = []
    for text, number in likely.items():
        if counts[text] < OFTEN:
            continue
        below = number < 0 <= low and -number > 0.5 * (high - low)
        above = number > high + SPANS * max(high - low, 1)
        if below or above:
            found.append(text)
    # Several that look so are more likely measures of the same sort.
    return found if len(found) <= 2 else []


def _plain(text: str) -> str:
    whole, _, fraction = text.strip().partition(".")
    return whole if not fraction.strip("09") else text


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
