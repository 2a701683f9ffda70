"""How the vocabularies are written down: names between bars or line ends, in lower case."""

from __future__ import annotations

import unicodedata


def listed(text: str) -> frozenset[str]:
    """The names in `text`, each once."""
    return frozenset(name.strip() for name in text.replace("\n", "|").split("|") if name.strip())


def spaced(text: str) -> frozenset[str]:
    """The words in `text`, each once."""
    return frozenset(text.split())


def fold(text: str) -> str:
    """`text` without accents, `ß` as `ss`; other scripts stay."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ł", "l").replace("ø", "o"))
    return "".join(sign for sign in decomposed if not "\u0300" <= sign <= "\u036f")
