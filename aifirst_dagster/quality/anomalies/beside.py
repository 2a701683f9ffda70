"""One cause, one group: single cells that are off by a factor right beside a block that is off by the same one.

A wrong unit seldom begins and ends with a month. Where the last days of May are in cents as all of June is, the month
is told as a block and the days as single cells: here they become cells of that block.
"""

from __future__ import annotations

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.anomalies.table import FLAGS, TABLE, Table

#: So many numbers may stand between two that are off, and both are still of one stretch.
APART = 10


def join(table: Table) -> None:
    """Give single cells of wrong scale the cause of the block that they adjoin, in the order the block is cut by."""
    ordered = {one.name: one.value for one in table.of("moment")}
    blocks = table.ask(f"SELECT DISTINCT field, cause FROM {FLAGS} WHERE kind = 'scale' AND cause NOT LIKE 'factor=%'")
    for at, cause in sorted(blocks):
        name, factor = cause.split("=", 1)[0], cause.rpartition("|")[2]
        single = f"(field = {at} AND kind = 'scale' AND cause = {literal(factor)})"
        if not table.ask(f"SELECT count(*) FROM {FLAGS} WHERE {single}")[0][0]:
            continue
        x = table.fields[at].value
        table.create(
            "__anomaly_beside",
            f"""WITH placed AS (SELECT __row, row_number() OVER (ORDER BY {ordered.get(name, "__row")}, __row) AS place
                FROM {TABLE} WHERE {x} > 0),
            off AS (SELECT p.__row, p.place, f.cause = {literal(cause)} AS blocked FROM {FLAGS} f
                JOIN placed p ON f.row = p.__row WHERE {single} OR (field = {at} AND cause = {literal(cause)})),
            steps AS (SELECT *, place - lag(place) OVER (ORDER BY place) > {APART} AS apart FROM off),
            runs AS (SELECT *, count(*) FILTER (apart) OVER (ORDER BY place) AS run FROM steps)
            SELECT __row FROM runs QUALIFY bool_or(blocked) OVER (PARTITION BY run) AND NOT blocked""",
        )
        these = "row IN (SELECT __row FROM __anomaly_beside)"
        table.ask(f"UPDATE {FLAGS} SET cause = {literal(cause)} WHERE {single} AND {these}")
