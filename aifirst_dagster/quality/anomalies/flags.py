"""What finders flag: one table of cells, each with its kind, what was expected, and how unlikely it is."""

from __future__ import annotations

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.anomalies.table import FLAGS, Field, Table

#: The field of a flag that is about the whole row.
ROW = -1


def unflagged(field: Field) -> str:
    """SQL: a condition for rows whose cell of `field` is not flagged yet: models are made of these."""
    return f"(__row NOT IN (SELECT row FROM {FLAGS} WHERE field = {field.at} AND row IS NOT NULL))"


def add(table: Table, field: Field | None, kind: str, query: str, most: int | None = None) -> int:
    """Flag what `query` gives: __row, value, expected, surprise, cause; returns how many.

    Args:
        table: The table.
        field: The cells' column; None: rows.
        kind: One of `model.KINDS`.
        query: SELECT, lazily evaluated, all of it in DuckDB.
        most: More than this, beside those that are flagged already, are not anomalies but how the column is: then none
            is flagged.
    """
    at = ROW if field is None else field.at
    rows = (
        f"SELECT __row, value::VARCHAR AS value, expected::VARCHAR AS expected, surprise, cause FROM ({query}) q "
        f"ANTI JOIN {FLAGS} f ON f.row = q.__row AND f.field = {at}"
    )
    name = table.create("__anomaly_some", rows)
    count = int(table.ask(f"SELECT count(*) FROM {name}")[0][0])
    if count and (most is None or count <= most):
        table.ask(
            f"INSERT INTO {FLAGS} SELECT __row, {at}, {literal(kind)}, value, expected, surprise, "
            f"coalesce(cause, '') FROM {name}"
        )
        return count
    return 0
