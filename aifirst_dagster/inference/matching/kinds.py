"""What kind of thing a column holds: as its type and values say, or as its name lets one expect."""

from __future__ import annotations

from typing import Literal

from aifirst_dagster.inference.matching.facts import Facts, plain
from aifirst_dagster.inference.matching.names import words

Kind = Literal["number", "time", "boolean", "category", "text", "any"]

_BY_TYPE: dict[str, Kind] = {
    "integer": "number", "number": "number", "year": "number", "duration": "number", "date": "time",
    "datetime": "time", "yearmonth": "time", "time": "time", "boolean": "boolean",
}  # fmt: skip
_NUMBERS = """
age amount count counts quantity number percent percentage fraction ratio size weight height width length depth
volume diameter dimension thickness index score rate days hours minutes seconds years months price cost total sum
average mean min max latitude longitude temperature concentration distance duration year density value purity
"""
_NUMBER = frozenset(_NUMBERS.split())
_TIME = frozenset({"date", "datetime", "timestamp"})
_BOOLEAN = frozenset({"is", "has", "present", "flag", "indicator"})
_CATEGORY = frozenset(
    {"type", "status", "category", "class", "method", "stage", "grade", "kind", "state", "gender", "race"}
)

#: Words for yes, for no, and for neither, as categories spell them.
YES = frozenset({
    "yes", "y", "true", "t", "1", "present", "positive", "pos", "ja", "oui", "si", "sim", "detected", "observed",
    "found", "identified",
})  # fmt: skip
NO = frozenset({
    "no", "n", "false", "f", "0", "absent", "negative", "neg", "nein", "non", "none", "nao", "undetected", "never",
    "not present", "not identified", "not detected", "not observed", "none identified", "not found",
})  # fmt: skip
NEITHER = frozenset({
    "unknown", "not reported", "n a", "na", "not available", "not applicable", "indeterminate", "undetermined", "null",
    "missing", "unspecified", "not specified", "other", "not known", "unk", "not allowed to collect", "not recorded",
    "equivocal", "cannot be determined", "not evaluated", "not assessed",
})  # fmt: skip


def kind(facts: Facts) -> Kind:
    """The kind as types and values say; "any" where they do not."""
    if facts.column.type in _BY_TYPE:
        return "boolean" if yes_or_no(facts) else _BY_TYPE[facts.column.type]
    if not facts.values:
        return "any"
    if yes_or_no(facts):
        return "boolean"
    return "category" if facts.categorical else "text"


def yes_or_no(facts: Facts) -> bool:
    """Whether the values say yes or no and at most that nothing is known."""
    if not 0 < facts.distinct <= 8:
        return False
    held = {plain(value) for value in facts.values}
    return bool(held & (YES | NO)) and held <= YES | NO | NEITHER and not held <= {"0", "1", "unknown", "other"} - {"1"}


def expected(name: str) -> Kind:
    """The kind that a name lets one expect; "any" where it says nothing."""
    said = words(name)
    if not said:
        return "any"
    if said[0] in ("is", "has", "was") or said[-1] in _BOOLEAN:
        return "boolean"
    if set(said) & _TIME and said[-1] in _TIME:
        return "time"
    if said[0] in ("days", "number", "percent", "count", "total") or said[-1] in _NUMBER or said[0] in _NUMBER:
        return "number"
    return "category" if said[-1] in _CATEGORY else "any"
