"""Letters that look the same in two scripts, and words that mix them: `Вern` with a Cyrillic first letter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

#: Cyrillic or Greek letter -> the Latin one that it cannot be told from.
LATIN = dict(zip(
    "АВЕЗКМНОРСТУХЅІЈԌԚԜаеорсухѕіјԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧοα",
    "ABE3KMHOPCTYXSIJGQWaeopcyxsijqwhABEZHIKMNOPTYXoa", strict=True,
))  # fmt: skip
del LATIN["З"]  # a numeral among letters is no better
_BACK = {latin: other for other, latin in reversed(LATIN.items()) if "А" <= other <= "я"}
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")

#: A regular expression (RE2) that a text must match to be worth a look: scripts mixed in a word, or full-width signs.
SUSPECT = (
    r"[A-Za-z\x{00C0}-\x{024F}][\x{0370}-\x{03FF}\x{0400}-\x{052F}]|[\x{0370}-\x{03FF}\x{0400}-\x{052F}][A-Za-z]"
    r"|[\x{FF01}-\x{FF5E}]"
)


def mended(texts: Iterable[str]) -> dict[str, str]:
    """Each text with a word of mixed scripts, or with full-width signs among plain ones -> what is meant.

    A word is left alone where some of its letters have no twin in the script that most of it is written in: then the
    mixture may be meant (`μm`, `αβ-Test`).
    """
    found = {}
    for text in texts:
        narrow = _narrow(text)
        meant = normalize("NFC", _WORD.sub(lambda word: _one_script(word[0]), narrow))
        if meant != text:
            found[text] = meant
    return found


def _narrow(text: str) -> str:
    """Full-width letters and digits as plain ones, unless the text is written in a script that uses them."""
    if any("\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af" for letter in text):
        return text
    return "".join(_FULL_WIDTH.get(letter, letter) for letter in text)


def _one_script(word: str) -> str:
    latin = sum(letter < "\u0250" for letter in word)
    if not 0 < latin < len(word):
        return word
    other = len(word) - latin
    if latin >= other and len(word) > 2 and all(letter < "\u0250" or letter in LATIN for letter in word):
        return "".join(LATIN.get(letter, letter) for letter in word)
    if other > latin and all(_CYRILLIC.match(letter) or letter in _BACK for letter in word):
        return "".join(_BACK.get(letter, letter) for letter in word)
    return word
