"""Errors of scale: single cells that a slipped decimal explains, and whole files or periods in another unit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.anomalies import factors, numbers
from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.peers import Level, number
from aifirst_dagster.quality.anomalies.table import FLAGS, TABLE, Field, Table

#: A block of rows needs so many; there must be so many blocks to say what is usual; at most this share may be off.
ROWS, BLOCKS, MINORITY = 8, 3, 0.4
#: A factor is told from chance where usual values (5 % to 95 %) lie within less than so much on the scale of ln.
NARROW = 2.0
#: Any far number is a decimal of something where usual values are spread: then several must be off by the same factor.
SURE, TOGETHER = 0.7, 3


def single(table: Table, known: dict[int, Level]) -> None:
    """Flagged numbers that are a slipped decimal of what is expected there become errors of scale.

    What is expected comes from rows alike or neighbours in time, else from the whole column where that is narrow.
    """
    for field in table.of("number"):
        bulk = _bulk(table, field)
        if bulk is None or not table.ask(f"SELECT count(*) FROM {FLAGS} WHERE field = {field.at}")[0][0]:
            continue
        low, middle, high = bulk
        told = "ln(nullif(greatest(TRY_CAST(f.expected AS DOUBLE), 0), 0))"
        usual = f"coalesce(CASE WHEN kind IN ('peers', 'series', 'derived') THEN {told} END, {middle!r})"
        spread = (
            f"CASE WHEN kind IN ('series', 'derived') THEN 0.25 WHEN kind = 'peers' THEN 0.5 ELSE {high - low!r} END"
        )
        powers = ", ".join(f"{p}" for p in (1, 2, 3, 4, 6))
        table.create("__anomaly_scaled", f"""
            WITH f AS (SELECT f.*, {field.value} AS x, {usual} AS usual, {spread} AS spread
                FROM {FLAGS} f JOIN {TABLE} t ON f.row = t.__row
                WHERE f.field = {field.at} AND kind IN ('outlier', 'peers', 'series', 'derived') AND {field.value} > 0),
            k AS (SELECT *, sign(ln(x) - usual) * p * ln(10) AS shift FROM f, (SELECT unnest([{powers}]) AS p)),
            near AS (SELECT row, kind, arg_min(shift, abs(ln(x) - usual - shift)) AS shift, any_value(usual) AS usual,
                any_value(x) AS x, any_value(spread) AS spread FROM k GROUP BY 1, 2),
            best AS (SELECT row, arg_min(shift, spread) AS shift, arg_min(usual, spread) AS usual, any_value(x) AS x,
                min(spread) AS spread FROM near
                WHERE abs(ln(x) - usual - shift) <= least({math.log(10) / 2!r}, greatest(0.35, spread / 2))
                    AND spread <= {NARROW!r} GROUP BY 1)
            FROM best QUALIFY spread <= {SURE!r}
                OR count(*) OVER (PARTITION BY round(shift, 3)) >= {TOGETHER}""")  # fmt: skip
        table.ask(f"""UPDATE {FLAGS} SET kind = 'scale', cause = 'factor=' || format('{{:.10g}}', exp(s.shift)),
            expected = format('{{:.10g}}', round(s.x / exp(s.shift), 10))
            FROM __anomaly_scaled s WHERE {FLAGS}.row = s.row AND field = {field.at}
            AND kind IN ('outlier', 'peers', 'series', 'derived')""")


def blocks(table: Table, known: dict[int, Level]) -> None:
    """Files and periods in which a column's numbers are a factor larger or smaller than in all others."""
    cuts = cuts_of(table)
    for field in table.of("number"):
        if field.filled < numbers.LEAST or field.distinct < numbers.DIFFERENT:
            continue
        level = known.get(field.at)
        for cut in cuts:
            if _block(table, field, level if level and level.logged else None, cut):
                break


def _block(table: Table, field: Field, level: Level | None, cut: Cut) -> bool:
    x = f"CASE WHEN {field.value} > 0 THEN ln({field.value}) END"
    rows = (
        f"(SELECT {cut.key} AS b, l.x - l.m AS r FROM {level.base} l JOIN {TABLE} USING (__row))" if level
        else f"(SELECT {cut.key} AS b, {x} AS r FROM {TABLE} WHERE {x} IS NOT NULL)"
    )  # fmt: skip
    found = table.ask(
        f"SELECT {cut.label('b')} AS b, n, m FROM (SELECT b, count(*) AS n, median(r) AS m FROM {rows} "
        "WHERE b IS NOT NULL GROUP BY 1) ORDER BY 1"
    )
    some = [(str(b), n, m) for b, n, m in found if n >= ROWS]
    if len(some) < 2 or (len(some) < BLOCKS and cut.name != "source"):
        return False
    total = sum(n for _, n, _ in some)
    usual = _weighted(sorted((m, n) for _, n, m in some))
    apart = sorted(abs(m - usual) for *_, m in some)
    # Half of the blocks tell how far blocks lie apart by nature.
    nature = apart[len(apart) // 2 - (len(apart) % 2 == 0)]
    off = [(b, n, m - usual) for b, n, m in some if abs(m - usual) > max(0.6, 6 * nature)]
    if not off or sum(n for _, n, _ in off) > MINORITY * total:
        return False
    any_found = False
    spreads = {
        str(b): d for b, d in table.ask(
            f"SELECT {cut.label('b')}, d FROM (SELECT b, mad(r) AS d FROM {rows} WHERE b IS NOT NULL GROUP BY 1)"
        )
    }  # fmt: skip
    # A small block may look narrow by chance: it varies as much as blocks do.
    within = sorted(spreads[b] for b, *_ in some)[len(some) // 2]
    place = {b: at for at, (b, *_) in enumerate(some)}
    before: tuple[int, float] | None = None
    told = ""
    for b, n, shift in off:
        d = spreads[b]
        factor = factors.nearest(shift, 1.4 * d / math.sqrt(n) * 1.5 + nature)
        # Numbers that spread far by themselves put medians anywhere: the shift must be more than that.
        d = max(d, within)
        error = 1.75 * d / math.sqrt(n)
        sure = 2.0 if any(math.isclose(abs(math.log(factor or 1)), math.log(one)) for one in factors.DECIMALS) else 3.0
        if factor is None or abs(math.log(factor)) < max(sure * d, (4 + math.log10(len(some))) * error):
            continue
        # Blocks that follow each other and are off alike are one: they go by the name of the first.
        if before != (place[b] - 1, factor):
            told = b
        before = (place[b], factor)
        cause = f"{cut.name}={told}|factor={factor:.10g}"
        surprise = min(40.0, 3 + abs(shift) / max(1.4 * d, 0.05) * math.log10(n + 1))
        where = f"{cut.text} = {literal(b)}"
        # In a block that is off, a cell that is not off fits better as it is.
        centre = f"l.x - l.m - {usual!r}" if level else f"{x} - {usual!r}"
        join = f"JOIN {level.base} l USING (__row)" if level else ""
        any_found |= bool(add(table, field, "scale", f"""SELECT __row, {field.text} AS value,
            {number(f"{field.value} / {factor!r}").replace(".4g", ".10g")} AS expected, {surprise!r} AS surprise,
            {literal(cause)} AS cause FROM {TABLE} {join} WHERE {where} AND {field.value} > 0
            AND abs({centre} - {math.log(factor)!r}) < abs({centre})"""))  # fmt: skip
    return any_found


@dataclass(frozen=True)
class Cut:
    """A way to cut a table into blocks: `key` is SQL of what a row's block is told by, `form` how that is written."""

    name: str
    key: str
    form: str | None = None

    def label(self, key: str) -> str:
        """SQL: a block as text, from its key: written once for each block, not for each row."""
        return f"strftime({key}, '{self.form}')" if self.form else f"({key})::VARCHAR"

    @property
    def text(self) -> str:
        """SQL: a row's block as text."""
        return self.label(self.key)


def cuts_of(table: Table) -> list[Cut]:
    """Ways to cut the table into blocks that are made at once: by file, by month and by day."""
    found = [Cut("source", "__source")] if table.settings.source and 2 <= table.sources <= 5_000 else []
    for moment in table.of("moment")[:2]:
        for grain in ("month", "day"):
            key = f"date_trunc('{grain}', {moment.value})"
            count, filled = table.ask(f"SELECT approx_count_distinct({key}), count({key}) FROM {TABLE}")[0]
            if BLOCKS <= count <= min(2_000, filled / ROWS):
                found.append(Cut(moment.name, key, "%Y-%m-%d" if grain == "day" else "%Y-%m"))
    return found


def _bulk(table: Table, field: Field) -> tuple[float, float, float] | None:
    """ln of the 5th, 50th and 95th percentile of the positive numbers."""
    x = f"ln(CASE WHEN {field.value} > 0 THEN {field.value} END)"
    found = table.ask(f"SELECT quantile_cont({x}, [0.05, 0.5, 0.95]) FROM {table.some}")[0][0]
    return None if found is None or found[0] is None else (found[0], found[1], found[2])


def _weighted(pairs: list[tuple[float, int]]) -> float:
    """The median of values with their weights."""
    half, seen = sum(weight for _, weight in pairs) / 2, 0
    for value, weight in pairs:
        seen += weight
        if seen >= half:
            return value
    return pairs[-1][0]
