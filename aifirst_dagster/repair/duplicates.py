"""Rows that are the same in every user column: the first one stays, the others say which."""

from __future__ import annotations

from aifirst_dagster.datasets.session import LINE, SOURCE, ident
from aifirst_dagster.repair.expressions import quoted

KEY = ident("#content")


def key(columns: list[str]) -> str:
    """SQL: a hash of a row's content. Equal rows have equal hashes; the reverse is checked where hashes meet."""
    return f"hash({quoted(columns)})" if columns else "NULL::UBIGINT"


def tables(columns: list[str]) -> list[tuple[str, str]]:
    """Common table expressions over `#repaired`: hashes that meet, and the contents behind them with their first row."""
    passing = f"FROM {ident('#repaired')} WHERE _reasons IS NULL"
    return [
        ("#twins", f"SELECT {KEY}\n{passing}\nGROUP BY {KEY}\nHAVING count(*) > 1"),
        ("#groups", f"SELECT {quoted(columns)}, {KEY}, min({{'source': {SOURCE}, 'line': {LINE}}}) AS {ident('#kept')}\n"
                    f"{passing} AND {KEY} IN (SELECT {KEY} FROM {ident('#twins')})\nGROUP BY ALL"),
    ]  # fmt: skip


def final(columns: list[str], hidden: list[str]) -> str:
    """The statement's last SELECT: all rows of `#repaired` with `_duplicate_of`."""
    kept = f"{ident('#groups')}.{ident('#kept')}"
    same = " AND ".join(
        f"{ident('#repaired')}.{ident(name)} IS NOT DISTINCT FROM {ident('#groups')}.{ident(name)}" for name in columns
    )
    own = f"{{'source': {ident('#repaired')}.{SOURCE}, 'line': {ident('#repaired')}.{LINE}}}"
    names = ",\n    ".join(f"{ident('#repaired')}.{ident(name)}" for name in [*columns, *hidden])
    return (
        f"SELECT\n    {names},\n"
        f"    CASE WHEN {own} IS DISTINCT FROM {kept} THEN {kept}.line END AS _duplicate_of\n"
        f"FROM {ident('#repaired')}\n"
        f"LEFT JOIN {ident('#groups')} ON {ident('#repaired')}.{KEY} = {ident('#groups')}.{KEY}\n"
        f"    AND {ident('#repaired')}._reasons IS NULL\n    AND {same}"
    )
