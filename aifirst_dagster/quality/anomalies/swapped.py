"""Rows in which two columns changed places: each value is strange where it stands and at home in the other column."""

from __future__ import annotations

import itertools

from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.table import TABLE, Field, Table

#: Columns that are compared with one another; the share of rows that may be swapped.
COLUMNS, MOST = 14, 0.1


def find(table: Table) -> None:
    """Flag both cells of rows whose values of two columns are swapped."""
    for kind, test in (("number", _numbers), ("text", _texts), ("moment", _numbers)):
        some = [f for f in table.of(kind) if f.distinct >= 3 and f.filled >= 0.5 * table.rows >= 15][:COLUMNS]
        for a, b in itertools.combinations(some, 2):
            where = test(table, a, b)
            if where is None:
                continue
            count = table.ask(f"SELECT count(*) FROM {TABLE} WHERE {where}")[0][0]
            if 0 < count <= MOST * table.rows:
                for one, other in ((a, b), (b, a)):
                    add(table, one, "swapped",
                        f"SELECT __row, {one.text} AS value, {other.text} AS expected, 12.0 AS surprise, "
                        f"'with={other.at}' AS cause FROM {TABLE} WHERE {where}")  # fmt: skip


def _numbers(table: Table, a: Field, b: Field) -> str | None:
    """Numbers: columns whose bulks do not overlap, and rows that have them the other way."""
    (p, q) = table.ask(
        f"SELECT quantile_disc({a.value}, [0.12, 0.88]), quantile_disc({b.value}, [0.12, 0.88]) FROM {table.some}"
    )[0]
    if p is None or q is None or not (p[1] < q[0] or q[1] < p[0]):
        return None
    lower, upper, low, high = (a, b, p, q) if p[1] < q[0] else (b, a, q, p)
    gap, inside = high[0] - low[1], max(low[1] - low[0], high[1] - high[0])
    if gap <= 1.5 * inside:
        return None
    # At home in the other column: not only beyond the middle between them.
    half = (low[1] - low[0]) / 2, (high[1] - high[0]) / 2
    return (
        f"({lower.value} BETWEEN {_sql(high[0] - half[1])} AND {_sql(high[1] + half[1])} "
        f"AND {upper.value} BETWEEN {_sql(low[0] - half[0])} AND {_sql(low[1] + half[0])})"
    )


def _sql(value: object) -> str:
    return repr(value) if isinstance(value, float) else f"TIMESTAMP '{value}'"


def _texts(table: Table, a: Field, b: Field) -> str | None:
    """Texts: each value is known from several rows of the other column, and from hardly any of its own."""
    if a.distinct > a.filled / 3 or b.distinct > b.filled / 3:
        return None
    own = [table.counted(field) for field in (a, b)]
    shared = table.ask(
        f"SELECT sum(least(x.n, y.n)), least((SELECT sum(n) FROM {own[0]}), (SELECT sum(n) FROM {own[1]})) "
        f"FROM {own[0]} x JOIN {own[1]} y USING (v)"
    )[0]
    # Columns that share values by nature (sender and receiver) say nothing of places.
    if not shared[0] or shared[0] > MOST * shared[1]:
        return None
    homes = [
        f"(SELECT x.v FROM {one} x LEFT JOIN {other} y USING (v) WHERE x.n >= 5 AND x.n > 5 * coalesce(y.n, 0))"
        for one, other in (own, own[::-1])
    ]
    return f"({a.value} IN {homes[1]} AND {b.value} IN {homes[0]})"
