"""Texts read as points in time, where a rule puts them in order with a column of these."""

from __future__ import annotations

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.plan import Table, all_of
from aifirst_dagster.quality.engines.python_functions import PREFIX
from aifirst_dagster.quality.engines.texts import ISO


def beside_texts(table: Table, times: str, texts: str, chosen: str) -> tuple[str, str]:
    """SQL of the two columns' values as points in time without zone: of `times`, and of `texts` as pandas reads it.

    Only texts of the rows in `chosen` are read; an empty one is no date, and one that cannot be read is an error.
    """
    first, second = (f"({table.value(name)})" for name in (times, texts))
    zoned = "ZONE" in table.type(times)
    plain = f"regexp_full_match({second}, {literal(ISO)}) AND try_cast({second} AS TIMESTAMP) IS NOT NULL"
    read = (
        f"CASE WHEN NOT ({all_of(chosen, f'{second} IS NOT NULL')}) THEN NULL "
        f"WHEN {plain} THEN try_cast({second} AS TIMESTAMP) "
        f"ELSE CAST({PREFIX}moment({second}, {literal('UTC' if zoned else '')}) AS TIMESTAMP) END"
    )
    return (f"timezone('UTC', {first})" if zoned else f"CAST({first} AS TIMESTAMP)"), f"({read})"
