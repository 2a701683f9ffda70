"""How alike names of columns are: words with weights, abbreviations, acronyms, synonyms, and plain spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from aifirst_dagster.inference.matching.vocabulary import COMPOUNDS, GROUPS, STOP, UNITS

if TYPE_CHECKING:
    import numpy as np

_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ENDINGS = (
    "ization", "isation", "ically", "ations", "ation", "ments", "ment", "ities", "ical", "ings", "ing", "ies", "ied",
    "ity", "ate", "ary", "ory", "ed", "es", "al", "ic", "ly", "er", "y", "s",
)  # fmt: skip
_NONE: frozenset[int] = frozenset()
#: What a pair of words is worth, by how they are alike.
STEM, SYNONYM, RELATED, PREFIX, SKELETON, INITIALS = 0.97, 0.85, 0.8, 0.8, 0.65, 0.75


@lru_cache(20_000)
def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case without accents: `custNo` and `Cust. No` are both cust, no."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = re.sub(r"(?i)\be[-_ ]mail", "email", plain)
    split = re.split(r"[\W_]+", _CAMEL.sub(" ", plain).lower())
    found: list[str] = []
    for word in split:
        found += COMPOUNDS.get(word, word).split()
    return tuple(found)


@lru_cache(50_000)
def stem(word: str) -> str:
    """A word without its ending, so that `pathological` and `pathologic` are one."""
    for _ in range(2):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                word = word[: -len(ending)]
                break
    return word


@lru_cache(200_000)
def alike(left: str, right: str) -> float:
    """How likely two words of names stand for the same, from 0 to 1."""
    if left == right:
        return 1.0
    if not left or not right or (left[0] != right[0] and not (_groups(left) and _groups(right))):
        return 0.0  # a slip in the first letter is rare, and looking for it in all pairs takes most of the time
    if _digits(left) != _digits(right):
        return 0.0  # Q1 is not Q2
    if stem(left) == stem(right) and min(len(left), len(right)) > 2:
        return STEM
    if _groups(left) & _groups(right):
        return SYNONYM
    short, long = (left, right) if len(left) <= len(right) else (right, left)
    best = 0.0
    if long.startswith(short):
        # A word that goes on in letters of its own ("sub" and "submitter") is an abbreviation less surely.
        best = {1: 0.35, 2: 0.6}.get(len(short), PREFIX)
    elif len(short) >= 2 and short[0] == long[0] and len(long) >= len(short) + 2 and _skeleton(short, long):
        best = SKELETON if len(short) > 2 else 0.5
    common = _common(short, long)
    if common >= 5 and common >= 0.6 * len(long):
        best = max(best, RELATED)
    if len(short) > 3:
        from rapidfuzz.distance import DamerauLevenshtein

        near = DamerauLevenshtein.normalized_similarity(left, right)
        if near >= 0.83:  # a slip in a word of six letters; of five, two words are as often two (stage, state)
            best = max(best, near - 0.1)
    return best


@lru_cache(20_000)
def _groups(word: str) -> frozenset[int]:
    """The groups of synonyms that a word or its stem stands in."""
    return GROUPS.get(word, _NONE) or GROUPS.get(stem(word), _NONE)


@lru_cache(20_000)
def _digits(word: str) -> str:
    return "".join(sign for sign in word if sign.isdigit())


def _skeleton(short: str, long: str) -> bool:
    """Whether `short` is `long` with letters left out, as people shorten: mostly consonants stay."""
    rest = iter(long)
    return all(sign in rest for sign in short) and sum(sign in "aeiou" for sign in short[1:]) <= (len(short) > 3)


def _common(left: str, right: str) -> int:
    at = 0
    for one, two in zip(left, right, strict=False):
        if one != two:
            break
        at += 1
    return at


class Names:
    """The names of two tables, ready to be compared: weights by how rare a word is among them.

    Args:
        sources: Names on one side; several spellings of one column are given as one text, joined by a space.
        targets: Names on the other side.
    """

    def __init__(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        import numpy as np

        self.left = _rejoined([words(name) for name in sources], [words(name) for name in targets])
        self.right = _rejoined([words(name) for name in targets], self.left)
        self._vocabulary = sorted({word for name in self.right for word in name})
        self._index = {word: at for at, word in enumerate(self._vocabulary)}
        self._flat = np.array([self._index[word] for name in self.right for word in name or ("",) if word], dtype=int)
        self._starts = np.cumsum([0, *(len(name) for name in self.right)])[:-1]
        self._joined = ["".join(name) for name in self.right]
        stems: dict[str, int] = {}
        for name in self.right:
            for root in {stem(word) for word in name}:
                stems[root] = stems.get(root, 0) + 1
        self._stems, self._total = stems, max(2, len(self.right))
        self._weights = np.array([self.weight(word) for word in self._vocabulary] or [0.0])
        self._initials = _initials(self.right)
        self._rows: dict[str, np.ndarray] = {}
        self._short: dict[str, list[int]] = {}
        for at, name in enumerate(self.right):
            for word in name:
                if 2 <= len(word) <= 5 and word not in STOP:
                    self._short.setdefault(word, []).append(at)

    def weight(self, word: str) -> float:
        """How much a word says: little where many names hold it, or where it is a mere link or a unit."""
        import math

        if word in STOP:
            return 0.12
        if word in UNITS:
            return 0.25
        seen = self._stems.get(stem(word), 0)
        # A word that the target does not know may still be a synonym: between rare and common.
        rare = 1 - math.log(max(1, seen)) / math.log(self._total + 1) if seen else 0.75
        return max(0.2, rare)

    def row(self, at: int) -> np.ndarray:
        """How alike the source name at `at` is to each target name."""
        import numpy as np
        from rapidfuzz import fuzz, process

        name = self.left[at]
        if not name or not self._vocabulary:
            return np.zeros(len(self.right))
        pairs = np.array([self._alike(word) for word in name])
        own = np.array([self.weight(word) for word in name])
        spread = pairs[:, self._flat]
        filled = np.array([bool(other) for other in self.right])
        starts = self._starts[filled]
        covered_left = np.zeros((len(name), len(self.right)))
        covered_left[:, filled] = np.maximum.reduceat(spread, starts, axis=1)
        best = pairs.max(axis=0)
        theirs = self._weights[self._flat]
        covered_right, weight_right = np.zeros(len(self.right)), np.zeros(len(self.right))
        covered_right[filled] = np.add.reduceat(theirs * best[self._flat], starts)
        weight_right[filled] = np.add.reduceat(theirs, starts)
        self._add_acronyms(name, covered_left, covered_right)
        said = own @ covered_left
        left = said / own.sum()
        right = np.minimum(1.0, covered_right / np.maximum(weight_right, 1e-9))
        dice = (said + np.minimum(covered_right, weight_right)) / (own.sum() + weight_right)
        plain = process.cdist(["".join(name)], self._joined, scorer=fuzz.ratio)[0] / 100
        score = 0.55 * dice + 0.2 * np.maximum(left, right) + 0.1 * np.minimum(left, right) + 0.15 * plain
        both = np.minimum(left, right)  # every word has its like: other spellings of one name
        score = np.where(both >= 0.8, np.maximum(score, both), score)
        score[np.array([other == name for other in self.right])] = 1.0
        score[~filled] = 0.0
        return score

    def _alike(self, word: str) -> np.ndarray:
        """How alike a word is to each word of the targets."""
        import numpy as np

        if word not in self._rows:
            self._rows[word] = np.array([alike(word, other) for other in self._vocabulary])
        return self._rows[word]

    def _add_acronyms(self, name: tuple[str, ...], covered_left: np.ndarray, covered_right: np.ndarray) -> None:
        """A short word that is made of the first letters of a name's words covers them."""
        import numpy as np

        for place, word in enumerate(name):
            for target, first, last in self._initials.get(word, ()) if 2 <= len(word) <= 5 else ():
                if covered_left[place, target] < INITIALS:
                    covered_left[place, target] = INITIALS
                    covered_right[target] += INITIALS * sum(self.weight(w) for w in self.right[target][first:last])
        for short, places in _initials([name]).items():
            for _, first, last in places:
                for target in self._short.get(short, ()):
                    covered_left[first:last, target] = np.maximum(covered_left[first:last, target], INITIALS)
                    covered_right[target] += INITIALS * self.weight(short)


def _initials(names: Sequence[tuple[str, ...]]) -> dict[str, list[tuple[int, int, int]]]:
    """First letters of neighbouring words -> (name, first word, behind the last word)."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for at, name in enumerate(names):
        for first in range(len(name)):
            for last in range(first + 2, min(first + 5, len(name)) + 1):
                part = name[first:last]
                for kept in {part, tuple(word for word in part if word not in STOP)}:
                    if len(kept) > 1:
                        found.setdefault("".join(word[0] for word in kept), []).append((at, first, last))
    return found


def _rejoined(names: list[tuple[str, ...]], others: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Words that the other side writes as two (`followup`, `follow_up`) are split as it does."""
    pairs = {one + two: (one, two) for name in others for one, two in pairwise(name)}
    return [tuple(part for word in name for part in pairs.get(word, (word,))) for name in names]


def similarity(left: str, right: str) -> float:
    """How alike two names are on their own, from 0 to 1; 1 is the same name but for case and separators."""
    if not words(left) or not words(right):
        return 1.0 if left == right else 0.0
    return float(Names([left], [right]).row(0)[0])
