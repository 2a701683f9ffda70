"""All semantic types by family; where two are equally sure, the first one is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from aifirst_dagster.inference.meanings import (
    calendar,
    commerce,
    internet,
    labels,
    measures,
    national,
    people,
    places,
    technical,
)
from aifirst_dagster.inference.meanings.kind import Meaning
from aifirst_dagster.inference.vocabularies.words import fold

FAMILIES: Mapping[str, Sequence[Meaning]] = {
    "Internet": internet.MEANINGS,
    "Software": technical.MEANINGS,
    "Products, accounts, securities": commerce.MEANINGS,
    "Numbers given by states": national.MEANINGS,
    "People": people.MEANINGS,
    "Places": places.MEANINGS,
    "Calendar": calendar.MEANINGS,
    "Amounts and measures": measures.MEANINGS,
    "Labels and text": labels.MEANINGS,
}
MEANINGS: tuple[Meaning, ...] = tuple(meaning for family in FAMILIES.values() for meaning in family)

PERSONAL = frozenset(meaning.name for meaning in MEANINGS if meaning.personal)
"""Types whose values may tell who somebody is."""
OPEN = frozenset(meaning.name for meaning in MEANINGS if meaning.open)
"""Types whose columns take new values any day, however few they hold now."""


@cache
def titles() -> Mapping[str, str]:
    """What the values of each type are called, in the plural."""
    return {meaning.name: meaning.title for meaning in reversed(MEANINGS)}


@cache
def by_phrase() -> Mapping[str, Sequence[int]]:
    """A phrase of a column's name -> the places in `MEANINGS` that it speaks for."""
    names, found = column_names(), dict[str, list[int]]()
    for place, meaning in enumerate(MEANINGS):
        # What is called `city?` may be a city; what is called `city` is one by all means.
        phrases = {*names.get(meaning.called, ()), *names.get(meaning.called.rstrip("?"), ())}
        for spelled in phrases | {phrase.replace(" ", "") for phrase in phrases}:
            found.setdefault(spelled, []).append(place)
    return found


@cache
def column_names() -> Mapping[str, Sequence[str]]:
    """Key -> what columns are called, in many languages, in lower case without accents."""
    import json
    from importlib.resources import files

    text = files("aifirst_dagster.inference.meanings").joinpath("column_names.json").read_text(encoding="utf-8")
    listed: dict[str, list[str]] = json.loads(text)
    return {key: [fold(phrase) for phrase in phrases] for key, phrases in listed.items()}


def of_name(name: str) -> list[Meaning]:
    """Every entry of the semantic type `name`."""
    return [meaning for meaning in MEANINGS if meaning.name == name]
