"""One confidence for each pair of columns: names first, values for and against, kinds, meanings and descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.inference.matching.facts import Facts, plain
from aifirst_dagster.inference.matching.kinds import Kind, expected, kind
from aifirst_dagster.inference.matching.names import Names, stem, words
from aifirst_dagster.inference.matching.values import ValueScores, compare
from aifirst_dagster.inference.matching.vocabulary import STOP

if TYPE_CHECKING:
    import numpy as np

#: Meanings that say how a column looks, not what it is about.
GENERIC = frozenset({"category", "free_text", "identifier", "code", "text", "number", "boolean", "integer"})


@dataclass
class Scores:
    """Confidence of each pair (sources down, targets across), and its parts."""

    total: np.ndarray
    names: np.ndarray
    values: ValueScores
    meaning: np.ndarray


def score(sources: Sequence[Facts], targets: Sequence[Facts]) -> Scores:
    """Score every source column against every target column."""
    import numpy as np

    named = _names(sources, targets)
    values = compare(sources, targets)
    meaning = _meaning(sources, targets)
    kinds = _kinds(sources, targets)
    support = np.maximum(values.likeness, meaning)
    total = named + (1 - named) * 0.75 * support
    total = total * (1 - 0.6 * values.against) * (1 - kinds)
    return Scores(np.clip(total, 0.0, 1.0), named, values, meaning)


def _names(sources: Sequence[Facts], targets: Sequence[Facts]) -> np.ndarray:
    import numpy as np

    spelled = [[one.name for one in sources], [one.title or one.column.source_name or one.name for one in sources]]
    written = [[one.name for one in targets], [one.title or one.name for one in targets]]
    found = np.zeros((len(sources), len(targets)))
    done = set()
    for left in spelled:
        for right in written:
            if (key := (tuple(left), tuple(right))) not in done:
                done.add(key)
                names = Names(left, right)
                rows = [names.row(at) for at in range(len(left))]
                found = np.maximum(found, np.array(rows).reshape(found.shape))
    return found


def _meaning(sources: Sequence[Facts], targets: Sequence[Facts]) -> np.ndarray:
    """Same semantic type; words of a description that are the other side's name."""
    import numpy as np

    found = np.zeros((len(sources), len(targets)))
    meanings = [one.column.semantic_type for one in targets]
    named = [words(one.name) for one in targets]
    told = [_described(one) for one in targets]
    for at, source in enumerate(sources):
        mine = source.column.semantic_type
        said = {stem(word) for word in words(source.name) if word not in STOP and len(word) > 1}
        if mine and mine not in GENERIC:
            found[at] = [0.4 if mine == other else 0.0 for other in meanings]
            found[at, [words(mine) == other for other in named]] = 0.7
        for to, heard in enumerate(told):
            if heard and said:
                found[at, to] = max(found[at, to], 0.5 * len(said & heard) / len(said))
    return found


def _described(target: Facts) -> frozenset[str]:
    """Stems of a description's words, where a person wrote it: our own are about the values."""
    if target.values and not target.allowed:
        return frozenset()
    said = plain(target.column.description).split()
    return frozenset(stem(word) for word in said if word not in STOP and len(word) > 2)


def _kinds(sources: Sequence[Facts], targets: Sequence[Facts]) -> np.ndarray:
    """What kinds take away where values cannot be compared: a date is hardly a number, text for a number is rare."""
    import numpy as np

    found = np.zeros((len(sources), len(targets)))
    theirs = [kind(one) for one in targets]
    others = [expected(one.name) if said == "any" else said for one, said in zip(targets, theirs, strict=True)]
    for at, source in enumerate(sources):
        mine = kind(source)
        one = mine if mine != "any" else expected(source.name)
        for to, other in enumerate(others):
            if (source.values and targets[to].values) or "any" in (one, other) or one == other:
                continue
            guessed = theirs[to] == "any" or mine == "any"
            found[at, to] = _cost(one, other) * (0.6 if guessed else 1.0)
    return found


def _cost(one: Kind, other: Kind) -> float:
    if {one, other} <= {"category", "text"} or {one, other} == {"category", "boolean"}:
        return 0.03
    return 0.3 if "time" in (one, other) else 0.2
