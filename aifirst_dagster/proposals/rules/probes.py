"""Can a rule fail at all? Rows of nonsense tell: a rule that they all keep says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    import duckdb

_NUMBERS = ("-1e15", "1e15", "0", "0.123456789", "NULL")
_DATES = ("DATE '0001-01-01'", "DATE '9999-12-31'", "DATE '1900-02-28'", "NULL", "NULL")
_TEXTS = ("''", "'~@ \t#'", "repeat('Zz9 ', 400)", "'-1'", "NULL")
_NONE = ("NULL", "NULL", "NULL", "NULL", "NULL")


@contextmanager
def nonsense(con: duckdb.DuckDBPyConnection, relation: str) -> Iterator[str]:
    """A temporary table with the columns of `relation` and rows that no sensible rule keeps, each of them twice."""
    table = "aifirst_nonsense"
    columns = con.execute(f"DESCRIBE SELECT * FROM {ident(relation)}").fetchall()
    rows = []
    for at in range(len(_NUMBERS)):
        cells = [f"TRY_CAST({_values(row[1])[at]} AS {row[1]}) AS {ident(row[0])}" for row in columns]
        rows.append(f"SELECT {', '.join(cells)}")
    body = " UNION ALL ".join(rows)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT r.* FROM ({body}) r, range(2)")
    try:
        yield table
    finally:
        con.execute(f"DROP TABLE {table}")


def cannot_fail(
    con: duckdb.DuckDBPyConnection, relation: str, rules: Sequence[Rule], others: Callable[[str], str] | None = None
) -> set[str]:
    """Ids of the rules that even nonsense keeps."""
    from aifirst_dagster.quality.engines.duckdb import evaluate

    # `mostly` would let a few nonsensical rows pass: only the rule itself is asked about.
    strict = [rule.model_copy(update={"kwargs": {**rule.kwargs, "mostly": 1.0}}) if "mostly" in rule.kwargs else rule
              for rule in rules]  # fmt: skip
    with nonsense(con, relation) as table:
        return {
            result.id for result in evaluate(con, table, strict, examples=1, others=others) if result.success is True
        }


def _values(type_: str) -> tuple[str, ...]:
    kind = type_.upper()
    if kind.startswith(("DATE", "TIMESTAMP")):
        return _DATES
    if "INT" in kind or kind.startswith(("DOUBLE", "FLOAT", "DECIMAL", "REAL")):
        return _NUMBERS
    return _TEXTS if kind == "VARCHAR" else _NONE
