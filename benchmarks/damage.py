"""Errors of known kinds put into clean tables, so that what finds and mends them can be measured."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

Rows = list[list[str]]
Cell = tuple[int, int]
_LOOK_ALIKE = {"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "x": "х", "A": "А", "B": "В", "E": "Е", "K": "К"}
_TOKENS = ("N/A", "NULL", "-", "unknown", "?")


def typo(text: str, dice: random.Random) -> str:
    """One letter wrong, missing, twice, or swapped with the next."""
    at = dice.randrange(len(text))
    kind = dice.randrange(4)
    if kind == 0:
        return text[:at] + dice.choice(string.ascii_lowercase) + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]


def x_for_letter(text: str, dice: random.Random) -> str:
    """One character becomes an x."""
    at = dice.randrange(len(text))
    return text[:at] + "x" + text[at + 1 :]


def case(text: str, dice: random.Random) -> str:
    """All capitals, or none."""
    return text.upper() if dice.random() < 0.5 and text != text.upper() else text.lower()


def space(text: str, dice: random.Random) -> str:
    """Space before or after."""
    return f" {text}" if dice.random() < 0.5 else f"{text}  "


def look_alike(text: str, dice: random.Random) -> str:
    """A Latin letter becomes the Cyrillic one that looks the same, or a character without width slips in."""
    able = [at for at, letter in enumerate(text) if letter in _LOOK_ALIKE]
    if able and dice.random() < 0.7:
        at = dice.choice(able)
        return text[:at] + _LOOK_ALIKE[text[at]] + text[at + 1 :]
    at = dice.randrange(len(text) + 1)
    return text[:at] + "\u200b" + text[at:]


def token(text: str, dice: random.Random) -> str:
    """A word for "no value"."""
    return dice.choice(_TOKENS)


def missing(text: str, dice: random.Random) -> str:
    """Nothing."""
    return ""


def outlier(text: str, dice: random.Random) -> str:
    """A number a thousand times too large, or with the wrong sign and size."""
    number = float(text)
    return f"{number * dice.choice((1000, -100, 10000)) + dice.choice((0, 9999)):g}"


def marked(text: str, dice: random.Random) -> str:
    """A number with something around it."""
    return dice.choice(("{} units", "${}", "{} kg", "ca. {}")).format(text)


def _letters(text: str) -> bool:
    return sum(character.isalpha() for character in text) >= 3


def _number(text: str) -> bool:
    try:
        return bool(text.strip()) and float(text) != 0 and text.strip()[-1].isdigit()
    except ValueError:
        return False


def _filled(text: str) -> bool:
    return bool(text.strip()) and text.strip() not in ("NA", "N/A")


_CELLS: dict[str, tuple[Callable[[str, random.Random], str], Callable[[str], bool]]] = {
    "typo": (typo, _letters),
    "x for a letter": (x_for_letter, _filled),
    "case": (case, _letters),
    "space": (space, _filled),
    "look-alikes": (look_alike, _letters),
    "token": (token, _filled),
    "missing": (missing, _filled),
    "outlier": (outlier, _number),
    "marked number": (marked, _number),
}
KINDS = [*_CELLS, "wrong value", "swapped cells", "shifted row"]
"""Every kind of error, in the order of the report."""


def damage(rows: Rows, kind: str, share: float, dice: random.Random) -> tuple[Rows, set[Cell]]:
    """A damaged copy of `rows`, and its cells that now differ. `share` is that of the cells that such an
    error can befall (of rows, where it befalls rows)."""
    copy = [list(row) for row in rows]
    width = len(rows[0]) if rows else 0
    if kind == "shifted row":
        for r in dice.sample(range(len(rows)), max(1, round(share * len(rows)))):
            at = dice.randrange(max(1, width - 1))
            copy[r] = [*copy[r][:at], "", *copy[r][at:-1]]
    elif kind == "swapped cells":
        for r in dice.sample(range(len(rows)), max(1, round(share * len(rows)))):
            a, b = dice.sample(range(width), 2)
            copy[r][a], copy[r][b] = copy[r][b], copy[r][a]
    elif kind == "wrong value":
        # Of columns whose values repeat: nothing could know that a name is not the right one.
        columns = [c for c in range(width) if 1 < len({row[c] for row in rows}) <= len(rows) / 10]
        for c in columns:
            values = sorted({row[c] for row in rows})
            for r in dice.sample(range(len(rows)), max(1, round(share * len(rows)))):
                copy[r][c] = dice.choice([value for value in values if value != rows[r][c]])
    else:
        change, able = _CELLS[kind]
        cells = [(r, c) for r, row in enumerate(rows) for c, text in enumerate(row) if able(text)]
        for r, c in dice.sample(cells, min(len(cells), max(1, round(share * len(cells))))):
            copy[r][c] = change(copy[r][c], dice)
    return copy, {(r, c) for r, row in enumerate(rows) for c in range(width) if row[c] != copy[r][c]}


def mixed(rows: Rows, share: float, dice: random.Random) -> tuple[Rows, set[Cell]]:
    """All kinds together, `share` of the cells in all."""
    copy = rows
    for kind in KINDS:
        copy, _ = damage(copy, kind, share / len(KINDS), dice)
    return copy, {(r, c) for r, row in enumerate(rows) for c in range(len(row)) if row[c] != copy[r][c]}
