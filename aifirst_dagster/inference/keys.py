"""Which columns identify a row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: Counting distinct values on all rows is the dearest thing that inference does: so many columns at most.
MAX_CANDIDATES = 3
_KEY_NAME = re.compile(
    r"(?i)(^|[_\W])(id|key|uuid|guid|code|no|nr|number|isbn|sku|symbol|pk)($|[_\W])|(?<=[a-z])(Id|ID|Key|No|Nr)$"
)


def candidates(columns: Sequence[Column]) -> set[str]:
    """Names of the columns whose uniqueness is worth testing on all rows, of those that are unique in the sample."""
    able = [
        column for column in columns if column.unique and column.type not in {"number", "object", "array", "boolean"}
    ]
    places = {column.name: at for at, column in enumerate(columns)}
    able.sort(key=lambda column: (_rank(column), places[column.name]))
    return {column.name for column in able[:MAX_CANDIDATES]}


def primary_key(columns: Sequence[Column], proven: Sequence[Sequence[str]] = ()) -> tuple[list[str], list[list[str]]]:
    """The primary key and all candidate keys, from columns whose uniqueness was verified.

    Args:
        columns: As verified.
        proven: Combinations of columns known to be unique, for where no column alone is.

    Returns:
        The key's column names (empty where there is none), and the candidate keys.
    """
    found = [column for column in columns if column.unique and not column.nullable]
    places = {column.name: at for at, column in enumerate(columns)}
    found.sort(key=lambda column: (_rank(column), places[column.name]))
    singles = [[column.name] for column in found]
    every = singles or [list(combination) for combination in proven]
    plausible = [column for column in found if _rank(column) < 4]
    if plausible:
        return [plausible[0].name], every
    return (every[0] if every and not singles else []), every


def composite(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> list[list[str]]:
    """Pairs of columns that no two rows of `relation` share, where no column alone is a key; the most telling first."""
    able = [
        column
        for column in columns
        if not column.nullable and column.type in {"string", "integer", "year", "date", "datetime", "yearmonth"}
        and column.semantic_type not in {"free_text", "url"} and column.evidence.parsed > 1
    ][:8]  # fmt: skip
    pairs = [(a, b) for at, a in enumerate(able) for b in able[at + 1 :]]
    if not pairs:
        return []
    wanted = ", ".join(f"count(DISTINCT hash({ident(a.source_name)}, {ident(b.source_name)}))" for a, b in pairs)
    rows, *distinct = con.execute(f"SELECT count(*), {wanted} FROM {ident(relation)}").fetchall()[0]
    found = [[a.name, b.name] for (a, b), count in zip(pairs, distinct, strict=True) if rows > 1 and count == rows]
    by_name = {column.name: column for column in able}
    found.sort(key=lambda pair: sum(_rank(by_name[name]) for name in pair))
    return found[:3]


def _rank(column: Column) -> int:
    """How like a key a column is; 0 is the most."""
    if column.semantic_type in {"identifier", "uuid"} or _KEY_NAME.search(column.source_name):
        return 0
    if column.type == "integer":
        return 1
    if column.semantic_type in {"email", "iban", "ean", "isbn"}:
        return 2
    if column.type in {"date", "datetime"}:
        return 3
    return 5 if column.semantic_type in {"free_text", "person_name", "url"} else 4 if column.type == "string" else 3
