"""Standard column names: snake_case, ASCII, unique, free of words that SQL and this project keep for themselves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from aifirst_dagster.datasets.session import HIDDEN

MAX_LENGTH = 60

#: Letters that Unicode decomposition leaves as they are, or that their languages spell out.
_SPELLED = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "oe",
    "Ø": "Oe", "å": "aa", "Å": "Aa", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "þ": "th", "Þ": "Th", "ð": "d", "œ": "oe",
    "%": " percent ", "#": " number ", "&": " and ", "€": " eur ", "$": " usd ", "£": " gbp ", "°": " deg ", "µ": "u",
    "'": "", "’": "", "@": " at ", "+": " plus ",
})  # fmt: skip

_WORDS = """
all and any array as asc both case cast check column constraint create cross current_date current_time
current_timestamp default delete desc distinct do drop else end except false fetch for foreign from full grant group
having in inner insert intersect into is join lateral leading left like limit not null offset on only or order outer
primary references returning right select set some table then to trailing true union unique update user using values
when where window with
"""
#: Words that cannot stand unquoted as a column in common SQL dialects.
_RESERVED = frozenset(_WORDS.split())


def standard(name: str) -> str:
    """`name` in snake_case ASCII (`Größe (cm)` -> `groesse_cm`); "" where nothing of it can be kept."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name).translate(_SPELLED))
    text = text.encode("ascii", "ignore").decode("ascii")
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    text = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:MAX_LENGTH].rstrip("_")
    if text[:1].isdigit():
        text = f"n_{text}"
    return f"{text}_" if text in _RESERVED else text


def words(name: str) -> str:
    """`name` as lower-case words with single spaces (`customerID_2` -> `customer id 2`)."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return " ".join(re.findall(r"[^\W_]+", spaced.lower()))


def key(name: str) -> str:
    """What makes two spellings one name, as in `connectors.union`."""
    return standard(name) or f" {name.strip().casefold()}"


def standardise(names: Iterable[str]) -> list[str]:
    """A standard name for each of `names`, in order; unique: a repeated one gets `_2`, `_3`, ...

    What has no letter that can be kept becomes `column_<position>`, counted from 1.
    """
    names = list(names)
    wanted = [standard(name) or f"column_{at}" for at, name in enumerate(names, 1)]
    # A name that is standard already keeps itself, whichever other name comes to the same.
    taken = {name for name, want in zip(names, wanted, strict=True) if name == want} | set(HIDDEN)
    kept: set[str] = set()
    unique = []
    for name, want in zip(names, wanted, strict=True):
        chosen, number = want, 2
        while chosen in kept or (chosen in taken and chosen != name):
            chosen, number = f"{want}_{number}", number + 1
        kept.add(chosen)
        unique.append(chosen)
    return unique
