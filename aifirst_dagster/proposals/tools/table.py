"""Rows as a model reads them: fenced JSON, each cell masked and short, no more rows than fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aifirst_dagster.proposals.masking import mask
from aifirst_dagster.proposals.prompts import fence

#: Characters of a cell, and of a whole table; a result is cut at 8,000, which would cut the fence.
CELL, WHOLE = 120, 7_000


def told(columns: Sequence[str], rows: Sequence[Sequence[Any]], total: int, note: str = "") -> str:
    """The first rows, and how many there are in all."""
    cells = [[_cell(value) for value in row] for row in rows]
    shown = len(cells)
    while True:
        table = {"columns": [str(name)[:CELL] for name in columns], "rows": cells[:shown]}
        text = fence("rows", table)
        if len(text) <= WHOLE or not shown:
            break
        # Each try is nearer: the share that fits, or one row less.
        shown = min(shown - 1, int(shown * WHOLE / len(text)))
    return "\n".join(part for part in (f"{total} rows, {shown} shown.", note, text[:WHOLE]) if part)


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    text = mask(str(value))
    if isinstance(value, int | float) and text == str(value):
        return value
    return text if len(text) <= CELL else f"{text[:CELL]}…"
