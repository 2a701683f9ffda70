"""What is said where it is not sure how a text is delimited: each reading that may be meant, and what it would give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aifirst_dagster.connectors.base import ReadOptions
from aifirst_dagster.connectors.source import Source
from aifirst_dagster.errors import UnsureError
from aifirst_dagster.inference.dialect import Candidate, Guess
from aifirst_dagster.inference.header import layout
from aifirst_dagster.inference.records import records

_READINGS, _LINES, _CELLS = 3, 200, 5


def settle(found: Guess, lines: Sequence[str], source: Source, options: ReadOptions) -> list[str]:
    """Go on with a guess: a notice where it is in doubt and that is accepted.

    Raises:
        UnsureError: It is in doubt; the error lists the readings.
    """
    if found.doubt is None or options.delimiter is not None:
        return []
    rivals = [other for other in found.others if other.width > 1][:_READINGS]
    readings = [_reading(candidate, lines) for candidate in (found.best, *rivals)]
    told = "; ".join(map(_told, readings))
    if options.accept_unsure:
        others = ", ".join(repr(reading["delimiter"]) for reading in readings[1:])
        return [f"{found.doubt} Read with delimiter {found.best.delimiter!r}; others: {others}."]
    raise UnsureError(
        found.doubt,
        hint=f"The first of these was about to be taken: {told}. Name the delimiter, or accept the guess "
        "(--accept-unsure).",
        file=source.given,
        alternatives=readings,
    )


def _reading(candidate: Candidate, lines: Sequence[str]) -> dict[str, Any]:
    """What one way to split the text would give."""
    rows = records(lines[:_LINES], candidate.tokenizer)
    found = layout(rows)
    start = found.first + found.header_rows
    names = [name.strip()[:40] for name in found.names] if found.header_rows else []
    first = rows[start].cells if start < len(rows) else []
    return {
        "delimiter": candidate.delimiter,
        "quotechar": candidate.tokenizer.quotechar,
        "score": candidate.score,
        "columns": found.width,
        "names": names,
        "first_row": [cell.strip()[:40] for cell in first],
    }


def _told(reading: dict[str, Any]) -> str:
    """A reading in a few words."""
    count, sign = reading["columns"], reading["delimiter"]
    shown = f"{sign!r} gives {count} column{'s'[: count != 1]}" if sign else "no delimiter gives 1 column"
    names, first = (_listed(reading[part]) for part in ("names", "first_row"))
    return f"{shown} ({f'names {names}; ' if names else ''}first row {first})"


def _listed(cells: Sequence[str]) -> str:
    return " | ".join(cells[:_CELLS]) + (" | ..." if len(cells) > _CELLS else "")
