"""A table's columns measured for a report: a sample where there are very many rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import HIDDEN, ident
from aifirst_dagster.inference.profile import ColumnProfile, profile
from aifirst_dagster.inference.schema import Column, FieldType

if TYPE_CHECKING:
    import duckdb

#: Rows that are measured at most, and columns.
ROWS, COLUMNS = 200_000, 150
#: Bars of a distribution that is drawn beside an earlier one.
BINS = 16
_VIEW = "aifirst_reported"
_TYPES: Mapping[str, FieldType] = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), "integer"
    ),
    **dict.fromkeys(("HUGEINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"), "number"),
    "DATE": "date", "TIME": "time", "BOOLEAN": "boolean",
}  # fmt: skip


def measure(
    con: duckdb.DuckDBPyConnection, relation: str, rows: int, known: Sequence[Column] = ()
) -> tuple[list[ColumnProfile], int | None]:
    """Profiles of the first columns of `relation`, and how many rows they come from where it is not all of them.

    Args:
        con: The session.
        relation: A FROM expression; typed, hidden columns are left out.
        rows: How many it has.
        known: What is known of its columns: their meaning is told.
    """
    described = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    found = [(str(row[0]), str(row[1])) for row in described if row[0] not in HIDDEN][:COLUMNS]
    if not found:
        return [], None
    meanings = {column.name: column.semantic_type for column in known}
    columns = [_column(name, type_, meanings.get(name)) for name, type_ in found]
    # A figure that is no number (NaN, infinity) has no place in a histogram.
    chosen = ", ".join(
        f"CASE WHEN isfinite({ident(name)}) THEN {ident(name)} END AS {ident(name)}"
        if type_ in ("FLOAT", "DOUBLE")
        else ident(name)
        for name, type_ in found
    )
    some = f" USING SAMPLE {ROWS} ROWS (reservoir, 7)" if rows > ROWS else ""
    con.execute(f"CREATE OR REPLACE TEMP VIEW {_VIEW} AS SELECT {chosen} FROM {relation}{some}")
    try:
        return profile(con, _VIEW, columns).columns, ROWS if some else None
    finally:
        con.execute(f"DROP VIEW {_VIEW}")


def _column(name: str, type_: str, meaning: str | None) -> Column:
    """The column as its storage has it."""
    kind: FieldType = "datetime" if type_.startswith("TIMESTAMP") else _TYPES.get(type_.split("(")[0], "string")
    return Column(name=name, source_name=name, type=kind, physical_type=type_, native=True, semantic_type=meaning)


def shift(
    con: duckdb.DuckDBPyConnection, relation: str, column: ColumnProfile, before: Mapping[str, Any], rows: int
) -> dict[str, Any] | None:
    """How a column was spread at the baseline, and is: shares for the same bins; None where that cannot be drawn."""
    if before.get("counts") and column.top_values:
        return _categories(column, before, rows)
    if before.get("quantiles") and column.histogram:
        return _bins(con, relation, column, before["quantiles"])
    return None


def _categories(column: ColumnProfile, before: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """The shares of the most frequent categories of both."""
    was = {str(name): count / max(before["count"], 1) for name, count in before["counts"].items()}
    filled = max(rows - column.nulls, 1)
    now = {str(each["value"]): each["count"] / filled for each in column.top_values}
    names = sorted({*list(was)[:8], *list(now)[:8]}, key=lambda name: -max(was.get(name, 0), now.get(name, 0)))[:8]
    return {
        "name": column.name, "kind": "category", "labels": names,
        "before": [was.get(name, 0.0) for name in names], "after": [now.get(name, 0.0) for name in names],
    }  # fmt: skip


def _bins(
    con: duckdb.DuckDBPyConnection, relation: str, column: ColumnProfile, quantiles: Sequence[float]
) -> dict[str, Any] | None:
    """Shares in equal bins over where the baseline lies, and as far again; what lies beyond counts in the last ones."""
    import numpy as np

    timed = column.type in ("date", "datetime")
    axis = f"epoch({ident(column.name)})" if timed else f"{ident(column.name)}::DOUBLE"
    ends = con.execute(f"SELECT quantile_cont({axis}, [0.01, 0.99]) FROM {relation} WHERE isfinite({axis})").fetchall()[
        0
    ][0]
    cut = max(1, len(quantiles) // 100)
    first, last = quantiles[cut], quantiles[-1 - cut]
    span = last - first
    if not ends or not span > 0:
        return None
    low, high = max(min(first, ends[0]), first - span), min(max(last, ends[1]), last + span)
    grid = np.linspace(low, high, BINS + 1)
    place = f"greatest(0, least({BINS - 1}, floor(({axis} - {low!r}) / {(high - low) / BINS!r})))::INTEGER"
    counted = dict(
        con.execute(f"SELECT {place}, count(*) FROM {relation} WHERE isfinite({axis}) GROUP BY 1").fetchall()
    )
    levels = np.interp(grid, quantiles, np.linspace(0, 1, len(quantiles)))
    levels[0], levels[-1] = 0.0, 1.0
    total = max(sum(counted.values()), 1)
    return {
        "name": column.name, "kind": "time" if timed else "number", "labels": [float(edge) for edge in grid],
        "before": np.diff(levels).tolist(), "after": [counted.get(at, 0) / total for at in range(BINS)],
    }  # fmt: skip
