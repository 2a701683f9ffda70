"""A semantic type: how one of its values is told, what its columns are called, and how sure that makes one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from aifirst_dagster.inference import names
from aifirst_dagster.inference.vocabularies.units import QUANTITY
from aifirst_dagster.inference.vocabularies.words import fold, spaced

TEXT = frozenset({"string"})
NUMERIC = frozenset({"integer", "number"})
WHOLE = frozenset({"integer"})
DATED = frozenset({"date", "datetime"})
#: Digits are kept as text where a number would lose something, so most codes may be either.
DIGITS = TEXT | WHOLE


#: Last words of a name that say which of several numbers it is, not what it counts.
_TAILS = spaced("max min avg mean median std maximum minimum average")
#: Last words that make a name one of something else: a `city code` is no city.
_HEADS = spaced("code id ids key number no nr num type count date time status flag url link rank score index level")


@dataclass(frozen=True)
class Look:
    """What is looked at to tell a column's meaning.

    Attributes:
        name: The column's name in the source.
        type: Its Table Schema type.
        texts: Distinct texts, trimmed, the most frequent first; null tokens left out.
        cells: Filled cells that these stand for; 0 where unknown.
        distinct: How many distinct texts there are in all.
        unit: What its numbers are counted in.
        closed: Whether it holds a closed set of values.
        unique: Whether no two rows of the sample share a value.
        in_order: The first texts in the order of the rows.
    """

    name: str
    type: str
    texts: list[str]
    cells: int = 0
    distinct: int = 0
    unit: str | None = None
    closed: bool = False
    unique: bool = False
    in_order: list[str] = field(default_factory=list)

    @cached_property
    def few(self) -> list[str]:
        """Texts for a first, cheap look, from all along the list."""
        return self.texts[:: max(1, len(self.texts) // 16)][:16]

    @cached_property
    def lengths(self) -> list[int]:
        """Lengths of the texts, sorted."""
        return sorted(map(len, self.texts))

    @cached_property
    def middle(self) -> int:
        """The length of a typical text."""
        return self.lengths[len(self.lengths) // 2] if self.lengths else 0

    @cached_property
    def numbers(self) -> list[float]:
        """The texts that are plain numbers, as numbers."""
        found = []
        for text in self.texts:
            try:
                found.append(float(text))
            except ValueError:
                continue
        return found

    @cached_property
    def words(self) -> list[str]:
        """The words of the name, without accents and without the digits at their ends."""
        stripped = [re.sub(r"(?<=\D\D)\d+$", "", word) for word in names.words(fold(self.name)).split()]
        kept = [word for at, word in enumerate(stripped) if word and not (at and word.isdigit())]
        while len(kept) > 1 and (kept[-1] in _TAILS or (kept[-1] in QUANTITY and self.type in NUMERIC)):
            kept.pop()
        return kept

    @cached_property
    def phrases(self) -> dict[str, float]:
        """Every run of up to three words of the name, and how much it is what the name is about, from 0 to 1."""
        words, found = self.words, dict[str, float]()
        for size in range(min(4, len(words)), 0, -1):
            for start in range(len(words) - size + 1):
                # The last words are what a name is about: a `company email` is an e-mail address.
                last = start + size == len(words)
                inside = 0.5 if words[-1] not in _HEADS else 0.2
                worth = 1.0 if size == len(words) else 0.85 if last else inside
                found.setdefault(" ".join(words[start : start + size]), worth)
        return found

    def share(self, looks: Callable[[str], object], most: int = 300) -> tuple[float, int]:
        """The share of (at most `most`) texts that look so, and how many were looked at."""
        texts = self.texts[:most]
        if not texts:
            return 0.0, 0
        if len(texts) > 48 and not any(looks(text) for text in self.few):
            return 0.0, len(self.few)
        return sum(bool(looks(text)) for text in texts) / len(texts), len(texts)

    def some(self, sign: str) -> bool:
        """Whether at least half of a few texts hold the character `sign`."""
        return sum(sign in text for text in self.few) * 2 >= len(self.few) > 0


@dataclass(frozen=True)
class Meaning:
    """A semantic type, told by its values, by the column's name, or by both.

    Attributes:
        name: As it stands in `Column.semantic_type`.
        title: Its values in a person's words, in the plural; begins a column's description.
        test: How a value is tested, in words; "" where values tell nothing.
        looks: Whether one value (trimmed) looks so; None where values tell nothing.
        called: The key of `column_names.json` that lists what its columns are called; "" where no name tells.
        types: The column types it can have.
        alone: The share of values that suffices whatever the name; None: the name has to say it too.
        named: The share of values that suffices where the name says it.
        chance: How often a value of the same form that means something else passes; decides how many are needed.
        weight: How telling it is that values look so, from 0 to 1.
        given: What has to hold of the column as a whole; cheap, asked first.
        most: How many distinct values are tested.
        personal: Whether its values may tell who somebody is.
        open: Whether new values are to be expected any day, however few there are now.
    """

    name: str
    title: str
    test: str = ""
    looks: Callable[[str], object] | None = None
    called: str = ""
    types: frozenset[str] = TEXT
    alone: float | None = 0.9
    named: float = 0.6
    chance: float = 0.01
    weight: float = 0.95
    given: Callable[[Look], object] | None = None
    most: int = 300
    personal: bool = False
    open: bool = False


def like(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Whether a whole text matches. Compiled at the first use: most tables need a few patterns only."""
    compiled: list[re.Pattern[str]] = []

    def matches(text: str) -> re.Match[str] | None:
        if not compiled:
            compiled.append(re.compile(pattern))
        return compiled[0].fullmatch(text)

    return matches


def one_of(values: Iterable[str]) -> Callable[[str], object]:
    """Whether a text is one of `values` (lower-case), in any case."""
    held = frozenset(values)
    return lambda text: text.casefold() in held


def within(low: float, high: float) -> Callable[[str], object]:
    """Whether a text is a number between `low` and `high`."""

    def inside(text: str) -> bool:
        try:
            return low <= float(text) <= high
        except ValueError:
            return False

    return inside
