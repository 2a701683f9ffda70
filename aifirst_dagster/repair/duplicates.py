"""Rows that are the same in every user column: the first one stays, the others say which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import LINE, SOURCE, ident
from aifirst_dagster.repair.expressions import quoted

if TYPE_CHECKING:
    import duckdb

REPAIRED = "#repaired"
KEY = ident("#content")
_KEPT = f"{ident('#groups')}.{ident('#kept')}"


def key(values: list[str]) -> str:
    """SQL: a hash of what tells rows apart. Equal rows have equal ones; the reverse is checked where hashes meet."""
    return f"hash({', '.join(values)})" if values else "NULL::UBIGINT"


def tables(columns: list[str], repaired: str) -> list[tuple[str, str]]:
    """Common table expressions over `repaired`: hashes that meet, and the contents behind them with their first row."""
    passing = f"FROM {repaired} WHERE _reasons IS NULL"
    first = f"min({{'source': {SOURCE}, 'line': {LINE}}}) AS {ident('#kept')}"
    return [
        ("#twins", f"SELECT {KEY}\n{passing}\nGROUP BY {KEY}\nHAVING count(*) > 1"),
        ("#groups", f"SELECT {quoted(columns)}, {KEY}, {first}\n{passing} AND {KEY} IN (SELECT {KEY} FROM "
                    f"{ident('#twins')})\nGROUP BY ALL"),
    ]  # fmt: skip


def final(columns: list[str], hidden: list[str], similar: str = "") -> str:
    """The statement's last SELECT: all rows of `#repaired` with `_duplicate_of`.

    `similar` is a column of it that names the row kept for rows that are the same thing in other words.
    """
    other = f" ELSE {ident(REPAIRED)}.{similar}" if similar else ""
    rows = ident(REPAIRED)
    names = ",\n    ".join(f"{rows}.{ident(name)}" for name in [*columns, *hidden])
    return (
        f"SELECT\n    {names},\n"
        f"    CASE WHEN {_KEPT} IS NOT NULL AND {_own(rows)} IS DISTINCT FROM {_KEPT} THEN {_KEPT}.line{other} END "
        "AS _duplicate_of\n"
        f"FROM {rows}\nLEFT JOIN {ident('#groups')} ON {_same(columns, rows)}"
    )


def mark(con: duckdb.DuckDBPyConnection, table: str, columns: list[str], growing: str | None = None) -> None:
    """Fill `_duplicate_of` in a table that has the key: the same answer as `final`, where most tables have no twins.

    Args:
        con: The session.
        table: What a traced plan gives.
        columns: Its user columns.
        growing: The column that tells rows apart, where there is one; most tables with a number have it in order.
    """
    if growing is not None and _only_grows(con, table, growing):
        return
    named = ", ".join(f"{ident(name)} AS ({sql})" for name, sql in tables(columns, table))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table}_groups AS WITH {named} SELECT * FROM {ident('#groups')}"
    ).fetchall()
    con.execute(
        f"UPDATE {table} SET _duplicate_of = {_KEPT}.line FROM {table}_groups AS {ident('#groups')} "
        f"WHERE {_same(columns, table)} AND {_own(table)} IS DISTINCT FROM {_KEPT}"
    ).fetchall()
    con.execute(f"DROP TABLE {table}_groups").fetchall()


def _only_grows(con: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    """Whether each row's value is greater than the one before it: then no two rows are the same, nor need be sought."""
    value = ident(column)
    steps = f"SELECT {value} AS value, lag({value}) OVER () AS before, lag(TRUE) OVER () IS NULL AS first FROM {table}"
    wrong = f"SELECT 1 FROM ({steps}) WHERE value IS NULL OR (NOT first AND (value > before) IS NOT TRUE) LIMIT 1"
    return not con.execute(wrong).fetchall()


def _own(rows: str) -> str:
    return f"{{'source': {rows}.{SOURCE}, 'line': {rows}.{LINE}}}"


def _same(columns: list[str], rows: str) -> str:
    groups = ident("#groups")
    alike = "".join(f"\n    AND {rows}.{ident(name)} IS NOT DISTINCT FROM {groups}.{ident(name)}" for name in columns)
    return f"{rows}.{KEY} = {groups}.{KEY} AND {rows}._reasons IS NULL{alike}"
