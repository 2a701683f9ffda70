"""Someone else's word on what a column means (a model's, a person's), tested by what tests our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aifirst_dagster.inference import names
from aifirst_dagster.inference.meanings import decide, registry
from aifirst_dagster.inference.meanings.kind import Look, Meaning

#: Distinct values that a claim is tested on.
VALUES = 2_000


@dataclass(frozen=True)
class Tried:
    """What the values said of a claim.

    Attributes:
        name: The semantic type that was meant.
        holds: True: values of this kind are told by their look, and these are. False: they are not of this kind.
            None: the look of the values does not tell.
        evidence: Why, in a sentence.
        failing: Texts that speak against it.
    """

    name: str
    holds: bool | None
    evidence: str
    failing: Sequence[str] = ()


def canonical(said: str) -> str | None:
    """The semantic type that `said` means (`zip_code`: `postal_code`); None where none of them is meant."""
    plain = said.strip().lower().replace(" ", "_").replace("-", "_")
    if plain in registry.titles():
        return plain
    places = registry.by_phrase().get(names.words(plain), ())
    sure = [registry.MEANINGS[place].name for place in places if not registry.MEANINGS[place].called.endswith("?")]
    return sure[0] if sure else None


def test(said: str, texts: Sequence[str], types: Sequence[str]) -> Tried | None:
    """Whether `texts` are what `said` names; None where no semantic type of that name is known.

    Args:
        said: A semantic type, or a word for one.
        texts: Distinct texts of the column's cells, trimmed, without null tokens.
        types: Table Schema types that the column may have.
    """
    name = canonical(said)
    if name is None:
        return None
    entries = registry.of_name(name)
    tests = [entry for entry in entries if entry.looks is not None and entry.alone != 0.0]
    if not tests:
        fits = any(kind in entry.types for entry in entries for kind in types)
        return Tried(
            name, None if fits else False, f"{entries[0].title} are never {' or '.join(dict.fromkeys(types))}."
        )
    look = Look("", types[0], list(texts))
    best: tuple[float, int, Meaning] | None = None
    for entry in tests:
        share, tested = _share(look, entry)
        if not tested:
            return Tried(name, None, "There is no value to test.")
        if decide.suffices(entry, share, tested):
            return Tried(name, True, _counted(entry, share, tested), ())
        if share >= entry.named and (best is None or share > best[0]):
            best = share, tested, entry
    if best:
        return Tried(name, None, f"{_counted(best[2], *best[:2])}; other things look so too")
    closest = max(tests, key=lambda entry: _share(look, entry)[0])
    failing = [text for text in texts if closest.looks and not closest.looks(text)][:3]
    return Tried(name, False, _counted(closest, *_share(look, closest)), failing)


def _share(look: Look, entry: Meaning) -> tuple[float, int]:
    most = VALUES if entry.most >= 300 else entry.most
    texts = look.texts[:most]
    # `Look.share` stops early where a first few fail; a claim is worth every value.
    return (
        (sum(bool(entry.looks(text)) for text in texts) / len(texts), len(texts)) if texts and entry.looks else (0, 0)
    )


def _counted(entry: Meaning, share: float, tested: int) -> str:
    return f"{round(share * tested)} of {tested} different values pass: {entry.test}"
