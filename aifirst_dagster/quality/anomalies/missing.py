"""Values missing together: a file, a period or a stretch of rows without what nearly all others have."""

from __future__ import annotations

import math

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.scale import Cut, cuts_of
from aifirst_dagster.quality.anomalies.table import TABLE, Field, Table

#: A block lacks this share at least, the others no more than that; cells that lack at least.
SURGE, USUAL, LEAST = 0.5, 0.1, 5
#: Stretches that the file is cut into where nothing else cuts it.
STRETCHES = 50


def find(table: Table) -> None:
    """Flag the empty cells of blocks in which a column is suddenly empty."""
    gaps = [field for field in table.fields if field.kind != "other" and table.rows - field.filled >= LEAST]
    some = [field for field in gaps if field.filled >= 0.5 * table.rows]
    cuts = cuts_of(table)
    if table.rows >= 10 * STRETCHES:
        cuts.append(Cut("rows", f"__row * {STRETCHES} // {table.rows}"))
    for field in some:
        for cut in cuts:
            if _one(table, field, cut):
                break


def _one(table: Table, field: Field, cut: Cut) -> bool:
    counts = table.ask(
        f"SELECT {cut.label('b')} AS b, n, gone FROM (SELECT {cut.key} AS b, count(*) AS n, "
        f"count(*) - count({field.value}) AS gone FROM {TABLE} WHERE b IS NOT NULL GROUP BY 1) ORDER BY 1"
    )
    blocks = [(str(b), n, gone) for b, n, gone in counts if n >= LEAST]
    off = [(b, n, gone) for b, n, gone in blocks if gone >= LEAST and gone >= SURGE * n]
    rest = [(n, gone) for b, n, gone in blocks if not (gone >= LEAST and gone >= SURGE * n)]
    rows, without = sum(n for n, _ in rest), sum(gone for _, gone in rest)
    if not off or len(rest) < 2 or rows < 0.5 * table.rows or without > USUAL * rows:
        return False
    worst = max((gone / n for n, gone in rest), default=0)
    # Shares of every size in between: the column is emptied gradually, not in one place.
    if worst > 0.3 or len(off) > max(2, 0.15 * len(blocks)):
        return False
    usual = (without + 0.5) / (rows + 1)
    listed = ", ".join(literal(b) for b, *_ in off)
    where = f"{cut.text} IN ({listed})"
    gone = sum(gone for *_, gone in off)
    surprise = min(40.0, gone * -math.log10(usual) / math.sqrt(gone))
    cause = f"{literal(f'{cut.name}=')} || {cut.text}" if cut.name != "rows" else "'rows'"
    return bool(add(table, field, "missing",
                    f"SELECT __row, NULL AS value, NULL AS expected, {surprise!r} AS surprise, {cause} AS cause "
                    f"FROM {TABLE} WHERE {where} AND {field.value} IS NULL"))  # fmt: skip
