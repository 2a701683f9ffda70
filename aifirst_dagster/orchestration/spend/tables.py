"""Markdown tables whose cells stay cells, whatever stands in them."""

from __future__ import annotations

from collections.abc import Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; the first columns are text, numbers come as the caller wrote them."""
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)])


def dollars(usd: float) -> str:
    """Money, to a hundredth of a cent."""
    return f"${usd:,.4f}"


def _cell(value: object) -> str:
    return str(value).replace("\n", " ").replace("|", "\\|").replace("`", "'").replace("<", "&lt;")
