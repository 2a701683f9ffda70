"""Rules that bring a query of their own. Whoever wrote it, it runs in the sandbox and sees its tables only."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from string import Formatter
from typing import Any

from aifirst_dagster.datasets.sandbox import run_select
from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Plan, Table, Verdict, describe, kind_of

Compiler = Callable[[Table, dict[str, Any]], Plan]

BATCH = "batch"
"""What a query's `{batch}` stands for."""
LISTED = 200
"""Most rows that are listed, as many as Great Expectations fetches."""


def _unexpected_rows(table: Table, kwargs: dict[str, Any]) -> Plan:
    """The query finds nothing."""
    sql, chosen = _filled(kwargs["unexpected_rows_query"]), where(table, kwargs)

    def ask(con: Any) -> tuple[Any, ...]:
        with tempfile.TemporaryDirectory(prefix="aifirst-query-") as folder:
            rows, there = _written(con, table, chosen, Path(folder) / "batch.parquet")
            found = Path(folder) / "found.parquet"
            number = run_select(sql, {BATCH: there}, found)
            return rows, number, _listed(con, found)

    def finish(got: tuple[Any, ...]) -> Verdict:
        rows, number, listed = got
        return {
            "success": number == 0, "evaluated": rows, "unexpected_count": number, "unexpected_list": listed,
            "observed_value": f"{number} unexpected row{'' if number == 1 else 's'}",
        }  # fmt: skip

    return Plan("", (), finish, ask=ask)


def _comparison(table: Table, kwargs: dict[str, Any]) -> Plan:
    """Two queries, one on this table and one on another, give the same rows, each as often; their order is free."""
    name = kwargs["comparison_data_source_name"]
    other = table.other(name)
    base, comparison = _filled(kwargs["base_query"]), _filled(kwargs["comparison_query"])

    def ask(con: Any) -> tuple[Any, ...]:
        with tempfile.TemporaryDirectory(prefix="aifirst-query-") as folder:
            _, here = _written(con, table, "TRUE", Path(folder) / "here.parquet")
            _, there = _written(con, other, "TRUE", Path(folder) / "there.parquet")
            mine, theirs = Path(folder) / "base.parquet", Path(folder) / "comparison.parquet"
            numbers = run_select(base, {BATCH: here}, mine), run_select(comparison, {BATCH: there, name: there}, theirs)
            return (*numbers, *_matched(con, mine, theirs))

    def finish(got: tuple[Any, ...]) -> Verdict:
        most = max(got[0], got[1])
        unexpected = most - got[2]
        percent = (1 - got[2] / most) * 100 if most else 0.0
        return {
            "success": 100 - percent >= kwargs["mostly"] * 100, "evaluated": most, "unexpected_count": unexpected,
            "unexpected_percent": percent, "unexpected_list": got[3],
        }  # fmt: skip

    return Plan("", (), finish, ask=ask)


def _filled(query: str) -> str:
    """The query with its `{batch}` filled in; doubled braces are single ones."""
    try:
        parts = list(Formatter().parse(query.rstrip("; \t\r\n\v\f")))
    except ValueError as problem:
        raise CannotEvaluateError(
            f"The query has a brace too many or too few: {problem}. A brace of the query itself is written twice."
        ) from None
    odd = [field for _, field, _, _ in parts if field not in (None, BATCH)]
    if odd:
        raise CannotEvaluateError(f"The query has {{{odd[0]}}}, but knows {{batch}} only.")
    return "".join(text + (BATCH if field else "") for text, field, _, _ in parts)


def _written(con: Any, table: Table, chosen: str, path: Path) -> tuple[int, Path]:
    """(rows, the file) of a table without its hidden columns, for the sandbox to read."""
    columns = ", ".join(map(ident, table.columns))
    rows = f"SELECT {columns} FROM {table.relation} WHERE {chosen}"
    con.execute(f"COPY ({rows}) TO {literal(str(path))} (FORMAT parquet)")
    return int(con.execute(f"SELECT count(*) FROM read_parquet({literal(str(path))})").fetchall()[0][0]), path


def _listed(con: Any, path: Path, condition: str = "TRUE") -> list[dict[str, Any]]:
    """The first rows of a file, as mappings."""
    cursor = con.execute(f"SELECT * FROM read_parquet({literal(str(path))}) WHERE {condition} LIMIT {LISTED}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _matched(con: Any, mine: Path, theirs: Path) -> tuple[int, list[dict[str, Any]]]:
    """(rows that are in both, those that are in the first only), columns compared by place."""
    sides = [describe(con, f"read_parquet({literal(str(path))})") for path in (mine, theirs)]
    if [kind_of(t) for t in sides[0].types.values()] != [kind_of(t) for t in sides[1].types.values()]:
        return 0, _listed(con, mine)
    counted = [_counted(side) for side in sides]
    using = " AND ".join(f"a.c{i} IS NOT DISTINCT FROM b.c{i}" for i in range(len(sides[0].columns)))
    joined = f"{counted[0]} a LEFT JOIN {counted[1]} b ON {using}"
    both = con.execute(f"SELECT coalesce(sum(least(a.n, coalesce(b.n, 0))), 0) FROM {joined}").fetchall()[0][0]
    names = ", ".join(f"a.c{i}" for i in range(len(sides[0].columns)))
    only = con.execute(f"SELECT {names} FROM {joined} WHERE a.n > coalesce(b.n, 0) LIMIT {LISTED}").fetchall()
    return int(both), [dict(zip(sides[0].columns, row, strict=True)) for row in only]


def _counted(side: Table) -> str:
    """A source of a side's different rows with the number of each, columns named by place."""
    columns = ", ".join(f"{ident(name)} AS c{i}" for i, name in enumerate(side.columns))
    return f"(SELECT *, count(*) AS n FROM (SELECT {columns} FROM {side.relation}) GROUP BY ALL)"


COMPILERS: dict[str, Compiler] = {
    "unexpected_rows_expectation": _unexpected_rows,
    "expect_query_results_to_match_comparison": _comparison,
}
