"""Single cells that look wrong: what breaks a rule, and what stands out from its column or from its row."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from aifirst_dagster.datasets.session import LINE, ident
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality import dependencies, oddities
from aifirst_dagster.quality.engines.duckdb import violations
from aifirst_dagster.quality.facts import gather
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    import duckdb

#: Cells listed for a table, most.
MOST = 200_000


class Cell(BaseModel):
    """A cell that looks wrong. `suggestion` is the likely text, "" to empty it, None where there is none."""

    row: int
    source_line: int | None
    column: str
    value: str | None
    rule_ids: list[str] = Field(default_factory=list)
    reason: str
    suggestion: str | None = None


def find(
    con: duckdb.DuckDBPyConnection,
    text: str,
    columns: Sequence[Column],
    rules: Iterable[Rule] = (),
    typed: str | None = None,
) -> list[Cell]:
    """Cells that look wrong, in the order of rows.

    Args:
        con: The session.
        text: The relation as the reader gave it: cells as text, with `_source_line`.
        columns: What its columns are; `name` is the relation's own.
        rules: Cells that break these are listed with the rules' ids.
        typed: The typed relation that the rules are about, with the same `_source_line`s.
    """
    # By number, for the user's names may be those that the searches use for their own columns.
    numbered = [
        column.model_copy(update={"name": f"cell_{at}", "source_name": column.name})
        for at, column in enumerate(columns)
    ]
    own = {column.name: column.source_name for column in numbered}
    named = ", ".join(f"{ident(name)}::VARCHAR AS {number}" for number, name in own.items())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE __cells AS SELECT row_number() OVER () - 1 AS __row, {LINE} AS __line"
        f"{', ' + named if named else ''} FROM {text}"
    )
    try:
        rows = con.execute("SELECT count(*) FROM __cells").fetchall()[0][0]
        found: dict[tuple[int, str], Cell] = {}
        for cell in _rule_cells(con, own, list(rules), typed):
            _add(found, cell)
        if rows >= 10:
            # Dependencies come first: what the rest of the row says is a better suggestion than what looks alike.
            facts = gather(con, "__cells", numbered, rows)
            depending = dependencies.find(facts)
            try:
                for name, query in itertools.chain(depending.queries, oddities.queries(facts, depending.supported)):
                    for row, line, value, reason, suggestion in con.execute(query).fetchall():
                        _add(found, Cell(row=row, source_line=line, column=own[name], value=value, reason=reason,
                                         suggestion=suggestion))  # fmt: skip
            finally:
                dependencies.drop(facts, depending)
    finally:
        con.execute("DROP TABLE IF EXISTS __cells")
    return [found[key] for key in sorted(found)[:MOST]]


def _add(found: dict[tuple[int, str], Cell], cell: Cell) -> None:
    """List a cell; one that is listed already gains the rules and the suggestion that it lacks."""
    key = (cell.row, cell.column)
    if key not in found:
        found[key] = cell
        return
    there = found[key]
    there.rule_ids += [name for name in cell.rule_ids if name not in there.rule_ids]
    if there.suggestion is None:
        there.suggestion = cell.suggestion


def _rule_cells(con: Any, own: Mapping[str, str], rules: list[Rule], typed: str | None) -> Iterable[Cell]:
    """Cells of the columns that a broken rule reads; `own` has the columns' names by those in `__cells`."""
    import duckdb

    if typed is None:
        return
    inner = {name: number for number, name in own.items()}
    for rule in rules:
        broken = violations(rule, con, typed) if rule.heard else None
        for name in rule.columns if broken else []:
            if name not in inner:
                continue
            query = f"""SELECT c.__row, c.__line, c.{inner[name]} FROM __cells c
                WHERE c.__line IN (SELECT {LINE} FROM {typed} WHERE {broken})"""
            reason = rule.rationale or f"It breaks the rule {rule.id}."
            try:
                hits = con.execute(query).fetchall()
            except duckdb.Error:  # a value that the rule cannot be judged on: its own result says so
                break
            for row, line, value in hits:
                yield Cell(row=row, source_line=line, column=name, value=value, rule_ids=[rule.id], reason=reason)
