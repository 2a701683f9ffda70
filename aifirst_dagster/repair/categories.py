"""Spellings of the same category: found by what they have in common, written in the most frequent way.

Two texts are one category where they differ in case, accents, punctuation or spaces only; or where a very rare text is
one slip of the keyboard away from one frequent text. Two frequent texts are never merged for being similar.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

#: More distinct texts than this are no categories.
MOST = 1_000
#: A slip is this much rarer than what was meant.
RARER = 10
_WORDS = re.compile(r"[^\W_]+")
_ROMAN = re.compile(r"[ivx]+")
_TURNING = frozenset({"a", "an", "un", "in", "im", "il", "ir", "non", "dis", "de", "re", "fe", "ab", "co"})
_LETTERS = re.compile(r"[^\W\d_]+|[\d.,:/+#%&-]*\d[\d.,:/+#%&-]*|[+#%&]+")


@dataclass
class Spellings:
    """What to write instead of what, and how many cells each kind of finding touches."""

    mapping: dict[str, str] = field(default_factory=dict)
    variants: int = 0
    slips: int = 0


def unify(counts: Mapping[str, int]) -> Spellings:
    """The spelling that stands for each text of a column, where it is another one.

    Args:
        counts: Every distinct text and its cells.
    """
    found = Spellings()
    tidy = Counter[str]()
    for text, count in counts.items():
        tidy[text] += count
    if not 1 < len(tidy) <= MOST or sum(tidy.values()) < 2 * len(tidy):
        return found
    groups: dict[str, list[str]] = {}
    for text in sorted(tidy):
        groups.setdefault(fingerprint(text), []).append(text)
    for key, texts in groups.items():
        if key and len(texts) > 1:
            best = _best(texts, tidy)
            for text in texts:
                if text != best:
                    found.mapping[text] = best
                    found.variants += tidy[text]
    weight = Counter[str]()
    for text, count in tidy.items():
        weight[found.mapping.get(text, text)] += count
    for text, meant in _slips(weight).items():
        found.slips += weight[text]
        found.mapping |= {old: meant for old, new in found.mapping.items() if new == text}
        found.mapping[text] = meant
    return found


@lru_cache(50_000)
def fingerprint(text: str) -> str:
    """What stays of a text without case, accents, spaces and punctuation between letters; "" where nothing does.

    Signs beside digits stay: `1.5` is not `15`, `+1` is not `-1`, `C#` is not `C`.
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).casefold()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = re.sub(r"(?<=[^\W\d_])[.'’](?=[^\W\d_]|\W|$)", "", plain)
    return " ".join(_LETTERS.findall(plain))


def _best(texts: list[str], counts: Mapping[str, int]) -> str:
    """The most frequent spelling; among equals the one with more accents and capitals, then the first."""

    def rank(text: str) -> tuple[int, int, bool, str]:
        accents = sum(ord(character) > 127 for character in text)
        return (-counts[text], -accents, text.isupper() or text.islower(), text)

    return min(texts, key=rank)


def _slips(weight: Mapping[str, int]) -> dict[str, str]:
    """Rare text -> the frequent one that it misspells.

    Only in columns that look closed: where rare texts that resemble nothing abound, a resemblance means little.
    """
    total = sum(weight.values())
    rare = {text for text, count in weight.items() if count <= max(1, 0.005 * total) and len(text) >= 4}
    frequent = [text for text, count in weight.items() if text not in rare and len(text) >= 4 and count >= RARER]
    if not rare or not frequent:
        return {}
    words = Counter[str]()
    for text, count in weight.items():
        words.update(dict.fromkeys(_words(text), count))
    usual = max(2, 0.005 * total)
    by_length: dict[int, list[str]] = {}
    for text in frequent:
        by_length.setdefault(len(text), []).append(text)
    found: dict[str, str] = {}
    for text in sorted(rare):
        reach = 2 if len(text) >= 12 else 1
        near = [
            other
            for length in range(len(text) - reach, len(text) + reach + 1)
            for other in by_length.get(length, [])
            if weight[other] >= RARER * weight[text] and is_slip(text, other, reach)
        ]
        # A word that other texts use as well is meant: `ak_hf-1` is no slip of `al_hf-1` where `ak_` abounds.
        if len(near) == 1 and all(words[word] <= usual for word in _words(text) - _words(near[0])):
            found[text] = near[0]
    alone = sum(1 for text in rare if text not in found)
    return found if len(found) >= alone else {}


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.casefold()))


def is_slip(text: str, other: str, reach: int) -> bool:
    """Whether `text` is `other` with at most `reach` letters wrong, missing, too many or swapped.

    What tells things apart is never a slip: digits, a word of one or two letters or a Roman numeral (`type A`,
    `phase II`), a prefix that turns the meaning (`typical`, `atypical`), two names that are both known.
    """
    if re.findall(r"\d+", text) != re.findall(r"\d+", other):
        return False
    from rapidfuzz.distance import OSA

    one, two = text.casefold(), other.casefold()
    if OSA.distance(one, two, score_cutoff=reach) > reach:
        return False
    return not (_other_label(one, two) or _turned(one, two) or _both_known(one, two))


def _other_label(one: str, two: str) -> bool:
    """Whether the texts differ in a word that is a label: one or two letters, or a Roman numeral."""
    differing = _WORDS.findall(one), _WORDS.findall(two)
    if len(differing[0]) != len(differing[1]):
        return False
    pairs = [(a, b) for a, b in zip(*differing, strict=True) if a != b]
    return any(
        (len(a) <= 2 and len(b) <= 2 and len(differing[0]) > 1) or (_ROMAN.fullmatch(a) and _ROMAN.fullmatch(b))
        for a, b in pairs
    )


def _turned(one: str, two: str) -> bool:
    """Whether one text is the other with a prefix that turns its meaning."""
    short, long = sorted((one, two), key=len)
    return long != short and long.endswith(short) and long[: len(long) - len(short)] in _TURNING


def _both_known(one: str, two: str) -> bool:
    from aifirst_dagster.inference.vocabularies.countries import COUNTRIES

    return one in COUNTRIES and two in COUNTRIES
