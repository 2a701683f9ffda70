"""What a person would notice on a table, beside the data: totals that sum up, lines that are no records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.inference import casts
from aifirst_dagster.proposals.vision.proposal import Oddity
from aifirst_dagster.proposals.vision.sheet import Row, Sheet, place
from aifirst_dagster.proposals.vision.sight import SightClaim

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable

#: How far a total may be from the sum of what it totals: totals are printed rounded.
ROUNDING = 0.005
_UNITS = re.compile(r"[(\[/].*\S|,\s*in\b|\b(in|per)\s+\S+$", re.IGNORECASE)


def odd(con: duckdb.DuckDBPyConnection, table: ReadTable, drawn: Sheet, said: Oddity) -> SightClaim:
    """The claim that `said` makes, compared with the rows that the reader counts as data."""
    row = drawn.at(said.row) if said.row else None
    where = f"row {said.row}" if said.row else f"column {said.column}" if said.column else "table"
    claim = SightClaim(subject=where, what=said.kind, value=said.text)
    if said.kind == "unit_in_header":
        return _unit(drawn, said, claim)
    if said.kind == "blank_row":
        return _blank(drawn, said.row, row, claim)
    if row is None:
        if said.row:
            claim.state, claim.evidence = "failed", "No such row is shown."
        return claim
    claim.data = "not data" if row.line is None else "a record"
    if said.kind == "totals_row":
        return _total(con, table, drawn, row, claim)
    if said.kind in ("title", "note"):
        claim.state = "tested" if row.line is None else "failed"
        claim.evidence = ("The reader does not count the line as data." if row.line is None
                          else "The reader counts the line as a record.")  # fmt: skip
    elif said.kind == "repeated_header":
        return _repeated(drawn, row, claim)
    elif said.kind == "second_table" and row.line is None:
        claim.state, claim.evidence = "corroborated", "The reader does not count the line as data."
    return claim


def _total(con: duckdb.DuckDBPyConnection, table: ReadTable, drawn: Sheet, row: Row, claim: SightClaim) -> SightClaim:
    """Whether the row's numbers are the sums of the records above it."""
    if row.line is None:
        claim.state, claim.evidence = "corroborated", "The reader does not count the line as data."
        return claim
    columns = [column for column in drawn.columns if column.type in ("integer", "number")]
    if not columns:
        claim.evidence = "No column holds numbers that could sum up."
        return claim
    numbers = ", ".join(
        f"TRY_CAST({casts.parsed(column, ident(column.source_name))} AS DOUBLE) AS c{at}"
        for at, column in enumerate(columns)
    )
    wanted = ", ".join(
        f"max(c{at}) FILTER (line = {row.line}), sum(c{at}) FILTER (line < {row.line})" for at in range(len(columns))
    )
    found = con.execute(
        f"SELECT {wanted} FROM (SELECT {LINE} AS line, {numbers} FROM {table.relation} "
        f"WHERE {SOURCE} = {literal(drawn.file)} AND {LINE} <= {row.line})"
    ).fetchall()[0]
    pairs = [(column.source_name, found[2 * at], found[2 * at + 1]) for at, column in enumerate(columns)]
    given = [(name, total, summed) for name, total, summed in pairs if total is not None and summed is not None]
    right = [name for name, total, summed in given if abs(total - summed) <= ROUNDING * max(abs(summed), 1e-9)]
    if not given:
        claim.evidence = "The row has no numbers that could be sums."
    elif right:
        claim.state = "tested"
        claim.evidence = f"{', '.join(right[:5])}: the sum of the records above it. It is counted as a record."
    else:
        name, total, summed = given[0]
        claim.state = "failed"
        claim.data = f"{name}: {summed:,.10g}"
        claim.evidence = f"{name} is {total:,.10g}; the records above it sum to {summed:,.10g}."
    return claim


def _blank(drawn: Sheet, number: int, row: Row | None, claim: SightClaim) -> SightClaim:
    """A line without any cell: the reader gives none for it."""
    before = [one for one in drawn.rows if one.number < number]
    covered = bool(before) and before[-1].number + before[-1].span > number
    inside = number >= 1 and any(one.number > number for one in drawn.rows)
    if row is not None and any(row.cells):
        claim.state, claim.data, claim.evidence = "failed", "cells", "The row has cells."
    elif row is not None or (inside and not covered):
        claim.state, claim.evidence = "tested", "The file has nothing on that line."
    else:
        claim.state, claim.evidence = "failed", "No such row is shown."
    return claim


def _repeated(drawn: Sheet, row: Row, claim: SightClaim) -> SightClaim:
    names = [column.source_name.strip().casefold() for column in drawn.columns]
    same = sum(cell.strip().casefold() == name for cell, name in zip(row.cells, names, strict=False) if cell)
    filled = sum(1 for cell in row.cells if cell)
    claim.state = "tested" if filled and same >= 0.6 * filled else "failed"
    claim.evidence = f"{same} of its {filled} cells say what the header says; the reader counts it as {claim.data}."
    return claim


def _unit(drawn: Sheet, said: Oddity, claim: SightClaim) -> SightClaim:
    at = place(said.column) if said.column else -1
    if not 0 <= at < len(drawn.columns):
        claim.state, claim.evidence = "failed", "No such column is shown."
        return claim
    name = drawn.columns[at].source_name
    claim.data = name
    claim.state = "tested" if _UNITS.search(name) else "failed"
    claim.evidence = f"The column is called {name!r}."
    return claim
