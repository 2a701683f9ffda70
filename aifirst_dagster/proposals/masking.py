"""What may tell who somebody is goes to no model: values keep their shape, and lose what they say."""

from __future__ import annotations

import re
from collections.abc import Collection

from aifirst_dagster.inference.meanings import registry

_EMAIL = re.compile(r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_PHONE = re.compile(r"(?<![\w.])(?:\+|00|\()\(?\d[\d ()/.-]{6,18}\d(?!\w)|(?<![\w.])\d{3}[-. ]\d{3}[-. ]\d{4}(?!\w)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_SSN = re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")
_PERSON_COLUMN = re.compile(
    r"(?i)(^|[^a-z])((first|last|full|sur|family|given|middle|maiden|customer|client|contact|person|patient|employee|user"
    r"|owner|holder|nach|vor)[ _.-]?)?names?$|^(prenom|prénom|nom|apellidos?|nombre|cognome|vorname|nachname)$"
)
_DIGIT = re.compile(r"\d")
#: An apostrophe within a word opens and ends nothing: otherwise "the column's" would turn inside and outside around.
_QUOTED = re.compile(r"(?<!\w)'((?:[^']|''|'(?=\w))*)'(?!\w)")


def names_people(column: str, semantic_type: str | None = None) -> bool:
    """Whether a column's values tell who somebody is (names, addresses, ...), by its name and its meaning."""
    known = semantic_type in registry.PERSONAL or "person" in (semantic_type or "") or semantic_type == "name"
    return known or bool(_PERSON_COLUMN.search(column))


def mask(text: str, person: bool = False) -> str:
    """`text` with e-mail addresses, phone, card and account numbers made anonymous; where `person`, all of it.

    The shape stays (length, case, separators, an address's top-level domain), because the shape is what a model is
    asked about.
    """
    text = _EMAIL.sub(_email, text)
    for pattern in (_IBAN, _CARD, _SSN, _PHONE):
        text = pattern.sub(lambda found: _shape(found[0]), text)
    return _shape(text) if person and "@" not in text else text


def told(error: str, samples: bool = True, said: Collection[str] = ()) -> str:
    """The words of an error without the values in them: what is quoted keeps its shape, or goes altogether.

    Args:
        error: As DuckDB or the engine words it.
        samples: Whether shapes of values may be shown.
        said: Texts that the model said or knows, column names say: these stay.
    """

    def hidden(found: re.Match[str]) -> str:
        return found[0] if found[1] in said else f"'{_shape(found[1])}'" if samples else "'...'"

    return mask(_QUOTED.sub(hidden, error))


def _email(found: re.Match[str]) -> str:
    head, _, end = found[0].rpartition(".")
    return f"{_shape(head)}.{end}"


def _shape(text: str) -> str:
    return _letters(_DIGIT.sub("9", text))


def _letters(text: str) -> str:
    """Every letter as X or x; scripts without case count as lower case."""
    return "".join(("X" if sign.isupper() else "x") if sign.isalpha() else sign for sign in text)
