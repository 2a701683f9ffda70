"""Small tables in a DuckDB session, as a connector would give them."""

from __future__ import annotations

import duckdb

from aifirst_dagster.datasets.session import connect, ident
from aifirst_dagster.inference import infer
from aifirst_dagster.inference.schema import Column


def session(columns: dict[str, list[str | None]], times: int = 1) -> duckdb.DuckDBPyConnection:
    """A session with the text table `source`, its rows repeated `times`, and line numbers from 2 on."""
    con = connect()
    names = list(columns)
    rows = list(zip(*columns.values(), strict=True)) * times
    kinds = ", ".join(f"{ident(name)} VARCHAR" for name in names)
    con.execute(f"CREATE TABLE source ({kinds}, _source VARCHAR, _source_line BIGINT)")
    if rows:
        marks = ", ".join("?" * (len(names) + 2))
        con.executemany(
            f"INSERT INTO source VALUES ({marks})", [[*row, "t.csv", line] for line, row in enumerate(rows, 2)]
        )
    return con


def inferred(columns: dict[str, list[str | None]], times: int = 3) -> list[Column]:
    """The columns of such a table, proposed and verified."""
    con = session(columns, times)
    return infer.verify(con, "source", infer.propose(con, "source", list(columns)))


def column(name: str, values: list[str | None], times: int = 3) -> Column:
    """One column, proposed and verified."""
    return inferred({name: values}, times)[0]
