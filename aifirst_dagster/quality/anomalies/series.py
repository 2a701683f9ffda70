"""Neighbours in time: values off from those before and after them in their series, by rolling medians in DuckDB."""

from __future__ import annotations

from dataclasses import dataclass

from aifirst_dagster.quality.anomalies import numbers, tails
from aifirst_dagster.quality.anomalies.flags import add, unflagged
from aifirst_dagster.quality.anomalies.peers import number
from aifirst_dagster.quality.anomalies.table import TABLE, Field, Table

#: Neighbours on each side that say what is usual, and those that say how restless it is; how much less a series must
#: vary around them than at large; columns that are looked at.
REACH, WIDER, SMOOTH, COLUMNS = 2, 8, 0.6, 12
#: A series has at least so many moments.
LEAST = 30


@dataclass(frozen=True)
class Order:
    """What the rows of a table are ordered by: a moment, within the series that `by` names, if any."""

    moment: Field
    by: Field | None

    @property
    def window(self) -> str:
        """SQL: the neighbours of a row, without itself."""
        part = f"PARTITION BY {self.by.value} " if self.by else ""
        return (
            f"({part}ORDER BY {self.moment.value}, __row ROWS BETWEEN {REACH} PRECEDING AND {REACH} FOLLOWING "
            "EXCLUDE CURRENT ROW)"
        )


def order(table: Table) -> Order | None:
    """The order of time that the table has: a moment hardly any two rows share, or rows of one series."""
    for moment in table.of("moment"):
        if moment.distinct < LEAST or moment.filled < 0.9 * table.rows:
            continue
        if moment.distinct >= 0.9 * moment.filled:
            return Order(moment, None)
        for by in sorted(table.of("text", "number"), key=lambda f: f.distinct):
            if not 2 <= by.distinct <= table.rows / LEAST:
                continue
            pairs = table.ask(
                f"SELECT count(DISTINCT ({moment.value}, {by.value})) / count(*) FROM {TABLE} WHERE {table.sampled}"
            )[0][0]
            if pairs >= 0.95:
                return Order(moment, by)
    return None


def find(table: Table, ordered: Order | None) -> None:
    """Flag numbers that are far off their neighbours in time, in columns that change but slowly."""
    if ordered is None:
        return
    fields = [f for f in table.of("number") if f.filled >= LEAST and f.distinct >= numbers.DIFFERENT][:COLUMNS]
    for field in fields:
        if field is not ordered.by:
            _one(table, field, ordered)


def _one(table: Table, field: Field, ordered: Order) -> None:
    x = field.value
    # A stretch of the table says whether the column is smooth, before all of it is looked at.
    some = f"(SELECT * FROM {TABLE} WHERE __row < 20000)" if table.rows > 40_000 else TABLE
    smooth = table.ask(
        f"SELECT median(abs(x - m)), mad(x), min(x) FROM (SELECT {x} AS x, median({x}) OVER "
        f"{ordered.window} AS m FROM {some})"
    )[0]
    if not smooth[1] or smooth[0] is None or smooth[0] > SMOOTH * smooth[1]:
        return
    logged = smooth[2] is not None and smooth[2] > 0
    scaled = f"ln(CASE WHEN {x} > 0 THEN {x} END)" if logged else x
    name = table.create(
        "__anomaly_series",
        f"SELECT __row, x, m, x - m AS r, median(abs(x - m)) OVER w AS d FROM (SELECT __row, "
        f"{ordered.moment.value} AS t, "
        f"{ordered.by.value if ordered.by else 'NULL'} AS k, {scaled} AS x, "
        f"median({scaled}) OVER {ordered.window} AS m FROM {TABLE}) "
        f"WHERE x IS NOT NULL AND m IS NOT NULL WINDOW w AS (PARTITION BY k ORDER BY t, __row ROWS BETWEEN {WIDER} "
        f"PRECEDING AND {WIDER} FOLLOWING EXCLUDE CURRENT ROW)",
    )
    # Where a series is restless of itself, a neighbour off by as much is none: what is left is measured by that.
    typical = table.ask(f"SELECT median(d) FROM {name}")[0][0] or 0.0
    relative = f"r / greatest(d, {max(typical, 1e-12)!r})"
    said = numbers.surprise(table, "r", f"(SELECT {relative} AS r FROM {name} WHERE {unflagged(field)})", False)
    if said is None:
        return
    least = tails.needed(field.filled, table.alarms)
    usual = "exp(m)" if logged else "m"
    cause = f"time={ordered.moment.at}" + (f"|series={ordered.by.at}" if ordered.by else "")
    add(table, field, "series",
        f"SELECT s.__row, {field.text} AS value, {number(usual)} AS expected, surprise, '{cause}' AS cause FROM "
        f"(SELECT __row, m, {said} AS surprise FROM (SELECT __row, m, {relative} AS r FROM {name})) s "
        f"JOIN {TABLE} t USING (__row) WHERE surprise >= {least!r}", most=table.few)  # fmt: skip
