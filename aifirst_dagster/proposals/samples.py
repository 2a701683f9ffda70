"""The evidence that a model is shown: a profile of each column and a few of its values, masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.inference.tokens import is_token
from aifirst_dagster.proposals.masking import mask, names_people

if TYPE_CHECKING:
    import duckdb

#: Rows looked at, values shown a column, characters shown a value, columns shown.
ROWS, VALUES, LENGTH, COLUMNS = 20_000, 20, 120, 300
#: Values drawn: many become one where they are masked.
DRAWN = 500


def describe(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    named: str = "source_name",
    *,
    samples: bool = True,
) -> list[dict[str, Any]]:
    """What a model sees of each column: what inference says, how full and varied it is, and sample values.

    Args:
        con: The session that knows `relation`.
        relation: Any table or view.
        columns: As inference describes them.
        named: Which of a column's names stands in `relation`: `source_name`, or `name` once it is typed.
        samples: Whether values may be shown; False: counts and what is inferred, nothing that stands in a cell.
    """
    table = "aifirst_evidence"
    shown = list(columns)[:COLUMNS]
    wanted = ", ".join(f"{ident(getattr(c, named))}::VARCHAR AS c{at}" for at, c in enumerate(shown)) or "1 AS none"
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {wanted} FROM {ident(relation)} LIMIT {ROWS}")
    try:
        return [_one(con, table, at, column, getattr(column, named), samples) for at, column in enumerate(shown)]
    finally:
        con.execute(f"DROP TABLE {table}")


def _one(
    con: duckdb.DuckDBPyConnection, table: str, at: int, column: Column, name: str, samples: bool
) -> dict[str, Any]:
    rows, full, distinct = con.execute(
        f"SELECT count(*), count(nullif(trim(c{at}), '')), count(DISTINCT c{at}) FROM {table}"
    ).fetchall()[0]
    told = column.model_dump(mode="json", include=_TOLD if samples else _TOLD - _FROM_CELLS, exclude_defaults=True)
    profile = {
        "column": name,
        "inferred": {"type": column.type, **told},
        "empty_share": round(1 - full / rows, 4) if rows else 0.0,
        "distinct": distinct,
    }
    if not samples:
        # A spelling that every language's "no value" list has says nothing of this table.
        known = [token for token in column.null_tokens if is_token(token)]
        return profile | {"rows": rows, "lengths": _lengths(con, table, at), "null_tokens": known}
    values = con.execute(
        f"SELECT left(c{at}, {LENGTH}), count(*) n FROM {table} WHERE c{at} IS NOT NULL "
        f"GROUP BY 1 ORDER BY n DESC, hash(left(c{at}, {LENGTH})) LIMIT {DRAWN}"
    ).fetchall()
    person = names_people(name, column.semantic_type)
    return profile | {"values": list(dict.fromkeys(mask(value, person) for value, _ in values))[:VALUES]}


_TOLD = {"type", "format", "semantic_type", "null_tokens", "unit", "formats_seen", "units_seen", "unique"}
_FROM_CELLS = {"null_tokens", "unit", "units_seen"}


def _lengths(con: duckdb.DuckDBPyConnection, table: str, at: int) -> list[int | None]:
    """The shortest, middle and longest text."""
    asked = f"min(length(c{at})), quantile_disc(length(c{at}), 0.5), max(length(c{at}))"
    return list(con.execute(f"SELECT {asked} FROM {table}").fetchall()[0])
