"""Names of countries, languages and currencies in many languages, from CLDR as babel holds it; read in on demand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal

from aifirst_dagster.inference.vocabularies.words import fold

#: In the order in which they are tried.
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "hu", "ro", "tr", "ru", "uk",
             "el", "ar", "he", "zh", "ja", "ko", "vi", "id", "th", "hi")  # fmt: skip

Kind = Literal["territories", "languages", "currencies"]


def knows(kind: Kind, text: str) -> bool:
    """Whether `text` is the name of such a thing in one of `LANGUAGES`; each is read in once an earlier one fails."""
    plain = _plain(text)
    return any(plain in _names(kind, language) for language in LANGUAGES)


def is_language_code(text: str) -> bool:
    """Whether `text` begins with a code of ISO 639 that CLDR knows."""
    from babel import Locale

    return re.split("[-_]", text)[0].lower() in Locale.parse("en").languages


@cache
def _names(kind: Kind, language: str) -> frozenset[str]:
    from babel.localedata import load

    # Without what a language inherits: putting that together takes most of the time, and holds no names.
    return frozenset(map(_plain, _told(load(language, merge_inherited=False)[_SECTIONS[kind]])))


_SECTIONS: dict[Kind, str] = {"territories": "territories", "languages": "languages", "currencies": "currency_names"}


def _told(names: Mapping[str, object]) -> Iterator[str]:
    """The names themselves; what is only a pointer to another entry is left out."""
    return (name for name in names.values() if isinstance(name, str))


def _plain(text: str) -> str:
    """In lower case, without accents, what stands in brackets or behind a comma."""
    short = re.sub(r"\s*[(,].*", "", fold(text.casefold())) or text
    return short.replace("&", "and").replace("saint ", "st. ").removeprefix("the ").strip()
