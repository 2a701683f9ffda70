"""What a repair is in SQL: stages of expressions over one column, and the small pieces that several repairs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.schema import Column

#: Longer lists than this are dearer to search row by row than to join.
SHORT = 24
#: A text with anything to tidy: space around, two white-space characters in a row, or a character beyond plain ASCII.
UNTIDY = r"^\s|\s$|\s\s|[^ -~]"


@dataclass(frozen=True)
class Context:
    """What a repair's SQL is written for.

    Attributes:
        column: The column as it will be.
        params: The action's parameters.
        text: SQL identifier of the text that goes in.
        prefix: What the names of this action's stages start with.
    """

    column: Column
    params: Mapping[str, Any]
    text: str
    prefix: str = "#"

    def stage(self, name: str) -> str:
        """SQL identifier of one of this action's stages."""
        return ident(f"{self.prefix} {name}")


Stages = list[tuple[str, str]]
"""How a repair turns a text into a value: (SQL identifier, expression) in order; each may use those before it."""


def in_list(text_sql: str, values: Iterable[str]) -> str:
    """SQL: whether the text, in lower case without space around, is one of `values`."""
    return among(f"lower(trim({text_sql}))", sorted({value.strip().lower() for value in values}))


def among(text_sql: str, values: Iterable[str]) -> str:
    """SQL: whether a text is one of `values`.

    DuckDB makes a join of IN (and of `list_contains`), over all rows, whatever condition stands before it; a position
    is looked for only where it is asked.
    """
    listed = [literal(value) for value in dict.fromkeys(values)]
    if not listed:
        return "FALSE"
    if len(listed) == 1:
        return f"{text_sql} = {listed[0]}"
    every = ", ".join(listed)
    if len(listed) <= SHORT:
        return f"coalesce(list_position([{every}], {text_sql}), 0) > 0"
    return f"{text_sql} IN ({every})"


def lookup(text_sql: str, mapping: Mapping[str, str]) -> str:
    """SQL: the text that `mapping` gives for a text, else the text itself. A map where a CASE would be long."""
    if len(mapping) <= 40:
        cases = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in mapping.items())
        return f"CASE {text_sql} {cases} ELSE {text_sql} END"
    keys = ", ".join(literal(old) for old in mapping)
    values = ", ".join(literal(new) for new in mapping.values())
    return f"coalesce(MAP([{keys}], [{values}])[{text_sql}], {text_sql})"


def physical(column: Column) -> str:
    """The DuckDB type that a column has once it is repaired."""
    if column.physical_type not in ("", "VARCHAR"):
        return column.physical_type
    return {
        "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE", "datetime": "TIMESTAMP",
        "time": "TIME", "year": "BIGINT",
    }.get(column.type, "VARCHAR")  # fmt: skip


def quoted(names: Iterable[str]) -> str:
    """Names as a list of SQL identifiers."""
    return ", ".join(ident(name) for name in names)
