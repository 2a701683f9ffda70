"""A repair plan applied: rows kept, merged and set aside, with what each action changed, counted from the data."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.errors import QualityError
from aifirst_dagster.repair import duplicates, lookups, realign
from aifirst_dagster.repair.compile import DUPLICATE_OF, REASONS, Compiled, compiled
from aifirst_dagster.repair.place import Place, place_of
from aifirst_dagster.repair.plan import Action, RepairPlan

if TYPE_CHECKING:
    import duckdb

_number = itertools.count(1)
EXAMPLES = 5


@dataclass(frozen=True)
class Applied:
    """What one action did. `examples` are pairs of text before and after."""

    column: str | None
    action: str
    rows_changed: int
    reason: str = ""
    examples: list[list[str | None]] = field(default_factory=list)


@dataclass(frozen=True)
class Repaired:
    """The outcome of a plan; `rows_in == rows_out + quarantined + merged`.

    Attributes:
        rows_in: Rows of the relation that went in, counted there.
        rows_out: Rows of `kept`.
        kept: Relation: user columns, `_source`, `_source_line`, `_raw`.
        quarantine: Relation: `_source, _source_line, row, reason, column, value, values`.
        duplicates: Relation: the duplicates, as `kept`, with `_duplicate_of`.
        repairs: Relation: `_source, row, source_line, column, before, after`, one row per cell that was changed.
        table: Relation of all rows: what `compile.select` gives.
    """

    rows_in: int
    rows_out: int
    quarantined: int
    merged: int
    actions: list[Applied]
    kept: str
    quarantine: str
    duplicates: str
    repairs: str
    table: str


def apply(con: duckdb.DuckDBPyConnection, relation: str, plan: RepairPlan) -> Repaired:
    """Apply `plan` to `relation` (as `plan.propose` takes it); relations of the result live as long as the session."""
    number = next(_number)
    table, kept, quarantine, merged, repairs = (
        f"repair_{number}_{part}" for part in ("all", "kept", "quarantine", "merged", "repairs")
    )
    with lookups.texts(con, plan, relation) as types:
        statement = compiled(plan, relation, traced=True, types=types)
        con.execute(f"CREATE OR REPLACE TABLE {table} AS\n{statement.sql}").fetchall()
    if plan.deduplicate:
        duplicates.mark(con, table, statement.columns, statement.key)
    counts = con.execute(_counts(statement, relation, table)).fetchall()[0]
    rows_in, rows, set_aside, twins = counts[:4]
    if rows != rows_in:
        raise QualityError(
            f"The repair made {rows} rows of {rows_in}.", hint="This is a defect: please report the plan."
        )
    changed = dict(zip(statement.flags, counts[4:], strict=True))
    similar = sum(changed.get(at, 0) for at, action in enumerate(plan.actions) if action.action == "merge_similar_rows")
    user, place = ", ".join(ident(name) for name in statement.columns), place_of(con, statement.columns, table)
    passing = f"{REASONS} IS NULL AND {DUPLICATE_OF} IS NULL"
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {kept} AS SELECT {user}, {SOURCE}, {LINE}, {RAW} FROM {table} WHERE {passing}"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {merged} AS SELECT {user}, {SOURCE}, {LINE}, {RAW}, {DUPLICATE_OF} FROM {table} "
        f"WHERE {DUPLICATE_OF} IS NOT NULL"
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW {quarantine} AS {_quarantine(statement, plan, table, place)}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW {repairs} AS {_repairs(statement, plan, table, place)}")
    actions = [
        Applied(action.column, action.action, _rows(action, at, changed, twins, similar), action.reason,
                examples(con, plan, at, table, changed))
        for at, action in enumerate(plan.actions)
    ]  # fmt: skip
    return Repaired(
        rows_in, rows - set_aside - twins, set_aside, twins, actions, kept, quarantine, merged, repairs, table
    )


def _counts(statement: Compiled, relation: str, table: str) -> str:
    """One scan: rows in, rows, rows set aside, duplicates, then the cells that each action changed."""
    flags = [f"count(*) FILTER ({ident(flag)})" for flag in statement.flags.values()]
    fields = [
        f"(SELECT count(*) FROM {relation})",
        "count(*)",
        f"count({REASONS})",
        f"count({DUPLICATE_OF})",
        *flags,
    ]
    return f"SELECT {', '.join(fields)} FROM {table}"


def _rows(action: Action, at: int, changed: dict[int, int], twins: int, similar: int) -> int:
    """How many cells or rows an action changed; a finding changes none."""
    if action.action == "merge_duplicates":
        return twins - similar
    return changed.get(at, 0)


def _quarantine(statement: Compiled, plan: RepairPlan, table: str, place: Place) -> str:
    """SQL: the rows set aside, with the texts that the file has for them."""
    about = {reason: column for reason, column in statement.reasons.items() if column is not None}
    cases = " ".join(f"WHEN {literal(reason)} THEN {literal(column)}" for reason, column in about.items())
    column = f"CASE {REASONS}[1] {cases} END" if cases else "NULL"
    fields = ", ".join(f"{ident(name)} := {_text(name)}" for name in statement.columns if name not in plan.companions)
    values = f"to_json(struct_pack({fields}))::VARCHAR" if fields else "'{}'"
    return (
        f"SELECT {SOURCE}, {LINE}, {place.nth} AS \"row\", array_to_string({REASONS}, '; ') AS reason, "
        f'{column} AS "column", {RAW}[{column}] AS "value", {values} AS "values" '
        f"FROM {table} {place.join} WHERE {REASONS} IS NOT NULL"
        f"{' ORDER BY ' + place.order if place.order else ''}"
    )


def _repairs(statement: Compiled, plan: RepairPlan, table: str, place: Place) -> str:
    """SQL: each cell of a kept row that says something else than the file, in the order of the file."""
    own = [name for name in statement.columns if name not in plan.companions]
    values = " ".join(f"WHEN {literal(name)} THEN {ident(name)}::VARCHAR" for name in own)
    order = " ".join(f"WHEN {literal(name)} THEN {number}" for number, name in enumerate(own))
    key = '"#cell".key'
    # Cells are sorted within their row: all of them at once would be a table of its own in memory.
    cells = (
        f"list_sort(list_transform(map_entries({RAW}), lambda _cell_: "
        f"{{'at': CASE _cell_.key {order} END, 'key': _cell_.key, 'value': _cell_.value}}))"
    )
    sort = f'ORDER BY {place.order}, "#nth", "#cell".at' if place.order else ""
    return (
        f'SELECT {SOURCE}, "#nth" AS "row", {LINE} AS source_line, {key} AS "column", "#cell".value AS before, '
        f'CASE {key} {values} END AS after FROM (SELECT {table}.*, {place.nth} AS "#nth", '
        f'unnest({cells}) AS "#cell" FROM {table} {place.join} '
        f"WHERE {RAW} IS NOT NULL AND {REASONS} IS NULL AND {DUPLICATE_OF} IS NULL) {sort}"
    )


def _text(name: str) -> str:
    """SQL: the file's text of a cell."""
    return f"coalesce({RAW}[{literal(name)}], {ident(name)}::VARCHAR)"


def examples(
    con: duckdb.DuckDBPyConnection, plan: RepairPlan, at: int, table: str, changed: dict[int, int]
) -> list[list[str | None]]:
    """Up to five different pairs of text before and after that an action made, those of the first lines."""
    action = plan.actions[at]
    if not changed.get(at):
        return []
    if action.action == realign.NAME:
        names = [column.name for column in plan.columns if column.name not in plan.companions]
        rows = con.execute(
            f"SELECT {realign.row_text(names, True)}, {realign.row_text(names, False)} FROM {table} "
            f"WHERE {ident(f'#{at}')} ORDER BY {LINE}, {SOURCE} LIMIT {EXAMPLES}"
        ).fetchall()
        return [list(row) for row in rows]
    if action.column is None:
        return []
    into = ident(str(action.params["into"])) if action.kind == "companion" else ident(action.column)
    before = _text(action.column)
    return [
        [old, new]
        for old, new in con.execute(
            f"SELECT any_value(before), any_value(after) FROM (SELECT left({before}, 200) AS before, "
            f"left({into}::VARCHAR, 200) AS after, {LINE} FROM {table} WHERE {ident(f'#{at}')} "
            f"ORDER BY {LINE}, {SOURCE} LIMIT 500) "
            f"GROUP BY before, after ORDER BY min({LINE}), before LIMIT {EXAMPLES}"
        ).fetchall()
    ]
