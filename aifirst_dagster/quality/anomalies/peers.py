"""Numbers far from those of the rows alike: what a category or two say of a number, and what is left of it then."""

from __future__ import annotations

from dataclasses import dataclass

from aifirst_dagster.quality.anomalies import numbers, tails
from aifirst_dagster.quality.anomalies.flags import add, unflagged
from aifirst_dagster.quality.anomalies.table import SLICE, TABLE, Field, Table

#: Categories looked at; rows that a group needs; how much less a number must vary within groups than at large.
CATEGORIES, GROUP, TIGHTER = 12, 8, 0.5


@dataclass(frozen=True)
class Level:
    """What a number is measured against: `base` is a table of (__row, x, m): the number and what is usual for it.

    `logged`: both are logarithms. `by` names the category that the usual value comes from; None: the whole column.
    """

    field: Field
    base: str
    logged: bool
    by: Field | None


def levels(table: Table) -> dict[int, Level]:
    """For each column of numbers that a category explains, what is usual among rows alike."""
    numeric = [f for f in table.of("number") if f.filled >= numbers.LEAST and f.distinct >= numbers.DIFFERENT]
    able = [
        f for f in table.fields
        if f.kind in ("text", "number", "moment") and 2 <= f.distinct <= max(f.filled, 1) / GROUP
    ]  # fmt: skip
    able = sorted(able, key=lambda f: f.distinct)[:CATEGORIES]
    if not numeric or not able:
        return {}
    best: dict[int, tuple[float, Field, bool]] = {}
    for start in range(0, len(numeric), SLICE):
        for by in able:
            for field, logged, ratio in _ratios(table, numeric[start : start + SLICE], by):
                # Many groups fit anything: each costs.
                cost = ratio * (1 + by.distinct * 4 / max(by.filled, 1))
                if cost < TIGHTER and cost < best.get(field.at, (TIGHTER,))[0]:
                    best[field.at] = (cost, by, logged)
    found = {}
    for field in numeric:
        if field.at in best:
            _, by, logged = best[field.at]
            x = _scaled(field, logged)
            base = table.create(
                f"__anomaly_peers_{field.at}",
                f"SELECT t.__row, {x} AS x, g.m FROM {TABLE} t JOIN (SELECT {by.value} AS k, median({x}) AS m "
                f"FROM {TABLE} WHERE {x} IS NOT NULL GROUP BY 1 HAVING count(*) >= {GROUP}) g ON {by.value} = g.k "
                f"WHERE {x} IS NOT NULL",
            )
            found[field.at] = Level(field, base, logged, by)
    return found


def find(table: Table, known: dict[int, Level]) -> None:
    """Flag numbers that lie far from what is usual among rows alike."""
    for level in known.values():
        said = numbers.surprise(
            table,
            "r",
            f"(SELECT x - m AS r FROM {level.base} WHERE {table.sampled} AND {unflagged(level.field)})",
            False,
        )
        if said is None:
            continue
        least = tails.needed(level.field.filled, table.alarms)
        usual = "exp(m)" if level.logged else "m"
        add(table, level.field, "peers",
            f"SELECT b.__row, {level.field.text} AS value, {number(usual)} AS expected, surprise, '' AS cause FROM "
            f"(SELECT *, x - m AS r, {said} AS surprise FROM {level.base}) b JOIN {TABLE} t USING (__row) "
            f"WHERE surprise >= {least!r}", most=table.few)  # fmt: skip


def number(x: str) -> str:
    """SQL: a number as people write it: four figures."""
    return f"format('{{:.4g}}', {x}::DOUBLE)"


def _ratios(table: Table, fields: list[Field], by: Field) -> list[tuple[Field, bool, float]]:
    """How much less each number varies around its group's median than around its own; and on which scale."""
    rows = f"(FROM {table.some} WHERE {by.sql} IS NOT NULL)"
    some = [f for f in fields if f.at != by.at]
    if not some:
        return []
    positive = table.ask("SELECT " + ", ".join(f"min({f.value}) > 0" for f in some) + f" FROM {rows}")[0]
    scaled = [_scaled(f, bool(p)) for f, p in zip(some, positive, strict=True)]
    cells = ", ".join(f"{x} AS x{i}" for i, x in enumerate(scaled))
    usual = ", ".join(f"median(x{i}) AS m{i}" for i in range(len(some)))
    asked = ", ".join(f"median(abs(x{i} - m{i})), mad(x{i})" for i in range(len(some)))
    counts = table.ask(
        f"WITH r AS (SELECT {by.value} AS k, {cells} FROM {rows}), "
        f"g AS (SELECT k, {usual} FROM r GROUP BY 1 HAVING count(*) >= {GROUP}) SELECT {asked} FROM r JOIN g USING (k)"
    )[0]
    return [
        (f, bool(p), within / at_large)
        for f, p, within, at_large in zip(some, positive, counts[::2], counts[1::2], strict=True)
        if within and at_large
    ]


def _scaled(field: Field, logged: bool) -> str:
    return f"CASE WHEN {field.value} > 0 THEN ln({field.value}) END" if logged else field.value
