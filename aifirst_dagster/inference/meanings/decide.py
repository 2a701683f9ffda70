"""Which semantic type a column has: every type is tried on its values and its name, the surest one wins."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aifirst_dagster.inference.meanings import measures, registry
from aifirst_dagster.inference.meanings.kind import Look, Meaning

#: How telling a name is by itself, from 0 to 1, where values can be tested too, and where they cannot.
NAME, NAME_ALONE = 0.6, 0.7
#: What a word is worth that the name goes on after; too little where values cannot be tested.
INSIDE = 0.5
#: What a name has to be worth where values alone do not tell.
HINT = 0.3
#: How likely it may be that values of another kind all pass by accident.
ACCIDENT = 1e-3
#: A unit that stands at the numbers says what they measure.
UNIT = 0.9


@dataclass(frozen=True)
class Found:
    """A semantic type with how sure it is (0 to 1) and what speaks for it, in words."""

    name: str
    confidence: float
    evidence: str


def decide(look: Look) -> Found | None:
    """The meaning that values and name speak for most; None where nothing is sure enough."""
    named = _named(look)
    best: Found | None = None
    for place, meaning in enumerate(registry.MEANINGS):
        if look.type not in meaning.types:
            continue
        worth = named.get(place, 0.0)
        if meaning.alone is None and worth < HINT:
            continue
        # Nothing that this type could reach would win.
        if best and _combined(meaning.weight, worth) <= best.confidence:
            continue
        found = judge(meaning, look, worth)
        if found and (best is None or found.confidence > best.confidence):
            best = found
    by_unit = measures.by_unit(look.unit) if look.type in ("integer", "number") else None
    if by_unit and (best is None or best.confidence < UNIT):
        best = Found(by_unit, UNIT, f"its numbers are in {look.unit}")
    return best


def judge(meaning: Meaning, look: Look, worth: float) -> Found | None:
    """How sure one meaning is of a column; None where too few values look so.

    Args:
        meaning: What to test.
        look: The column.
        worth: How much the name says it, from 0 to 1.
    """
    if meaning.given and not meaning.given(look):
        return None
    if meaning.looks is None:
        # A word in front says what kind of thing the last one is: `wind direction` is no speed of the wind.
        return Found(meaning.name, round(NAME_ALONE * worth, 3), "the name says so") if worth > INSIDE else None
    share, tested = look.share(meaning.looks, meaning.most)
    if not tested:
        return None
    enough = suffices(meaning, share, tested)
    if not enough and not (worth and share >= meaning.named and share > 0):
        return None
    # One value more that does not fit is to be expected of what has not been seen.
    seen = share * tested / (tested + 0.25)
    confidence = _combined(meaning.weight * seen, worth)
    return Found(meaning.name, round(confidence, 3), _evidence(meaning, share, tested, worth))


def suffices(meaning: Meaning, share: float, tested: int) -> bool:
    """Whether the values suffice without the name: enough of them, and too many to be an accident."""
    if meaning.alone is None or share < meaning.alone:
        return False
    return not meaning.chance or tested >= math.log(ACCIDENT) / math.log(meaning.chance)


def _combined(values: float, name: float) -> float:
    return 1 - (1 - values) * (1 - NAME * name)


def _named(look: Look) -> dict[int, float]:
    """The meanings that the name speaks for, by place, and how much."""
    index, found = registry.by_phrase(), dict[int, float]()
    for phrase, worth in look.phrases.items():
        for place in index.get(phrase, ()):
            found[place] = max(found.get(place, 0.0), worth)
    return found


def _evidence(meaning: Meaning, share: float, tested: int, worth: float) -> str:
    fit = round(share * tested)
    count = "all" if fit == tested else f"{fit} of"
    values = f"{count} {tested} different values tested: {meaning.test}"
    return f"{values}; the name says so too" if worth else values
