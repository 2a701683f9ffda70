"""Columns of a query's result: types as DuckDB says, meaning as carried over from inputs of the same name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import HIDDEN
from aifirst_dagster.inference.infer import field_type
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb


def described(con: duckdb.DuckDBPyConnection, relation: str, carried: Iterable[dict[str, Any]] = ()) -> list[Column]:
    """The user columns of `relation`.

    Args:
        carried: Columns (as plain data) of the inputs: where name and DuckDB type are the same, what is known of the
            column's meaning (semantic type, description, unit) is taken over.
    """
    known = {(column["name"], column["physical_type"]): column for column in carried}
    columns = []
    for name, physical, *_ in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall():
        if name in HIDDEN:
            continue
        before = known.get((name, physical), {})
        meaning = {key: before[key] for key in ("semantic_type", "description", "unit", "format") if before.get(key)}
        kind = before.get("type") or field_type(physical)
        columns.append(Column(name=name, source_name=name, type=kind, physical_type=physical, **meaning))
    return columns
