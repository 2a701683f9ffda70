"""Categories that hardly a row has where all others have many: a new currency, a code of another list."""

from __future__ import annotations

import re

from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.table import TABLE, Field, Table

#: A column of categories has no more different values, and so many rows for each.
VALUES, EACH = 60, 25
#: A rare value has at most so many cells, and the next one this many times as many.
RARE, TIMES = 0.002, 12
_CODES = re.compile(r"(?i)curr|units?$|uom|country|lang|locale|encoding|version")


def find(table: Table) -> None:
    """Flag cells of rare categories; a long tail of ever rarer ones is none."""
    for field in table.of("text"):
        # Of two values the rarer one may be what the column is for (a flag): only codes are all of one sort.
        least = 2 if _coded(field) else 3
        if not least <= field.distinct <= VALUES or field.filled < EACH * field.distinct:
            continue
        counts = table.ask(f"SELECT v, n FROM {table.counted(field)} ORDER BY n, v")
        most = max(2, int(RARE * field.filled))
        # The widest step in the sorted counts parts the rare from the others.
        steps = [
            (counts[at + 1][1] / counts[at][1], at) for at in range(len(counts) - 1) if counts[at][1] <= most
        ]  # fmt: skip
        if not steps:
            continue
        step, at = max(steps)
        if step < TIMES or at + 1 > max(1, len(counts) // 4) or len(counts) - at < least:
            continue
        few = sum(n for _, n in counts[: at + 1])
        limit = counts[at][1]
        rows = field.filled
        add(table, field, "rare", f"""SELECT t.__row, {field.text} AS value, NULL AS expected,
            log10({rows} / c.n) + log10({step!r}) AS surprise, 'value=' || c.v AS cause
            FROM {TABLE} t JOIN (FROM {table.counted(field)} WHERE n <= {limit}) c
            ON {field.value} = c.v""", most=max(3, few))  # fmt: skip


def _coded(field: Field) -> bool:
    """Whether a column names currencies, units, countries, languages: one rare value beside one is odd there."""
    return bool(_CODES.search(f"{field.name} {field.column.semantic_type or ''}"))
