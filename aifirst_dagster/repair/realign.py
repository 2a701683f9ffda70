"""Shifted rows: their values are moved back into their columns, where only one shift explains the row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import HIDDEN, LINE, RAW, ident, literal
from aifirst_dagster.inference.alignment import shifts
from aifirst_dagster.inference.alignment.find import Shifts, find, here_of, texts_of, tokens_of
from aifirst_dagster.inference.alignment.fits import Fit
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair.plan import Action, RepairPlan

if TYPE_CHECKING:
    import duckdb

NAME = "realign_row"
REALIGNED = ident("#realigned")
Tables = list[tuple[str, str]]
_number = itertools.count(1)
#: A table of at most so many rows is looked at as a whole; of a larger one, the rows with a cell that did not parse.
WHOLE, SAMPLE = 150_000, 20_000
#: So many of those rows, most.
LOOKED_AT = 20_000


@contextmanager
def aligned(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]
) -> Iterator[tuple[Action | None, str]]:
    """The action that rights the relation's shifted rows (None: it has none), and the relation with them righted.

    Repairs are to be proposed for that: a postal code in a column of dates is no day.
    """
    action = propose(con, relation, columns)
    if action is None:
        yield None, relation
        return
    tables, last = stages(action, relation)
    name = f"repair_aligned_{next(_number)}"
    with_ = ", ".join(f"{ident(table)} AS ({sql})" for table, sql in tables)
    con.execute(
        f"CREATE TABLE {name} AS WITH {with_} SELECT * EXCLUDE ({REALIGNED}) "
        f"REPLACE (CASE WHEN NOT {REALIGNED} THEN {RAW} END AS {RAW}) FROM {last}"
    ).fetchall()
    try:
        yield action, name
    finally:
        con.execute(f"DROP TABLE {name}")


def propose(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> Action | None:
    """The action for what the relation shows; None where no row is shifted."""
    types = {r[0]: r[1] for r in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall() if r[0] not in HIDDEN}
    known = {column.source_name: column for column in columns} | {column.name: column for column in columns}
    if set(types) - set(known) or any(known[name].native and types[name] != "VARCHAR" for name in types):
        return None
    given = [known[name].model_copy(update={"name": name, "physical_type": types[name]}) for name in types]
    suspicious = _suspicion(given)
    rows, suspect = con.execute(f"SELECT count(*), count_if({suspicious}) FROM {relation}").fetchall()[0]
    if not suspect:
        return None
    if rows <= WHOLE:
        found = find(con, relation, given, texts_of(types))
    else:
        sample = f"repair_aligned_{next(_number)}"
        chosen = f"hash({LINE}) % {round(rows / SAMPLE)} = 0"
        con.execute(f"CREATE TEMP TABLE {sample} AS SELECT * FROM {relation} WHERE {chosen}").fetchall()
        every = max(1, round(suspect / LOOKED_AT))
        some = f"{suspicious} AND hash({LINE} + 1) % {every} = 0"
        found = find(con, relation, given, texts_of(types), some, sample)
        found = replace(found, rows={step: every * count for step, count in found.rows.items()})
        con.execute(f"DROP TABLE {sample}")
    return _action(con, relation, found, given) if found.rows else None


def _suspicion(columns: Sequence[Column]) -> str:
    """SQL: whether a row has an empty cell and (where columns are typed) one that could not be read."""
    empty = " OR ".join(f"{ident(column.name)} IS NULL" for column in columns)
    if all(column.physical_type == "VARCHAR" for column in columns):
        return f"({empty})"
    said = ", ".join(literal(token) for token in ["", *tokens_of(columns)])
    unread = f"list_filter(map_values({RAW}), lambda _text_: lower(trim(_text_)) NOT IN ({said}))"
    return f"({RAW} IS NOT NULL AND ({empty}) AND CASE WHEN {RAW} IS NOT NULL THEN len({unread}) > 0 ELSE FALSE END)"


def _action(con: Any, relation: str, found: Shifts, columns: Sequence[Column]) -> Action:
    """The action, with its first examples."""
    said = {name: fit.model_dump(exclude_defaults=True, mode="json") for name, fit in found.fits.items()}
    params: dict[str, Any] = {"by": sorted(found.rows, key=lambda step: (abs(step), -step)), "columns": said}
    if tokens := tokens_of(columns):
        params["tokens"] = tokens
    words = ", ".join(
        f"{rows} {'to the right' if step > 0 else 'to the left'}{f' by {abs(step)}' if abs(step) > 1 else ''}"
        for step, rows in found.rows.items()
    )
    action = Action(action=NAME, params=params, rows_affected=sum(found.rows.values()), reversible=True,
                    reason=f"cells fit the columns beside theirs, and not their own: rows shifted {words}")  # fmt: skip
    tables, last = stages(action, relation)
    with_ = ", ".join(f"{ident(table)} AS ({sql})" for table, sql in tables)
    pairs = con.execute(
        f"WITH {with_} SELECT {row_text(list(found.fits), True)}, {row_text(list(found.fits), False)} FROM {last} "
        f"WHERE {REALIGNED} ORDER BY _source_line, _source LIMIT 5"
    ).fetchall()
    return action.model_copy(update={"examples": [list(pair) for pair in pairs]})


def row_text(names: Sequence[str], before: bool) -> str:
    """SQL: a row in one line, as the file has it or as it is."""
    cells = ", ".join(
        f"coalesce({f'{RAW}[{literal(name)}], ' if before else ''}CAST({ident(name)} AS VARCHAR), '')" for name in names
    )
    return f"left(concat_ws(' | ', {cells}), 200)"


def wanted(plan: RepairPlan) -> Action | None:
    """The plan's action, if it has one."""
    return next((action for action in plan.actions if action.action == NAME), None)


def stages(action: Action, relation: str) -> tuple[Tables, str]:
    """Common table expressions that right the shifted rows of a relation and add `#realigned`, and the last one's name.

    The file's text of each moved cell goes into `_raw`; of one that is empty now, only where its column is text: text
    of a typed cell that is empty is one that could not be read.
    """
    fits = {name: Fit.model_validate(said) for name, said in action.params["columns"].items()}
    names, steps = list(fits), [int(step) for step in action.params["by"]]
    texts, tokens = texts_of({name: fit.physical_type for name, fit in fits.items()}), action.params.get("tokens", [])
    here = [here_of(name, texts[name], fits[name], tokens) for name in names]
    tables: Tables = [("#fitting", shifts.fitting(relation, [texts[name] for name in names], here))]
    more, last = shifts.stages(ident("#fitting"), [texts[name] for name in names], list(fits.values()), steps)
    tables += more
    moved = {name: _moved(at, names, texts, fits, steps) for at, name in enumerate(names)}
    cells = [f"{sql} AS {ident(name)}" for name, sql in moved.items()]
    shifted = f"{ident(shifts.BY)} IS NOT NULL"
    raw = f"CASE WHEN {shifted} THEN {_raw(names, moved, fits)} ELSE {RAW} END AS {RAW}"
    left_out = ", ".join(ident(name) for name in shifts.helpers(steps, len(names)))
    replaced = ",\n    ".join([*cells, raw])
    tables.append(("#aligned", f"SELECT * EXCLUDE ({left_out}) REPLACE (\n    {replaced}\n),\n    "
                               f"{shifted} AS {REALIGNED}\nFROM {last}"))  # fmt: skip
    return tables, ident("#aligned")


def _moved(at: int, names: list[str], texts: dict[str, str], fits: dict[str, Fit], steps: list[int]) -> str:
    """SQL: what stands in a column once its row is righted."""
    name, by, place = names[at], ident(shifts.BY), ident(shifts.FROM)
    fit, cases = fits[name], []
    for step in steps:
        origin = at + step
        if not 0 <= origin < len(names):
            cases.append(f"WHEN {step} THEN NULL")
            continue
        value = fit.reading(texts[names[origin]])
        # To the left, the first cells behind the place are those that the row lost.
        cases.append(f"WHEN {step} THEN " + (
            f"CASE WHEN {at + 1} >= {place} + {-step} THEN {value} END" if step < 0 else value
        ))  # fmt: skip
    return f"CASE WHEN {by} IS NULL OR {place} > {at + 1} THEN {ident(name)} ELSE CASE {by} {' '.join(cases)} END END"


def _raw(names: list[str], moved: dict[str, str], fits: dict[str, Fit]) -> str:
    """SQL: the file's texts of a righted row's cells that say something else now, and what was known before."""
    entries = []
    for at, name in enumerate(names, 1):
        text = f"coalesce({RAW}[{literal(name)}], CAST({ident(name)} AS VARCHAR), '')"
        now = f"CAST({moved[name]} AS VARCHAR)"
        stays = f"{now} IS NOT NULL AND {text} <> {now}" if fits[name].typed else f"{text} <> coalesce({now}, '')"
        entries.append(
            f"CASE WHEN {ident(shifts.FROM)} > {at} THEN {RAW}[{literal(name)}] WHEN {stays} THEN {text} END"
        )
    listed = ",\n        ".join(
        f"{{'key': {literal(name)}, 'value': {entry}}}" for name, entry in zip(names, entries, strict=True)
    )
    return (
        f"nullif(map_from_entries(list_filter([\n        {listed}\n    ], lambda _entry_: _entry_.value IS NOT NULL)), "
        "MAP {})"
    )
