"""Rows per period: days without any, days with far more or fewer than their like."""

from __future__ import annotations

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.anomalies import numbers, tails
from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.table import FLAGS, TABLE, Field, Table

#: Periods that there must be; the share of them that must hold rows; the most that may be missing for it to be a gap.
PERIODS, FULL, MISSING = 20, 0.9, 0.015
#: Empty periods that chance alone may give.
CHANCE = 0.01
_STEPS = {"hour": "INTERVAL 1 HOUR", "day": "INTERVAL 1 DAY", "week": "INTERVAL 7 DAY", "month": "INTERVAL 1 MONTH"}
_LIKE = {"hour": "hour(p)", "day": "isodow(p)", "week": "0", "month": "0"}


def find(table: Table) -> None:
    """Flag periods of the first column of moments that lack rows, or have too many or too few."""
    for field in table.of("moment")[:2]:
        if field.filled < 0.5 * table.rows or field.distinct < PERIODS:
            continue
        timed = table.ask(f"SELECT count(*) FILTER ({field.value} <> date_trunc('day', {field.value})) FROM {TABLE}")[
            0
        ][0]
        for grain in ("hour", "day", "week", "month")[0 if timed > 0.5 * field.filled else 1 :]:
            if _one(table, field, grain):
                return


def _one(table: Table, field: Field, grain: str) -> bool:
    """Look at one grain; whether the rows are regular at it, so that coarser ones say no more."""
    cut = f"date_trunc('{grain}', {field.value})"
    # Defaults and wrong years would stretch the span: only what nearly all rows lie in is looked at.
    span = table.ask(
        f"SELECT quantile_disc({cut}, [0.005, 0.995]), approx_count_distinct({cut}) FROM {TABLE} WHERE "
        f"{field.sql} IS NOT NULL"
    )[0]
    (low, high), about = span
    if about < PERIODS or about > 100_000:
        return False
    name = table.create(
        "__anomaly_periods",
        f"""SELECT p, coalesce(n, 0) AS n, {_LIKE[grain]} AS k FROM
        (SELECT unnest(generate_series(TIMESTAMP '{low}', TIMESTAMP '{high}', {_STEPS[grain]})) AS p) LEFT JOIN
        (SELECT {cut} AS p, count(*) AS n FROM {TABLE} WHERE {field.sql} IS NOT NULL GROUP BY 1) USING (p)""",
    )
    alike = f"(SELECT k, median(n) AS m, count(*) FILTER (n > 0) / count(*) AS share FROM {name} GROUP BY 1)"
    periods, full = table.ask(
        f"SELECT count(*), count(*) FILTER (n > 0) / count(*) FROM {name} JOIN {alike} USING (k) WHERE m > 0"
    )[0]
    if periods < PERIODS or full < FULL:
        return False
    _gaps(table, field, grain, name, alike)
    _volumes(table, field, grain, name, alike, cut)
    return True


def _gaps(table: Table, field: Field, grain: str, name: str, alike: str) -> None:
    """Periods without rows, though all others of their kind have some: flagged once each, on no row."""
    found = table.ask(
        f"SELECT p, share, count(*) OVER () FROM {name} JOIN {alike} USING (k) WHERE n = 0 AND share >= "
        f"{FULL} ORDER BY p"
    )
    # Where rows come by chance, an empty period is one in exp(its usual rows); unless all periods have the same.
    every, chance, same = table.ask(
        f"SELECT count(*), sum(exp(-m)), count(*) FILTER (n = m) / count(*) FROM {name} JOIN {alike} USING (k)"
    )[0]
    if chance > CHANCE and same < FULL:
        return
    if not found or len(found) > max(1, MISSING * every):
        return
    values = ", ".join(
        f"(NULL, {field.at}, 'gap', {literal(str(p))}, NULL, {min(20.0, 2 + len(found) ** 0.5):.3f}, 'grain={grain}')"
        for p, *_ in found[:1000]
    )
    table.ask(f"INSERT INTO {FLAGS} VALUES {values}")


def _volumes(table: Table, field: Field, grain: str, name: str, alike: str, cut: str) -> None:
    distance = "ln((n + 1) / (m + 1)) * sqrt(least(m, 100) + 1)"
    rows = f"(SELECT p, n, m, {distance} AS r FROM {name} JOIN {alike} USING (k) WHERE m >= 3 AND n > 0)"
    count = table.ask(f"SELECT count(*) FROM {rows}")[0][0]
    if count < PERIODS:
        return
    # Where all periods have the same number of rows, any other is as unlikely as can be.
    said = numbers.surprise(table, "r", rows, False) or "CASE WHEN n <> m THEN 12.0 ELSE 0 END"
    # The first and the last period are cut off by the table itself.
    edges = f"p > (SELECT min(p) FROM {name}) AND p < (SELECT max(p) FROM {name})"
    off = (
        f"(SELECT p, n, m, {said} AS surprise FROM {rows} WHERE surprise >= "
        f"{tails.needed(count, table.settings.alarms)!r} "
        f"AND {edges} AND (n > 2 * m OR n < 0.5 * m))"
    )
    found = table.ask(f"SELECT count(*) FROM {off}")[0][0]
    if not 0 < found <= max(2, MISSING * count):
        return
    label = "%Y-%m-%d %H:%M" if grain == "hour" else "%Y-%m-%d"
    cause = f"'{grain}=' || strftime(o.p, '{label}') || '|usual=' || o.m::VARCHAR || '|field={field.at}'"
    add(table, None, "volume",
        f"SELECT __row, {field.text} AS value, NULL AS expected, o.surprise, {cause} AS cause "
        f"FROM {TABLE} JOIN {off} o ON {cut} = o.p")  # fmt: skip
