"""How much the values of two columns have in common: shared texts, spellings of them, distributions and shapes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.inference.matching.distributions import Numbers, shape_rows
from aifirst_dagster.inference.matching.facts import Facts, plain
from aifirst_dagster.inference.matching.kinds import NEITHER, Kind, kind
from aifirst_dagster.inference.matching.spellings import Spellings

if TYPE_CHECKING:
    import numpy as np

#: Columns with fewer distinct values than this share numbers by chance.
MANY = 15


@dataclass
class ValueScores:
    """Scores of each source column (rows) against each target column.

    Attributes:
        likeness: What speaks for the pair, from 0 to 1: little where all columns share such values.
        shared: The share of the source's values that the target has, in this or a near spelling.
        against: What speaks against it, from 0 to 1.
    """

    likeness: np.ndarray
    shared: np.ndarray
    against: np.ndarray


def compare(sources: Sequence[Facts], targets: Sequence[Facts]) -> ValueScores:
    """Compare the values of all columns of both sides."""
    import numpy as np

    like, shared, against = np.zeros((3, len(sources), len(targets)))
    kinds = np.array([kind(one) for one in targets])
    filled = np.array([bool(one.values) for one in targets], dtype=bool)
    spellings = Spellings(sources, targets, rarity(targets))
    numbers, same = Numbers(targets), _Same(targets)
    shapes = shape_rows(sources, targets)
    for at, source in enumerate(sources):
        mine = kind(source)
        if not source.values:
            continue
        theirs = _comparable(mine, kinds) & filled
        if mine in ("number", "time"):
            alike, apart = numbers.row(source)
            equal = same.row(source)
            number = (kinds == mine) & filled
            like[at, number] = np.maximum(alike, 0.9 * equal)[number]
            shared[at, number], against[at, number] = equal[number], apart[number]
        if mine == "boolean":
            # Yes and no are in too many columns to tell them apart.
            like[at, (kinds == "boolean") & filled] = 0.25
            shared[at, (kinds == "boolean") & filled] = 1.0
            theirs &= kinds != "boolean"
        if theirs.any():
            said, found = spellings.row(at, exact=mine in ("number", "time"))
            equal = same.row(source)
            said = np.maximum(said, 0.95 * equal)
            found = np.maximum(found, equal)
            like[at, theirs], shared[at, theirs] = said[theirs], found[theirs]
            against[at, theirs] = np.maximum(0.0, 0.5 - found)[theirs]
            texts = theirs & ((kinds == "text") | (mine == "text"))
            like[at, texts] = np.maximum(like[at], 0.55 * shapes[at])[texts]
            against[at, texts] = np.maximum(0.0, 0.3 - np.maximum(shapes[at], found))[texts]
        other = filled & ~theirs & (kinds != mine)
        against[at, other] = np.where((kinds == "time") | (mine == "time"), 0.8, 0.6)[other]
    return ValueScores(like, shared, against)


def _comparable(mine: Kind, theirs: np.ndarray) -> np.ndarray:
    """Which kinds have values that may be the same texts as a column of kind `mine` has."""
    import numpy as np

    if mine == "number":  # codes of categories
        return theirs == "category"
    if mine in ("category", "text", "boolean"):
        return np.isin(theirs, ["category", "text", "boolean", "number"] if mine == "category" else
                       ["category", "text", "boolean"])  # fmt: skip
    return np.zeros(len(theirs), dtype=bool)


def rarity(targets: Sequence[Facts]) -> dict[str, float]:
    """Target value -> how telling it is, from 0 (in every column) to 1 (in one)."""
    seen = Counter(value for one in targets for value in {plain(value) for value in one.values})
    filled = max(2, sum(bool(one.values) for one in targets))
    rare = {value: 1 - math.log(count) / math.log(filled + 1) for value, count in seen.items()}
    return rare | {value: min(rare.get(value, 0.3), 0.1) for value in NEITHER}


class _Same:
    """The share of a column's values that each target column holds, letter by letter; columns of many values only."""

    def __init__(self, targets: Sequence[Facts]) -> None:
        self._targets = targets
        self._where: dict[str, list[int]] = {}
        for at, one in enumerate(targets):
            if one.distinct >= MANY:
                for value in {value.strip().lower() for value in one.values}:
                    self._where.setdefault(value, []).append(at)

    def row(self, source: Facts) -> np.ndarray:
        """One share for each target. Where a side keeps a part only, both are compared up to the same hash."""
        import numpy as np

        shares = np.zeros(len(self._targets))
        if source.distinct < MANY:
            return shares
        hits: Counter[int] = Counter()
        for value in source.values:
            hits.update(self._where.get(value.strip().lower(), ()))
        for at, count in hits.items():
            horizon = self._targets[at].horizon
            seen = len(source.values)
            if horizon is not None and source.hashes:
                seen = sum(place <= horizon for place in source.hashes.values())
            elif horizon is not None:
                seen = max(MANY, round(len(source.values) * len(self._targets[at].values) / self._targets[at].distinct))
            # Small whole numbers are everywhere: how much of the target it covers counts, too.
            shares[at] = min(1.0, count / max(1, seen)) * min(1.0, 0.5 + count / max(1, len(self._targets[at].values)))
        return shares
