"""Which source column is which target field: names without their spelling, known synonyms, types and meanings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.mapping.target import TargetField

#: Below this a pair is no match.
ENOUGH = 0.62

_SYNONYMS = (
    "birthdate dob birthday born birth", "zip zipcode postcode postal plz postalcode",
    "phone tel telephone mobile cell fon", "email mail e-mail emailaddress", "amount amt sum total value",
    "quantity qty count number_of", "number no nr num nbr", "identifier id key code uid",
    "customer cust client kunde buyer", "address addr street", "country nation land ctry",
    "description desc text note comment", "first given fore vorname firstname",
    "last family sur nachname lastname surname", "price cost rate", "date day on at dt",
    "created signup signed joined registered since", "updated modified changed", "status state", "gender sex",
    "city town ort", "company organisation organization firm employer", "currency ccy curr",
    "category class kind type group segment tier", "region area province", "order purchase",
    "product item article sku", "revenue sales turnover", "spend spending spent", "year yr", "month mo",
    "latitude lat", "longitude lng lon long", "birth_date date_of_birth",
)  # fmt: skip
_CANON = {word: line.split()[0] for line in _SYNONYMS for word in line.split()}
_FAMILY = {
    "integer": "number", "number": "number", "year": "number", "date": "time", "datetime": "time", "yearmonth": "time",
    "time": "clock", "boolean": "boolean", "string": "string", "any": "any",
}  # fmt: skip


def match(columns: Sequence[Column], targets: Sequence[TargetField]) -> dict[str, tuple[str, float]]:
    """Target field -> (source column's name, confidence), each column used once, the surest pairs first."""
    pairs = sorted(
        ((score(column, field), column.name, field.name) for column in columns for field in targets),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    found: dict[str, tuple[str, float]] = {}
    used: set[str] = set()
    for confidence, source, target in pairs:
        if confidence < ENOUGH:
            break
        if target not in found and source not in used:
            found[target] = (source, round(confidence, 3))
            used.add(source)
    return found


def score(column: Column, field: TargetField) -> float:
    """How likely `column` is `field`, from 0 to 1."""
    names = max(
        similarity(left, right)
        for left in {column.name, column.source_name}
        for right in {field.name, field.title or field.name}
    )
    meaning = column.semantic_type or ""
    if meaning and _words(meaning) == _words(field.name):
        names = max(names, 0.9)
    kinds = _FAMILY.get(column.type, "any"), _FAMILY.get(field.type, "any")
    if kinds[0] == kinds[1] or "any" in kinds:
        return min(1.0, names + 0.05)
    # Text can hold anything, so it speaks least against a match; a date for a number speaks most.
    return names - (0.05 if "string" in kinds else 0.35)


def similarity(left: str, right: str) -> float:
    """How alike two names are, whatever their case, separators and abbreviations; 1 is the same name."""
    one, two = _words(left), _words(right)
    if not one or not two:
        return 1.0 if left == right else 0.0
    if one == two:
        return 1.0
    shared = len(set(one) & set(two)) / len(set(one) | set(two))
    plain = SequenceMatcher(None, "".join(one), "".join(two)).ratio()
    subset = 0.8 if (set(one) < set(two) or set(two) < set(one)) and shared >= 0.5 else 0.0
    return max(0.6 * shared + 0.4 * plain, subset, plain if plain > 0.85 else 0.0)


def _words(name: str) -> list[str]:
    split = re.sub(r"(?i)\be[-_ ]mail", "email", re.sub(r"([a-z\d])([A-Z])", r"\1 \2", name))
    words = [word for word in re.split(r"[\W_]+", split.lower()) if word]
    return sorted(_CANON.get(word, word) for word in words if word not in ("of", "the", "up"))
