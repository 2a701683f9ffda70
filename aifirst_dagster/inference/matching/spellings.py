"""Texts of two tables compared by spelling: equal, nearly equal, a code before a label, an abbreviation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.inference.matching.facts import Facts, plain
from aifirst_dagster.inference.matching.kinds import NEITHER, NO, YES, kind

if TYPE_CHECKING:
    import numpy as np

#: Values of a source and of a target column that are compared by spelling, and pairs of texts compared in all.
SOURCE_VALUES, TARGET_VALUES, PAIRS = 30, 500, 20_000_000
#: Spellings less alike than this have nothing to do with each other.
SPELLED = 0.7
#: Worth of a value that is part of a label, of an abbreviation, of another word for yes or no.
CODE, SHORT, ANSWER = 0.85, 0.6, 0.8


class Spellings:
    """The text values of all columns of two tables, compared at once.

    Args:
        sources: One side.
        targets: The other side.
        rarity: Target value -> how telling it is.
    """

    def __init__(self, sources: Sequence[Facts], targets: Sequence[Facts], rarity: Mapping[str, float]) -> None:
        import numpy as np
        from rapidfuzz import fuzz, process

        self._count = len(targets)
        self._left = [common(one, SOURCE_VALUES) for one in sources]
        ours = sorted({part for one in self._left for value, _ in one for part in variants(value)})
        limit = max(20, min(TARGET_VALUES, PAIRS // max(1, len(ours)) // max(1, len(targets))))
        right = [
            [value for value, _ in common(one, limit)] if kind(one) not in ("number", "time") else [] for one in targets
        ]
        theirs = sorted({value for one in right for value in one})
        place = {value: at for at, value in enumerate(theirs)}
        self._ours = {value: at for at, value in enumerate(ours)}
        self._flat = np.array([place[value] for one in right for value in one], dtype=int)
        self._filled = np.array([bool(one) for one in right], dtype=bool)
        self._starts = np.cumsum([0, *(len(one) for one in right if one)])[:-1]
        self._rare = np.array([rarity.get(value, 1.0) for value in theirs])
        self._theirs = place
        self._exact: dict[str, list[int]] = {}
        for at, one in enumerate(targets):
            for value in {plain(value) for value in one.values} if kind(one) not in ("number", "time") else ():
                self._exact.setdefault(value, []).append(at)
        self._rarity = rarity
        near = process.cdist(ours, theirs, scorer=fuzz.ratio, score_cutoff=100 * SPELLED, dtype=np.uint8)
        scaled = np.maximum(0.0, (near.astype(np.float32) / 100 - SPELLED) / (1 - SPELLED)) * 0.9
        self._near = scaled.reshape(len(ours), len(theirs))
        self._answers = np.array([bool({plain(v) for v in one.values} & (YES | NO)) for one in targets], dtype=bool)
        self._starting = _by_start(theirs)

    def row(self, at: int, exact: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """(what speaks for each target, share of the source's values that it has) of the source column at `at`."""
        import numpy as np

        said, found = np.zeros(self._count), np.zeros(self._count)
        total, telling = 0.0, 0
        for value, count in self._left[at]:
            if value in NEITHER:
                continue
            weight = math.sqrt(count)
            total, telling = total + weight, telling + 1
            worth, quality = self._value(value, exact)
            said += weight * worth
            found += weight * (quality >= 0.3)
        if not total:
            return said, found
        # Few values say less: two that agree may do so by chance.
        return said / total * min(1.0, 0.55 + 0.15 * telling), found / total

    def _value(self, value: str, exact: bool) -> tuple[np.ndarray, np.ndarray]:
        """(quality times rarity, quality) of the best target value of each target column."""
        import numpy as np

        worth, quality = np.zeros(self._count), np.zeros(self._count)
        for part in [value] if exact else variants(value):
            if len(self._flat) and not exact:
                near = self._near[self._ours[part]].copy()
                for place in self._starting.get(part, ()) if len(part) <= 4 else ():
                    near[place] = max(near[place], SHORT)
                worth[self._filled] = np.maximum(
                    worth[self._filled], np.maximum.reduceat((near * self._rare)[self._flat], self._starts)
                )
                quality[self._filled] = np.maximum(
                    quality[self._filled], np.maximum.reduceat(near[self._flat], self._starts)
                )
            for target in self._exact.get(part, ()):
                sure = 1.0 if part == value else CODE
                worth[target] = max(worth[target], sure * self._rarity.get(part, 1.0))
                quality[target] = max(quality[target], sure)
        if value in YES | NO:
            worth[self._answers] = np.maximum(worth[self._answers], ANSWER * 0.2)
            quality[self._answers] = np.maximum(quality[self._answers], ANSWER)
        return worth, quality


def variants(value: str) -> list[str]:
    """A value and what may stand for it: the code in front of a label, and the label."""
    first, _, rest = value.partition(" ")
    coded = rest and len(first) <= 6 and any(sign.isdigit() for sign in first) and not rest[0].isdigit()
    return [value, first, rest] if coded else [value]


def common(facts: Facts, most: int) -> list[tuple[str, int]]:
    """The most frequent values of a column as they are compared."""
    counts: Counter[str] = Counter()
    for value, count in facts.values.items():
        counts[plain(value)] += count
    return counts.most_common(most)


def _by_start(texts: Sequence[str]) -> dict[str, list[int]]:
    """Up to four first letters of a text, and the initials of its words -> where it stands."""
    found: dict[str, list[int]] = {}
    for at, text in enumerate(texts):
        if not text or text[0].isdigit():
            continue
        parts = {text[:length] for length in range(1, min(5, len(text)))}
        pieces = text.split()
        if 1 < len(pieces) <= 4:
            parts.add("".join(piece[0] for piece in pieces))
        for part in parts:
            found.setdefault(part, []).append(at)
    return found
