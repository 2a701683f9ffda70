"""Which value of a category is which of the values that the target knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aifirst_dagster.inference.matching.facts import Facts, plain
from aifirst_dagster.inference.matching.kinds import NEITHER, NO, YES
from aifirst_dagster.inference.matching.names import stem
from aifirst_dagster.inference.matching.spellings import variants

#: More distinct values than this are no categories.
MOST = 200
#: Spellings less alike than this are different values.
NEAR = 0.84
#: Words that mean the same as values of categories; each line one meaning.
_SAME = (
    "male m man men boy mannlich mannlich maschio masculin masculino", "female f woman women girl weiblich femenino",
    "dead deceased died", "alive living lives survived", "active enabled current", "inactive disabled former",
    "single unmarried", "usa us united states united states of america", "uk united kingdom great britain gb",
    "high h hoch", "medium m moderate mid mittel", "low l niedrig", "white caucasian", "small s", "large l",
)  # fmt: skip


@dataclass
class Values:
    """Source value -> target value where they differ, and source values that the target does not know."""

    mapping: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    share: float = 0.0


def translate(source: Facts, target: Facts) -> Values | None:
    """Each value of `source` as `target` spells it; None where either is no category, or hardly a value is known.

    The share is that of the cells whose value the target knows.
    """
    if not source.values or not target.values or source.distinct > MOST or not target.categorical:
        return None
    known = {plain(value): value for value in sorted(target.values, key=lambda v: (target.values[v], v))}
    found, cells, said = Values(), 0, 0
    for value, count in source.values.items():
        meant = value if value in target.values else _meant(plain(value), known)
        cells += count
        if meant is None:
            found.unknown.append(value)
            continue
        said += count
        if meant != value:
            found.mapping[value] = meant
    found.share = said / cells if cells else 0.0
    return found if found.share >= 0.5 or not found.unknown else None


def _meant(value: str, known: Mapping[str, str]) -> str | None:
    """The target's value for one of the source's; None where none or more than one may be meant."""
    for part in variants(value):
        if part in known:
            return known[part]
    for words in (YES, NO, NEITHER):
        hits = [spelled for one, spelled in known.items() if one in words]
        if value in words and len(hits) == 1:
            return hits[0]
    for line in _SAME:
        texts = _readings(line)
        hits = [spelled for one, spelled in known.items() if one in texts]
        if value in texts and len(hits) == 1:
            return hits[0]
    return _spelled(value, known)


def _readings(line: str) -> frozenset[str]:
    """The words of a line and its runs of words: "united states" is one value."""
    words = line.split()
    return frozenset(" ".join(words[at:to]) for at in range(len(words)) for to in range(at + 1, len(words) + 1))


def _spelled(value: str, known: Mapping[str, str]) -> str | None:
    from rapidfuzz import fuzz, process

    starts = [one for one in known if one.startswith(value) or value.startswith(one)]
    if len(value) <= 3 and len(starts) == 1 and not value.isdigit() and not starts[0].isdigit():
        return known[starts[0]]
    if len(value) < 4:
        return None
    roots = {" ".join(stem(word) for word in one.split()): one for one in known}
    best = process.extract(" ".join(stem(word) for word in value.split()), list(roots), scorer=fuzz.ratio, limit=2)
    if not best or best[0][1] < 100 * NEAR or (len(best) > 1 and best[1][1] > best[0][1] - 5):
        return None
    # Two that differ in a digit are two values, however alike they are.
    if [sign for sign in best[0][0] if sign.isdigit()] != [sign for sign in value if sign.isdigit()]:
        return None
    return known[roots[best[0][0]]]
