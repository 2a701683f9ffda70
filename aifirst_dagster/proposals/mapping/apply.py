"""A mapping applied: rows kept, merged and set aside; in the sandbox where its SQL is not our own."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import HIDDEN, LINE, RAW, SOURCE, ident, literal, numbered
from aifirst_dagster.errors import DesignError, QualityError
from aifirst_dagster.proposals.mapping import compile
from aifirst_dagster.proposals.mapping.answer import MappingDesign
from aifirst_dagster.repair import run as repair
from aifirst_dagster.repair.compile import DUPLICATE_OF, REASONS

if TYPE_CHECKING:
    import duckdb

_number = itertools.count(1)
_NEEDED = (*HIDDEN, REASONS, DUPLICATE_OF)


def apply(
    con: duckdb.DuckDBPyConnection, relation: str, design: MappingDesign, memory_mb: int = 2048, timeout_s: float = 900
) -> repair.Repaired:
    """Run `design` over `relation` (typed, with the hidden columns); relations of the result live with the session.

    Args:
        con: The session.
        relation: What the design was made for.
        design: From `mapping.design`.
        memory_mb: Memory of the sandbox, where one is needed.
        timeout_s: Its time.

    Raises:
        SandboxError: SQL that a model or a person wrote failed, or was stopped at a limit.
        DesignError: A person's SQL does not give what the step needs.
    """
    if design.sandboxed:
        table = _in_sandbox(con, relation, design, memory_mb, timeout_s)
        (rows_in,) = con.execute(f"SELECT count(*) FROM {ident(relation)}").fetchall()[0]
        empty = repair.Repaired(rows_in, 0, 0, 0, [], "", "", "", "", "")
        return _split(con, table, empty)
    repaired = repair.apply(con, relation, design.plan)
    if not design.fields:
        return repaired
    table = f"mapped_{next(_number)}_all"
    made = compile.outer(design.plan, design.fields, repaired.table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {made}")
    return _split(con, table, repaired)


def _in_sandbox(
    con: duckdb.DuckDBPyConnection, relation: str, design: MappingDesign, memory_mb: int, timeout_s: float
) -> str:
    """Run the design's SQL in a process of its own; returns a table of its result."""
    from aifirst_dagster.datasets.sandbox import run_select

    table = f"mapped_{next(_number)}_all"
    with tempfile.TemporaryDirectory(prefix="aifirst-mapping-") as folder:
        given, made = Path(folder, "input.parquet"), Path(folder, "output.parquet")
        con.execute(f"COPY (FROM {ident(relation)}) TO {literal(given)} (FORMAT parquet)")
        run_select(design.sql, {compile.INPUT: given}, made, memory_mb, timeout_s)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM read_parquet({literal(made)})")
    names = _names(con, table)
    if missing := [name for name in _NEEDED if name not in names]:
        raise DesignError(
            f"The transformation does not give {', '.join(missing)}.",
            hint="transform.sql carries the hidden columns along; see the section that was generated.",
            file="transform.sql",
        )
    return table


def _split(con: duckdb.DuckDBPyConnection, table: str, before: repair.Repaired) -> repair.Repaired:
    """The relations of the result over `table`, with counts taken from it."""
    kept, merged, aside, repairs = (
        table.replace("_all", f"_{part}") for part in ("kept", "merged", "aside", "repairs")
    )
    user = [name for name in _names(con, table) if name not in _NEEDED]
    listed = ", ".join(ident(name) for name in [*user, *HIDDEN])
    rows, quarantined, twins = con.execute(
        f"SELECT count(*), count({REASONS}), count(*) FILTER ({REASONS} IS NULL AND {DUPLICATE_OF} IS NOT NULL) "
        f"FROM {table}"
    ).fetchall()[0]
    if rows != before.rows_in:
        raise QualityError(
            f"The transformation made {rows} rows of {before.rows_in}.",
            hint="It maps row by row: no joins, no filters, no unnest. What should go is set aside by rules.",
        )
    passing = f"{REASONS} IS NULL AND {DUPLICATE_OF} IS NULL"
    con.execute(f"CREATE OR REPLACE TEMP VIEW {kept} AS SELECT {listed} FROM {table} WHERE {passing}")
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {merged} AS SELECT {listed}, {DUPLICATE_OF} FROM {table} "
        f"WHERE {REASONS} IS NULL AND {DUPLICATE_OF} IS NOT NULL"
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW {aside} AS {_quarantine(table, user)}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW {repairs} AS {_repairs(table, user)}")
    return replace(
        before, rows_out=rows - quarantined - twins, quarantined=quarantined, merged=twins, kept=kept, quarantine=aside,
        duplicates=merged, repairs=repairs, table=table,
    )  # fmt: skip


def _quarantine(table: str, user: list[str]) -> str:
    """SQL: the rows set aside, with the texts that the file has for them."""
    names = ", ".join(literal(name) for name in user)
    column = f"list_filter([{names}]::VARCHAR[], lambda _n_: starts_with({REASONS}[1], _n_ || ': '))[1]"
    fields = ", ".join(f"{ident(n)} := coalesce({RAW}[{literal(n)}], {ident(n)}::VARCHAR)" for n in user)
    values = f"to_json(struct_pack({fields}))::VARCHAR" if user else "'{}'"
    rows, number = numbered(table, user)
    return (
        f'SELECT {SOURCE}, {LINE}, place."#n" AS "row", array_to_string({REASONS}, \'; \') AS reason, '
        f'{column} AS "column", {RAW}[{column}] AS "value", {values} AS "values" '
        f'FROM {rows} JOIN {_places(rows, number)} ON {number} = place."#at" '
        f"WHERE {REASONS} IS NOT NULL"
    )


def _repairs(table: str, user: list[str]) -> str:
    """SQL: each cell of a kept row that says something else than the file."""
    rows, number = numbered(table, user)
    cells = " UNION ALL ".join(
        f"SELECT {number} AS at, {at} AS nth, {SOURCE}, {LINE} AS source_line, {literal(name)} AS \"column\", "
        f"{RAW}[{literal(name)}] AS before, {ident(name)}::VARCHAR AS after FROM {rows} WHERE {RAW} IS NOT NULL "
        f"AND {RAW}[{literal(name)}] IS NOT NULL AND {REASONS} IS NULL AND {DUPLICATE_OF} IS NULL"
        for at, name in enumerate(user)
    )  # fmt: skip
    return (
        f'SELECT {SOURCE}, place."#n" AS "row", source_line, "column", before, after FROM ({cells}) cells '
        f'JOIN {_places(rows, number)} ON cells.at = place."#at" ORDER BY cells.at, nth'
    )


def _places(rows: str, number: str) -> str:
    nth = f"row_number() OVER (PARTITION BY {SOURCE} ORDER BY {LINE}) - 1"
    return f'(SELECT {number} AS "#at", {nth} AS "#n" FROM {rows}) place'


def _names(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
