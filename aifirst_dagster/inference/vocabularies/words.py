"""How the vocabularies are written down: names between bars or line ends, in lower case."""

from __future__ import annotations


def listed(text: str) -> frozenset[str]:
    """The names in `text`, each once."""
    return frozenset(name.strip() for name in text.replace("\n", "|").split("|") if name.strip())


def spaced(text: str) -> frozenset[str]:
    """The words in `text`, each once."""
    return frozenset(text.split())
