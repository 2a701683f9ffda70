"""Lines that a reader set aside for a cell too many or too few: restored where one place alone makes the row whole.

A line with a cell too few gets an empty one; of one with a cell too many, an empty cell goes, or two cells become one
again that a delimiter without quotes had cut.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal, numbered
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.alignment import shifts
from aifirst_dagster.inference.alignment.find import LEAST, texts_of, tokens_of
from aifirst_dagster.inference.alignment.fits import Fit, learn
from aifirst_dagster.inference.schema import Column, Dialect
from aifirst_dagster.repair.plan import Action, RepairPlan
from aifirst_dagster.repair.realign import WHOLE

if TYPE_CHECKING:
    import duckdb

NAME = "restore_row"
#: Of a table of more rows than are looked at as a whole, so many say what its columns look like.
LEARNED = 20_000
_number = itertools.count(1)


@dataclass(frozen=True)
class Restored:
    """Lines that are rows again: relation of the columns as text, `_source`, `_source_line` and the line's `text`."""

    relation: str
    rows: int


def propose(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], rejects: str, dialect: Dialect | None
) -> Action | None:
    """The action that restores lines among `rejects`; None where none can be.

    Args:
        con: The session.
        relation: The rows that were read, typed under the columns' names.
        columns: What they are; `source_name` is the reader's.
        rejects: Lines with their reasons, as a reader sets them aside.
        dialect: How the lines are written.
    """
    if dialect is None or not dialect.delimiter or not 1 < len(columns) <= shifts.WIDEST:
        return None
    width = len(columns)
    near = " OR ".join(
        f"reason = {literal(f'expected {width} cells, found {found}')}" for found in (width - 1, width + 1)
    )
    if not con.execute(f"SELECT count(*) FROM {ident(rejects)} WHERE {near}").fetchall()[0][0]:
        return None
    rows: int = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    if rows < LEAST:
        return None
    learned = relation
    if rows > WHOLE:
        learned = f"(SELECT * FROM {relation} WHERE hash({LINE}) % {round(rows / LEARNED)} = 0)"
    fits = learn(con, learned, columns, texts_of({column.name: column.physical_type for column in columns}))
    params: dict[str, Any] = {
        "delimiter": dialect.delimiter,
        "columns": {name: fit.model_dump(exclude_defaults=True, mode="json") for name, fit in fits.items()},
    }
    if dialect.quotechar:
        params["quote"] = dialect.quotechar
    if tokens := tokens_of(columns):
        params["tokens"] = tokens
    action = Action(action=NAME, params=params, reversible=True)
    found = find(con, action, columns, rejects)
    if not found.rows:
        return None
    cells = ", ".join(f"coalesce({ident(column.source_name)}, '')" for column in columns)
    pairs = con.execute(
        f"SELECT left(text, 200), left(concat_ws(' | ', {cells}), 200) FROM {found.relation} ORDER BY {LINE} LIMIT 5"
    ).fetchall()
    return action.model_copy(update={
        "rows_affected": found.rows, "examples": [list(pair) for pair in pairs],
        "reason": "lines with a cell too many or too few, which one change alone makes whole",
    })  # fmt: skip


def wanted(plan: RepairPlan) -> Action | None:
    """The plan's action, if it has one."""
    return next((action for action in plan.actions if action.action == NAME), None)


def find(con: Any, action: Action, columns: Sequence[Column], rejects: str) -> Restored:
    """The lines that the action restores."""
    table = f"repair_restored_{next(_number)}"
    fits = [Fit.model_validate(action.params["columns"].get(column.name, {})) for column in columns]
    con.execute(f"CREATE TEMP TABLE {table} AS {_query(action, fits, columns, rejects)}").fetchall()
    return Restored(table, con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def into(con: Any, relation: str, columns: Sequence[Column], restored: Restored) -> None:
    """Put the restored rows among those of a typed table, each where its line stands."""
    whole = f"repair_whole_{next(_number)}"
    rows, number = numbered(relation, [column.name for column in columns])
    con.execute(
        f'CREATE TABLE {whole} AS WITH known AS (SELECT {SOURCE}, min({number}) AS "#place" FROM {rows} GROUP BY 1) '
        f"SELECT every.* FROM (SELECT * FROM {relation} UNION ALL BY NAME {casts.select(columns, restored.relation)}) "
        f'every LEFT JOIN known USING ({SOURCE}) ORDER BY "#place" NULLS LAST, {SOURCE}, {LINE}'
    ).fetchall()
    con.execute(f"DROP TABLE {relation}")
    con.execute(f"ALTER TABLE {whole} RENAME TO {ident(relation)}")


def _query(action: Action, fits: Sequence[Fit], columns: Sequence[Column], rejects: str) -> str:
    """SQL: the lines that can be restored in one way only."""
    width = len(columns)
    delimiter = str(action.params["delimiter"])
    tokens = [str(token) for token in action.params.get("tokens", [])]
    near = " OR ".join(f"len(cells) = {count}" for count in (width - 1, width + 1))
    lists = [_fitting(fits, tokens, offset, name) for offset, name in ((0, "here"), (1, "after"), (-1, "before"))]
    every = "coalesce(list_bool_and({}), TRUE)"
    first = every.format("here[1:spot - 1]")
    fewer = f"list_filter(range(1, {width + 1}), lambda spot: {first} AND {every.format(f'after[spot:{width - 1}]')})"
    more = (
        f"list_filter(range(1, {width + 2}), lambda spot: {first} AND cells[spot] = '' "
        f"AND {every.format(f'before[spot + 1:{width + 1}]')})"
    )
    able = ", ".join(str(not fit.typed and fit.values is None).upper() for fit in fits)
    joined = (
        f"list_filter(range(1, {width + 1}), lambda spot: {first} AND ([{able}])[spot] AND cells[spot] <> '' "
        f"AND cells[spot + 1] <> '' AND {every.format(f'before[spot + 2:{width + 1}]')})"
    )
    short = f"len(cells) = {width - 1}"
    blank = every.format("list_transform(cells[{0}[1]:{0}[-1] - {1}], lambda cell: cell = '')")
    places = (
        f"CASE WHEN {short} THEN {fewer} END AS fewer, CASE WHEN NOT {short} THEN {more} END AS more, "
        f"CASE WHEN NOT {short} THEN {joined} END AS joined"
    )
    whole = (
        f"CASE WHEN len(fewer) > 0 AND {blank.format('fewer', 1)} "
        "THEN list_concat(cells[1:fewer[1] - 1], [''], cells[fewer[1]:]) "
        f"WHEN len(more) > 0 AND len(joined) = 0 AND {blank.format('more', 0)} "
        "THEN list_concat(cells[1:more[1] - 1], cells[more[1] + 1:]) "
        "WHEN len(joined) = 1 AND len(more) = 0 THEN list_concat(cells[1:joined[1] - 1], "
        f"[cells[joined[1]] || {literal(delimiter)} || cells[joined[1] + 1]], cells[joined[1] + 2:]) END"
    )
    made = ", ".join(f"row[{at}] AS {ident(column.source_name)}" for at, column in enumerate(columns, 1))
    return (
        f"WITH split AS (SELECT {SOURCE}, {LINE}, text, {_cells(delimiter, action.params.get('quote'))} AS cells "
        f"FROM {ident(rejects)} WHERE starts_with(reason, 'expected ')),\n"
        f"fitted AS (SELECT *, {', '.join(lists)} FROM split WHERE {near}),\n"
        f"placed AS (SELECT *, {places} FROM fitted),\n"
        f"whole AS (SELECT *, {whole} AS row FROM placed)\n"
        f"SELECT {made}, {SOURCE}, {LINE}, text FROM whole WHERE row IS NOT NULL"
    )


def _fitting(fits: Sequence[Fit], tokens: list[str], offset: int, name: str) -> str:
    """SQL: whether each cell of a line is empty or fits the column so many places on; TRUE where there is none."""
    width = len(fits)
    tests = []
    for at in range(width + 1):
        column = at + offset
        text = f"trim(cells[{at + 1}])"
        test = fits[column].test(text) if 0 <= column < width else "TRUE"
        said = f" OR list_contains([{', '.join(map(literal, tokens))}], lower({text}))" if tokens else ""
        tests.append("TRUE" if test == "TRUE" else f"coalesce({text} = ''{said} OR {test}, TRUE)")
    return f"[{', '.join(tests)}] AS {name}"


def _cells(delimiter: str, quote: str | None) -> str:
    """SQL: the cells of a line; NULL where its quotes are out of order."""
    plain = f"string_split(text, {literal(delimiter)})"
    if not quote:
        return plain
    if len(delimiter) > 1:
        return f"CASE WHEN NOT contains(text, {literal(quote)}) THEN {plain} END"
    mark, q = re.escape(delimiter), re.escape(quote)
    cell = f"({q}(?:[^{q}]|{q}{q})*{q}|[^{mark}{q}]*){mark}"
    found = f"regexp_extract_all(text || {literal(delimiter)}, {literal(cell)}, 1)"
    bare = (
        f"CASE WHEN starts_with(cell, {literal(quote)}) "
        f"THEN replace(cell[2:-2], {literal(quote * 2)}, {literal(quote)}) ELSE cell END"
    )
    sound = f"array_to_string({found}, {literal(delimiter)}) = text"
    return (
        f"CASE WHEN NOT contains(text, {literal(quote)}) THEN {plain} "
        f"WHEN {sound} THEN list_transform({found}, lambda cell: {bare}) END"
    )
