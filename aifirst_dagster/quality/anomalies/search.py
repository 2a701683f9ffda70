"""The search: every finder in turn, then groups. What was found stays in the session while the search is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.anomalies.model import Anomalies, Settings
from aifirst_dagster.quality.anomalies.table import Table, open_table

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.quality.anomalies.model import Group


@dataclass
class Search:
    """What was found, with the tables that hold every flagged cell."""

    table: Table
    found: Anomalies

    def cells(self, group: str | None = None, most: int | None = None) -> Iterator[dict[str, Any]]:
        """Flagged cells (of one group), in the order of rows."""
        from aifirst_dagster.quality.anomalies.group import cells

        return cells(self.table, group, most)

    def group(self, name: str) -> Group | None:
        """The group of that id, None where there is none."""
        return next((one for one in self.found.groups if one.id == name), None)


def find(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], settings: Settings = Settings()
) -> Anomalies:
    """Rows and cells of `relation` that do not fit.

    Args:
        con: The session that knows `relation`.
        relation: A FROM expression: typed columns, and `_source`, `_source_line` where they are known.
        columns: What is known of its columns.
        settings: How to search.
    """
    with search(con, relation, columns, settings) as done:
        return done.found


@contextmanager
def search(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], settings: Settings = Settings()
) -> Iterator[Search]:
    """As `find`, with every flagged cell at hand until the context ends."""
    table = open_table(con, relation, columns, settings)
    try:
        yield Search(table, _found(table))
    finally:
        table.close()


def _found(table: Table) -> Anomalies:
    from aifirst_dagster.quality.anomalies import (
        beside,
        contradictions,
        defaults,
        encoding,
        explain,
        group,
        missing,
        multivariate,
        numbers,
        peers,
        periods,
        rare,
        scale,
        series,
        swapped,
        texts,
    )  # fmt: skip

    if table.rows and table.fields:
        encoding.find(table)
        defaults.find(table)
        swapped.find(table)
        levels = peers.levels(table)
        scale.blocks(table, levels)
        contradictions.find(table)
        ordered = series.order(table)
        series.find(table, ordered)
        peers.find(table, levels)
        numbers.find(table)
        scale.single(table, levels)
        beside.join(table)
        texts.find(table)
        rare.find(table)
        missing.find(table)
        periods.find(table)
        if table.settings.multivariate:
            multivariate.find(table)
    lots = group.lots(table)
    groups = sorted((explain.word(table, lot) for lot in lots), key=lambda one: (-one.score, one.id))
    rows, cells = table.ask(f"SELECT count(DISTINCT row), count(row) FROM {group.FOUND}")[0]
    return Anomalies(rows=table.rows, rows_affected=rows, cells=cells, groups=groups, skipped=table.skipped)
