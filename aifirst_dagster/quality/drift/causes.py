"""Where a drift comes from: the file, or the new category, without whose rows other columns would not have drifted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import SOURCE, ident, literal
from aifirst_dagster.quality.drift import words
from aifirst_dagster.quality.drift.models import Cause, ColumnDrift, DriftReport

if TYPE_CHECKING:
    import duckdb

#: Files of one delivery that are tried, columns with new categories, rows that must be left to judge by.
FILES, COLUMNS, ROWS = 8, 4, 50
#: What is left of a column's drift, at most, where the rest of the rows is said not to have drifted.
LEFT = 0.5


def traced(
    con: duckdb.DuckDBPyConnection, relation: str, report: DriftReport, again: Callable[[str], DriftReport]
) -> DriftReport:
    """The report with what explains most of the drifted columns, at most three causes; none where nothing does.

    Args:
        con: The session that holds the new rows.
        relation: The new rows, with their hidden columns.
        report: What drifted.
        again: Compares other rows of the same shape with what `report` compared with.
    """
    drifted = [column for column in report.columns if column.drifted]
    found = (tried(con, relation, report, again, *candidate) for candidate in _candidates(con, relation, drifted))
    causes = sorted((one for one in found if one), key=lambda one: (-len(one.columns), one.share))[:3]
    told = report.model_copy(update={"causes": causes})
    return told.model_copy(update={"insight": words.insight(told)})


def tried(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    report: DriftReport,
    again: Callable[[str], DriftReport],
    column: str,
    values: Sequence[str],
) -> Cause | None:
    """Whether the rows where `column` is one of `values` (as text) explain other columns' drift.

    Args:
        con: See `traced`.
        relation: See `traced`.
        report: See `traced`.
        again: See `traced`.
        column: `_source` for the files that the rows are from.
        values: Its values.
    """
    listed = ", ".join(map(literal, values))
    kept = f"coalesce({ident(column)}::VARCHAR NOT IN ({listed}), TRUE)"
    left, total = con.execute(f"SELECT count(*) FILTER ({kept}), count(*) FROM {relation}").fetchall()[0]
    if left < ROWS or left == total:
        return None
    others = f"(SELECT * FROM {relation} WHERE {kept})"
    rest = {one.name: one for one in again(others).columns}
    explained = [
        one.name
        for one in report.columns
        if one.drifted and one.name != column and one.name in rest and _gone(one, rest[one.name])
    ]
    if not explained:
        return None
    return Cause(column=column, values=list(values), rows=total - left, of=total, columns=explained)


def _candidates(con: Any, relation: str, drifted: Sequence[ColumnDrift]) -> Iterator[tuple[str, list[str]]]:
    """(column, values): each file where there are several, then what is new in columns of categories."""
    described = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    if drifted and any(row[0] == SOURCE for row in described):
        files = con.execute(
            f"SELECT {SOURCE} FROM {relation} WHERE {SOURCE} IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT {FILES + 1}"
        ).fetchall()
        for (name,) in files if 1 < len(files) <= FILES else []:
            yield SOURCE, [str(name)]
    if len(drifted) > 1:
        for column in [one for one in drifted if one.new_values][:COLUMNS]:
            yield column.name, column.new_values


def _gone(was: ColumnDrift, now: ColumnDrift) -> bool:
    """Whether a column has not drifted in other rows, and not only because they are fewer."""
    return not now.drifted and _size(now) <= LEFT * _size(was)


def _size(column: ColumnDrift) -> float:
    return max(column.statistic or 0.0, abs(column.null_rate[1] - column.null_rate[0]))
