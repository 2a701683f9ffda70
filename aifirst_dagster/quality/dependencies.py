"""Cells that contradict the rest of their row: where one column settles another in nearly all rows, the few others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.schema import Column

#: Larger tables and wider ones are not searched for dependencies: it takes a grouping for each pair of columns.
ROWS, COLUMNS = 200_000, 30
#: A column settles another where so many rows agree with the majority of their group, above what the mode alone gives.
STRENGTH = 0.9


def queries(con: Any, cells: str, columns: Sequence[Column], rows: int) -> Iterator[tuple[str, str]]:
    """For each column that others settle: a query of (row, line, value, reason, suggestion)."""
    if not 10 <= rows <= ROWS:
        return
    names = [column.name for column in columns][:COLUMNS]
    able = _able(con, cells, names, rows)
    for settled in names:
        if settled not in able:
            continue
        votes = [
            name for name, distinct in able.items()
            if name != settled and distinct >= 2 and _strength(con, cells, name, settled) >= STRENGTH
        ]  # fmt: skip
        if votes:
            yield settled, _query(cells, votes, settled)


def _able(con: Any, cells: str, names: list[str], rows: int) -> dict[str, int]:
    """Columns whose values repeat, with how many there are: only these say anything about each other."""
    asked = ", ".join(f"count(DISTINCT {ident(name)})" for name in names)
    counts = con.execute(f"SELECT {asked} FROM {cells}").fetchall()[0] if names else ()
    return {name: count for name, count in zip(names, counts, strict=True) if 1 < count <= rows / 3}


def _groups(cells: str, by: str, of: str) -> str:
    """Each value of `by` (`k`) with its rows `t`, and the most frequent `of` (`top`) with its rows `m`."""
    return f"""(SELECT k, sum(n) AS t, max(n) AS m, arg_max(v, n) AS top FROM
        (SELECT {ident(by)} AS k, {ident(of)} AS v, count(*) AS n FROM {cells}
         WHERE {ident(by)} IS NOT NULL AND {ident(of)} IS NOT NULL GROUP BY 1, 2) GROUP BY 1 HAVING sum(n) >= 3)"""


def _strength(con: Any, cells: str, by: str, of: str) -> float:
    """How far `by` settles `of`, 0 to 1: the rows that follow their group's majority, beyond those of the mode."""
    query = f"""SELECT sum(m) / sum(t), sum(t), (SELECT max(n) / sum(n) FROM
        (SELECT count(*) AS n FROM {cells} WHERE {ident(of)} IS NOT NULL GROUP BY {ident(of)})),
        (SELECT count({ident(of)}) FROM {cells}) FROM {_groups(cells, by, of)}"""
    agreed, covered, mode, filled = con.execute(query).fetchall()[0]
    if not covered or covered < 0.3 * filled or agreed < 0.95 or mode >= 0.999:
        return 0.0
    return max(0.0, (agreed - mode) / (1 - mode))


def _query(cells: str, votes: list[str], settled: str) -> str:
    """Cells of `settled` that most of the columns that settle it contradict, with what these say."""
    target = ident(settled)
    polls = " UNION ALL ".join(
        f"""SELECT c.__row, g.top FROM {cells} c JOIN {_groups(cells, name, settled)} g ON c.{ident(name)} = g.k
        WHERE g.m >= 0.7 * g.t"""
        for name in votes
    )
    return f"""WITH polls AS ({polls}), tally AS (SELECT __row, top, count(*) AS n FROM polls GROUP BY 1, 2),
        won AS (SELECT __row, arg_max(top, n) AS top, max(n) AS n, sum(n) AS asked FROM tally GROUP BY 1)
        SELECT c.__row, c.__line, c.{target}, 'Rows alike in other columns have ' || won.top || ' here.', won.top
        FROM {cells} c JOIN won USING (__row)
        WHERE c.{target} IS DISTINCT FROM won.top AND won.n * 2 > won.asked"""
