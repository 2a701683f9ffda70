"""Neighbours in time: values off from those before and after them in their series, by rolling medians in DuckDB."""

from __future__ import annotations

from dataclasses import dataclass

from aifirst_dagster.quality.anomalies import numbers, tails
from aifirst_dagster.quality.anomalies.flags import add, unflagged
from aifirst_dagster.quality.anomalies.peers import number
from aifirst_dagster.quality.anomalies.table import TABLE, Field, Table

#: Neighbours on each side that say how restless a series is; how much less it must vary around its nearest ones than
#: at large; columns that are looked at.
WIDER, SMOOTH, COLUMNS = 8, 0.6, 12
#: A series has at least so many moments.
LEAST = 30
#: SQL: the median of four neighbours is the middle of the two that are neither least nor greatest. A window's median
#: says the same and takes fifteen times as long; at the ends, and beside gaps, there are fewer than four.
_MEDIAN = (
    "CASE WHEN a IS NULL OR b IS NULL OR c IS NULL OR d IS NULL THEN list_median([a, b, c, d]) ELSE "
    "(greatest(least(a, b), least(c, d)) + least(greatest(a, b), greatest(c, d))) / 2 END"
)


@dataclass(frozen=True)
class Order:
    """What the rows of a table are ordered by: a moment, within the series that `by` names, if any."""

    moment: Field
    by: Field | None

    def neighbours(self, x: str, relation: str) -> str:
        """SELECT of __row, t, k, x and m: the number `x` and the median of the two before and the two after it."""
        part = "PARTITION BY k " if self.by else ""
        return (
            f"SELECT __row, t, k, x, {_MEDIAN} AS m FROM (SELECT *, lag(x, 2) OVER o AS a, lag(x) OVER o AS b, "
            f"lead(x) OVER o AS c, lead(x, 2) OVER o AS d FROM (SELECT __row, {self.moment.value} AS t, "
            f"{self.by.value if self.by else 'NULL'} AS k, {x} AS x FROM {relation}) "
            f"WINDOW o AS ({part}ORDER BY t, __row))"
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
            pairs = table.ask(f"SELECT count(DISTINCT ({moment.value}, {by.value})) / count(*) FROM {table.some}")[0][0]
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
    smooth = table.ask(f"SELECT median(abs(x - m)), mad(x), min(x) FROM ({ordered.neighbours(x, some)})")[0]
    if not smooth[1] or smooth[0] is None or smooth[0] > SMOOTH * smooth[1]:
        return
    logged = smooth[2] is not None and smooth[2] > 0
    scaled = f"ln(CASE WHEN {x} > 0 THEN {x} END)" if logged else x
    name = table.create(
        "__anomaly_series",
        f"SELECT __row, x, m, x - m AS r, k, row_number() OVER (ORDER BY k, t, __row) AS place "
        f"FROM ({ordered.neighbours(scaled, TABLE)}) WHERE x IS NOT NULL AND m IS NOT NULL",
    )
    some = table.create("__anomaly_restless", _restless(name, table.sampled))
    # Where a series is restless of itself, a neighbour off by as much is none: what is left is measured by that.
    typical = max(table.ask(f"SELECT median(d) FROM {some}")[0][0] or 0.0, 1e-12)
    relative = f"r / greatest(d, {typical!r})"
    said = numbers.surprise(table, "r", f"(SELECT {relative} AS r FROM {some} WHERE {unflagged(field)})", False)
    if said is None:
        return
    least = tails.needed(field.filled, table.alarms)
    # The restlessness of a row only ever makes it less odd: it is asked where the row would be odd without.
    far = f"__row IN (SELECT __row FROM (SELECT __row, r / {typical!r} AS r FROM {name}) WHERE {said} >= {least!r})"
    near = table.create("__anomaly_near", _restless(name, far))
    usual = "exp(m)" if logged else "m"
    cause = f"time={ordered.moment.at}" + (f"|series={ordered.by.at}" if ordered.by else "")
    add(table, field, "series",
        f"SELECT s.__row, {field.text} AS value, {number(usual)} AS expected, surprise, '{cause}' AS cause FROM "
        f"(SELECT __row, m, {said} AS surprise FROM (SELECT __row, m, {relative} AS r FROM {near})) s "
        f"JOIN {TABLE} t USING (__row) WHERE surprise >= {least!r}", most=table.few)  # fmt: skip


def _restless(name: str, where: str) -> str:
    """SELECT of __row, m, r and `d`: the median distance of a row's wider neighbours from theirs, for some rows."""
    offsets = ", ".join(str(at) for at in range(-WIDER, WIDER + 1) if at)
    return (
        f"SELECT s.__row, any_value(s.m) AS m, any_value(s.r) AS r, median(abs(n.r)) AS d FROM "
        f"(SELECT *, place + unnest([{offsets}]) AS beside FROM {name} WHERE {where}) s "
        f"LEFT JOIN {name} n ON n.place = s.beside AND n.k IS NOT DISTINCT FROM s.k GROUP BY 1"
    )
