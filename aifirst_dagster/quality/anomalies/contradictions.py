"""Rows whose values contradict one another: a total that is no total, an end before its beginning."""

from __future__ import annotations

import itertools

from aifirst_dagster.inference.relations import arithmetic, look
from aifirst_dagster.inference.relations.found import Claim
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.peers import number
from aifirst_dagster.quality.anomalies.table import TABLE, Field, Table

#: A relation that more rows break than this is none; as few may be the ones that break an order of moments.
BROKEN, DISORDER = 0.02, 0.01
#: Rows that must have a say.
ROWS = 30
_FORMULAS = {"sum": " + ", "product": " * ", "difference": " - "}


def find(table: Table) -> None:
    """Flag values that do not follow from those they are computed from, and moments out of order."""
    if table.rows >= ROWS:
        _derived(table)
        _order(table)


def _derived(table: Table) -> None:
    fields = table.of("number")
    if len(fields) < 2:
        return
    some = ", ".join(f"{field.value} AS c{field.at}" for field in fields)
    table.create("__anomaly_look", f"SELECT {some} FROM {table.some}")
    columns = [
        Column(name=field.sql, source_name=field.sql, type="number", physical_type="DOUBLE", native=True)
        for field in fields
    ]
    seen = look.take(table.con, "__anomaly_look", columns)
    if seen.rows < ROWS:
        return
    named = {field.sql: field for field in fields}
    cells = ", ".join(f"{field.value} AS t{at}" for at, field in enumerate(fields))
    for claim in itertools.islice(arithmetic.claims(seen), 12):
        broken, rows = table.ask(
            f"SELECT count(*) FILTER (NOT ({claim.test})), count({claim.test}) FROM (SELECT {cells} FROM {TABLE})"
        )[0]
        if 0 < broken <= BROKEN * rows and rows >= ROWS:
            out = named[claim.columns[-1]]
            cause = "from=" + ",".join(str(named[name].at) for name in claim.columns[:-1]) + f"|as={claim.kind}"
            add(table, out, "derived",
                f"SELECT __row, {out.text} AS value, {_expected(claim, fields)} AS expected, "
                f"4 + log10({rows} / {broken}) AS surprise, '{cause}' AS cause "
                f"FROM (SELECT *, {cells} FROM {TABLE}) WHERE NOT ({claim.test})", most=table.few)  # fmt: skip


def _expected(claim: Claim, fields: list[Field]) -> str:
    """SQL: what the value would be; NULL where the relation does not say it plainly."""
    sign = _FORMULAS.get(claim.kind)
    if sign is None:
        return "NULL"
    place = {field.sql: at for at, field in enumerate(fields)}
    made = sign.join(f"t{place[name]}" for name in claim.columns[:-1])
    return number(f"round({made}, 6)").replace(".4g", ".12g")


def _order(table: Table) -> None:
    """Two columns of moments, of which one is never after the other but for a few rows."""
    moments = [f for f in table.of("moment") if f.filled >= ROWS and f.distinct >= 5][:8]
    for a, b in itertools.combinations(moments, 2):
        before, after, same, apart = table.ask(
            f"SELECT count(*) FILTER ({a.value} < {b.value}), count(*) FILTER ({a.value} > {b.value}), "
            f"count(*) FILTER ({a.value} = {b.value}), "
            f"median(abs(date_diff('second', {a.value}, {b.value}))) FROM {TABLE}"
        )[0]
        rows = before + after + same
        few, first, last = (after, a, b) if after <= before else (before, b, a)
        # Moments that lie apart by years keep an order that nobody asked for.
        if rows < ROWS or not 0 < few <= max(1, DISORDER * rows) or rows - few - same < ROWS or apart > 400 * 86_400:
            continue
        where = f"{first.value} > {last.value}"
        add(table, last, "order",
            f"SELECT __row, {last.text} AS value, NULL AS expected, 3 + log10({rows} / {few}) AS surprise, "
            f"'after={first.at}' AS cause FROM {TABLE} WHERE {where}")  # fmt: skip
