"""Table Schema's constraints on a column's cells, checked as they are written and compiled to SQL."""

from __future__ import annotations

import re
from typing import Any

from aifirst_dagster.datasets.session import LINE, SOURCE, literal
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.contract.contract import CONSTRAINTS

_HINT = f"Constraints: {', '.join(CONSTRAINTS)}."


def check(rules: Any, column: str, file: str | None = None) -> None:
    """Refuse constraints that nobody can test.

    Raises:
        ConfigError: There is no such constraint, or its value is of the wrong kind.
    """
    if not isinstance(rules, dict):
        raise ConfigError(f"The constraints of {column!r} are no mapping.", hint=_HINT, file=file)
    for name, value in rules.items():
        if name not in CONSTRAINTS:
            # Table Schema has a few more (jsonSchema, exclusiveMinimum): said, so that nobody relies on them.
            raise ConfigError(f"{column!r} has a constraint that is not tested here: {name!r}.", hint=_HINT, file=file)
        wrong = (
            (name in ("required", "unique") and not isinstance(value, bool))
            or (name in ("minLength", "maxLength") and (not isinstance(value, int) or isinstance(value, bool)))
            or (name == "enum" and (not isinstance(value, list) or not value))
        )
        if name == "pattern":
            try:
                re.compile(str(value))
            except re.error as error:
                raise ConfigError(f"The pattern of {column!r} is no regular expression: {error}.", hint=_HINT,
                                  file=file) from None  # fmt: skip
        if wrong:
            raise ConfigError(f"The constraint {name!r} of {column!r} cannot be {value!r}.", hint=_HINT, file=file)


def broken(rules: dict[str, Any], value: str, text: str, physical: str) -> list[tuple[str, str]]:
    """(words, SQL that is true where a cell breaks it) of each constraint but `required`.

    Args:
        rules: The column's constraints.
        value: SQL of the typed cell.
        text: SQL of the cell's text.
        physical: The column's DuckDB type.
    """
    tests = []
    for name, limit in rules.items():
        test = _test(name, limit, value, text, physical)
        if test and limit is not False:
            tests.append((_words(name, limit), f"({value} IS NOT NULL AND {test})"))
    return tests


def _test(name: str, limit: Any, value: str, text: str, physical: str) -> str:
    """SQL that is true where a value breaks one constraint."""

    def typed(one: Any) -> str:
        return f"CAST({literal(one)} AS {physical})"

    if name == "minimum":
        return f"{value} < {typed(limit)}"
    if name == "maximum":
        return f"{value} > {typed(limit)}"
    if name in ("minLength", "maxLength"):
        return f"len({text}) {'<' if name == 'minLength' else '>'} {int(limit)}"
    if name == "pattern":
        return f"NOT regexp_full_match({text}, {literal(limit)})"
    if name == "enum":
        return f"{value} NOT IN ({', '.join(map(typed, limit))})"
    if name == "unique":
        return f"row_number() OVER (PARTITION BY {value} ORDER BY {SOURCE}, {LINE}) > 1"
    return ""


def _words(name: str, limit: Any) -> str:
    """What is wrong with a cell that breaks a constraint."""
    return {
        "minimum": f"below the minimum {limit}", "maximum": f"above the maximum {limit}",
        "minLength": f"shorter than {limit}", "maxLength": f"longer than {limit}",
        "pattern": f"not of the pattern {limit}", "enum": "none of the values allowed", "unique": "not unique",
    }[name]  # fmt: skip
