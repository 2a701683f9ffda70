"""Signs of numbers that were decoded wrongly: `Â£5`, `12 Â°C`, `1Â 234,50 â‚¬`; what was meant, in Python and in SQL.

A sign is found by its sequence alone: nobody writes `Â£` and means it. Letters of words are another matter
(`repair.text`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from aifirst_dagster.datasets.session import literal

_SIGNS = "€£¥₹₽₩₺₴₫₪฿₦ł°µ²³‰½¼¾−–’\u00a0\u202f\u2009"
#: What is left of a wide space at a text's end once the space is trimmed.
_TAIL = "Â"
_AT_END = f"{_TAIL}[\\s\u00a0\u2009\u202f]*$"


def _misread(text: str) -> str:
    """UTF-8 read as Windows-1252; bytes that it leaves open stand for themselves, as browsers and databases read."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())


@cache
def sequences() -> dict[str, str]:
    """Wrong sequence -> sign: UTF-8 read as Windows-1252, once or twice over, or as Latin-1; the longest first."""
    found: dict[str, str] = {}
    for sign in _SIGNS:
        once = _misread(sign)
        found |= {_misread(once): sign, once: sign, sign.encode().decode("latin-1"): sign}
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0])))


@cache
def _any() -> str:
    """A pattern (Python and RE2) of texts that hold one."""
    return "|".join([*map(re.escape, sequences()), f".{_AT_END}"])


@cache
def _some() -> re.Pattern[str]:
    return re.compile(_any(), re.A)


def read(text: str) -> tuple[str, list[str]]:
    """The text with each sign as it was meant (`Â£5` -> `£5`), and the wrong sequences; `Â` for one at its end."""
    wrong: list[str] = []
    if text.isascii() or not _some().search(text):
        return text, wrong
    for sequence, sign in sequences().items():
        if sequence in text:
            wrong.append(sequence)
            text = text.replace(sequence, sign)
    bare = re.sub(f"(?<=.){_AT_END}", "", text, flags=re.A)
    return bare, [*wrong, _TAIL] if bare != text else wrong


def shown(sequence: str) -> str:
    """A wrong sequence beside what it means; a space by its name."""
    sign = sequences().get(sequence, "").strip() or "space"
    return f"{sequence.strip()} -> {sign}"


def among(spellings: Iterable[str]) -> list[str]:
    """Those of `spellings` that are wrong sequences."""
    return [spelling for spelling in spellings if spelling in sequences() or spelling == _TAIL]


def plain_sql(text: str, wrong: Iterable[str]) -> str:
    """SQL: as `read`, for the sequences `wrong` alone."""
    named = set(wrong)
    if not named:
        return text
    changed = text
    for sequence, sign in sequences().items():
        if sequence in named:
            changed = f"replace({changed}, {literal(sequence)}, {literal(sign)})"
    if _TAIL in named:
        changed = f"regexp_replace({changed}, {literal(f'(.){_AT_END}')}, '\\1')"
    return f"CASE WHEN strlen({text}) > length({text}) THEN {changed} ELSE {text} END"


def found_sql(text: str) -> str:
    """SQL: whether a text holds such a sequence."""
    return f"regexp_matches({text}, {literal(_any())})"
