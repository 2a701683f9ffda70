"""Which columns identify a row."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: Counting distinct values on all rows is the dearest thing that inference does: so many columns at most.
MAX_CANDIDATES = 3
#: Tables of more rows are looked at in part first.
LARGE = 500_000
#: Columns that keys of several are made of, the first ones; combinations tested; rows that rule most of them out.
#: Tables of more rows are not searched for such keys.
COMBINED, TESTED, LOOK, MOST_ROWS = 10, 12, 1_000, 2_000_000
#: Whole numbers are ticked off where they are spread over no more than so many times the rows, and so many bits.
SPREAD, MOST_BITS = 64, 1 << 28
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


def alone(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[tuple[Column, Sequence[int | None] | None]],
    rows: int,
) -> set[str]:
    """Names of the columns that have another text in each of the `rows` rows; having none in one row counts as one.

    Args:
        con: The session.
        relation: All rows.
        columns: With the least and the greatest, where they hold whole numbers.
        rows: How many there are.
    """
    found = {column.name for column, span in columns if span and _counted_off(con, relation, column, span, rows)}
    others = [column for column, _ in columns if column.name not in found]
    if rows > LARGE:
        others = [column for column in others if _alone_in_part(con, relation, column)]
    if others:
        counts = ", ".join(f"count(DISTINCT hash({ident(column.source_name)}))" for column in others)
        seen = con.execute(f"SELECT {counts} FROM {ident(relation)}").fetchall()[0]
        found |= {column.name for column, count in zip(others, seen, strict=True) if count == rows}
    return found


def _alone_in_part(con: duckdb.DuckDBPyConnection, relation: str, column: Column) -> bool:
    """Whether no text comes twice among a sixteenth of the texts: equal ones are in it together, or none is.

    A column that is no key has mostly more than one text twice, and this is seen in a fifth of the time.
    """
    hashed = f"SELECT hash({ident(column.source_name)}) AS h FROM {ident(relation)}"
    counted = f"SELECT count(*) = count(DISTINCT h) FROM ({hashed}) WHERE h % 16 = 0"
    return bool(con.execute(counted).fetchall()[0][0])


def _counted_off(
    con: duckdb.DuckDBPyConnection, relation: str, column: Column, span: Sequence[int | None], rows: int
) -> bool:
    """Whether whole numbers that lie close together are all different: each that there may be has a bit to tick.

    Different numbers are different texts. Of equal ones the texts may differ (`1`, `1.0`): then the texts have to tell.
    """
    least, most = span
    if least is None or most is None or most - least >= min(SPREAD * rows, MOST_BITS):
        return False
    value = casts.parsed(column, ident(column.source_name))
    bits = f"SELECT bit_count(bitstring_agg({value}, {least}, {most})) FROM {ident(relation)}"
    return bool(con.execute(bits).fetchall()[0][0] == rows)


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


def composite(
    con: duckdb.DuckDBPyConnection, sample: str, columns: Sequence[Column], relation: str, rows: int
) -> list[list[str]]:
    """Two, else three columns that no two rows share, where no column alone is a key; the most telling first.

    Args:
        con: The session.
        sample: Some rows of `relation`: what is not unique there is no key.
        columns: As verified.
        relation: All rows, on which the first few are tested where they are not too many.
        rows: How many these are.
    """
    able = [
        column
        for column in columns
        if not column.nullable and column.type in {"string", "integer", "year", "date", "datetime", "yearmonth"}
        and column.semantic_type not in {"free_text", "url"} and column.evidence.parsed > 1
    ][:COMBINED]  # fmt: skip
    held = con.execute(f"SELECT count(*) FROM {ident(sample)}").fetchall()[0][0]
    if len(able) < 2 or held < 2 or rows > MOST_ROWS:
        return []
    named = ", ".join(ident(column.source_name) for column in able)
    look = con.execute(f"SELECT {named} FROM {ident(sample)} LIMIT {LOOK}").fetchall()
    cells = list(zip(*look, strict=True))
    for size in (2, 3):
        likely = [
            places
            for places in itertools.combinations(range(len(able)), size)
            if len(set(zip(*(cells[at] for at in places), strict=True))) == len(look)
        ]
        likely.sort(key=lambda places: sum(_rank(able[at]) for at in places))
        found = _unique(con, sample, able, likely[:TESTED], held)
        found = found if rows <= held else _unique(con, relation, able, found[:2], rows)
        if found:
            return [[able[at].name for at in places] for places in found[:3]]
    return []


def _unique(
    con: duckdb.DuckDBPyConnection, relation: str, able: Sequence[Column], places: Sequence[tuple[int, ...]], rows: int
) -> list[tuple[int, ...]]:
    """The combinations that are unique in all of the `rows` rows."""
    if not places:
        return []
    hashes = ", ".join(
        f"count(DISTINCT hash({', '.join(ident(able[at].source_name) for at in each)}))" for each in places
    )
    counts = con.execute(f"SELECT {hashes} FROM {ident(relation)}").fetchall()[0]
    return [each for each, count in zip(places, counts, strict=True) if count == rows]


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
