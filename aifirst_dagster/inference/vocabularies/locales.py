"""Names of countries, languages and currencies in many languages, from CLDR as babel holds it.

babel takes 0.15 s or more to read in 28 languages, which is much for one look at one column. So the names lie
beside this module, one JSON file for each kind: `python -m aifirst_dagster.inference.vocabularies.locales` writes them.
CLDR is Unicode's, under the Unicode License v3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from aifirst_dagster.inference.vocabularies.words import fold

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "hu", "ro", "tr", "ru", "uk",
             "el", "ar", "he", "zh", "ja", "ko", "vi", "id", "th", "hi")  # fmt: skip

Kind = Literal["territories", "languages", "currencies"]
_SECTIONS: dict[Kind, str] = {"territories": "territories", "languages": "languages", "currencies": "currency_names"}


def knows(kind: Kind, text: str) -> bool:
    """Whether `text` is the name of such a thing in one of `LANGUAGES`."""
    return _plain(text) in _names(kind)


def is_language_code(text: str) -> bool:
    """Whether `text` begins with a code of ISO 639 that CLDR knows."""
    from babel import Locale

    return re.split("[-_]", text)[0].lower() in Locale.parse("en").languages


def file(kind: Kind) -> Path:
    """Where the names of a kind are."""
    return Path(__file__).with_name(f"{kind}.json")


def written(kind: Kind) -> str:
    """What belongs into that file: all the names as `knows` compares them, one a line."""
    from babel.localedata import load

    # Without what a language inherits: that holds no names.
    told = (_told(load(language, merge_inherited=False)[_SECTIONS[kind]]) for language in LANGUAGES)
    names = sorted({_plain(name) for names in told for name in names})
    return json.dumps(names, ensure_ascii=False, indent=0) + "\n"


@cache
def _names(kind: Kind) -> frozenset[str]:
    return frozenset(json.loads(file(kind).read_text(encoding="utf-8")))


def _told(names: Mapping[str, object]) -> Iterator[str]:
    """The names themselves; what is only a pointer to another entry is left out."""
    return (name for name in names.values() if isinstance(name, str))


def _plain(text: str) -> str:
    """In lower case, without accents, what stands in brackets or behind a comma."""
    short = re.sub(r"\s*[(,].*", "", fold(text.casefold())) or text
    return short.replace("&", "and").replace("saint ", "st. ").removeprefix("the ").strip()


if __name__ == "__main__":
    for one in get_args(Kind):
        file(one).write_text(written(one), encoding="utf-8")
