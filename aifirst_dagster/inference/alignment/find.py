"""Rows that are shifted, found in a table of texts or of typed cells."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.datasets.session import RAW, ident, literal
from aifirst_dagster.inference.alignment import shifts
from aifirst_dagster.inference.alignment.fits import Fit, learn
from aifirst_dagster.inference.schema import Column

#: A table of fewer rows says too little of what its columns look like.
LEAST = 20
STEPS = tuple(itertools.chain(*((k, -k) for k in range(1, shifts.MOST + 1))))
_number = itertools.count(1)


@dataclass(frozen=True)
class Shifts:
    """What was found: what the columns' values look like, and each shift with its rows (1: one to the right)."""

    fits: dict[str, Fit] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)


def texts_of(types: Mapping[str, str]) -> dict[str, str]:
    """SQL of each cell's text in a typed relation, the file's own where it did not parse; NULL where it is empty.

    Args:
        types: Column's name -> its type in the relation.
    """
    found = {}
    for name, kind in types.items():
        text = ident(name) if kind == "VARCHAR" else f"CAST({ident(name)} AS VARCHAR)"
        if kind == "DOUBLE":
            # A column of whole numbers may be of fractions here, only because cells of others stand in it.
            text = f"regexp_replace({text}, '^(-?[0-9]+)\\.0$', '\\1')"
        found[name] = f"nullif(trim(coalesce({text}, {RAW}[{literal(name)}])), '')"
    return found


def here_of(name: str, text: str, fit: Fit, tokens: Sequence[str], typed: bool = True) -> str:
    """SQL: whether a cell is empty, says that it is, or fits where it stands.

    Args:
        name: The column.
        text: SQL of the cell's text.
        fit: What the column's values look like.
        tokens: Words for "no value", in lower case.
        typed: The relation holds the column as its type.
    """
    known = [f"{text} IS NULL"]
    if tokens:
        known.append(f"list_contains([{', '.join(map(literal, tokens))}], lower({text}))")
    test = fit.within(ident(name)) if fit.typed and typed else fit.test(text)
    return "TRUE" if test == "TRUE" else f"({' OR '.join([*known, test])})"


def find(
    con: Any,
    relation: str,
    columns: Sequence[Column],
    texts: Mapping[str, str],
    where: str = "TRUE",
    sample: str | None = None,
    typed: bool = True,
) -> Shifts:
    """The shifts that rows of a table have.

    Args:
        con: The session.
        relation: The table.
        columns: Its columns in order; `name` and `physical_type` are the relation's.
        texts: Column's name -> SQL of its cells' text.
        where: SQL: the rows to look at.
        sample: The relation that the columns' looks are learned from, where it is not all of it.
        typed: The relation holds the columns as their types.
    """
    if not _worth_it(con, relation, columns):
        return Shifts()
    fits = learn(con, sample or relation, columns, texts)
    if not any(fit.telling for fit in fits.values()):
        return Shifts()
    names = [column.name for column in columns]
    tokens = tokens_of(columns)
    # A text is worked out once for all that is asked of it.
    made = [f"{texts[name]} AS {ident(f'#text {name}')}" for name in names]
    listed, looks = [ident(f"#text {name}") for name in names], [fits[name] for name in names]
    here = [here_of(name, text, fits[name], tokens, typed) for name, text in zip(names, listed, strict=True)]
    number = next(_number)
    chosen, odd = f"alignment_{number}", f"alignment_{number}_odd"
    try:
        # One after the other, for DuckDB would compute the lists once for the test of them, and once more.
        shown = ", ".join(["*", *made])
        con.execute(f"CREATE TEMP TABLE {chosen} AS SELECT {shown} FROM {relation} WHERE {where}").fetchall()
        # A row without an empty cell has lost none, nor got one between two others.
        blank = " OR ".join(f"{text} IS NULL" for text in listed)
        fitting = shifts.fitting(f"(SELECT * FROM {chosen} WHERE {blank})", listed, here)
        con.execute(f"CREATE TEMP TABLE {odd} AS {fitting}").fetchall()
        con.execute(f"DELETE FROM {odd} WHERE NOT ({shifts.odd(looks)})").fetchall()
        if not con.execute(f"SELECT count(*) FROM {odd}").fetchall()[0][0]:
            return Shifts(fits)
        tables, last = shifts.stages(odd, listed, looks, STEPS)
        with_, by = ", ".join(f"{ident(name)} AS ({sql})" for name, sql in tables), ident(shifts.BY)
        found = con.execute(
            f"WITH {with_} SELECT {by}, count(*) FROM {last} WHERE {by} IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchall()
        return Shifts(fits, {int(step): int(rows) for step, rows in found})
    finally:
        con.execute(f"DROP TABLE IF EXISTS {chosen}")
        con.execute(f"DROP TABLE IF EXISTS {odd}")


def _worth_it(con: Any, relation: str, columns: Sequence[Column]) -> bool:
    """Whether there are rows and columns enough to tell."""
    if not 2 < len(columns) <= shifts.WIDEST:
        return False
    rows: int = con.execute(f"SELECT count(*) FROM (SELECT 1 FROM {relation} LIMIT {LEAST})").fetchall()[0][0]
    return rows == LEAST


def tokens_of(columns: Sequence[Column]) -> list[str]:
    """Words for "no value" of any column: they fit wherever they stand."""
    return sorted({token.strip().lower() for column in columns for token in column.null_tokens if token.strip()})
