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
    """A temporary table with the columns of `relation` and rows that no sensible rule keeps.

    Each row is there twice, and then with its columns shifted against each other, for rules about what goes with what.
    """
    table = "aifirst_nonsense"
    columns = con.execute(f"DESCRIBE SELECT * FROM {ident(relation)}").fetchall()
    rows = []
    count = len(_NUMBERS)
    # Columns that are shifted alike by one of these are not by the next.
    for every in (None, None, 1, count, count**2):
        for at in range(count):
            cells = []
            for place, (name, kind, *_) in enumerate(columns):
                value = _values(kind)[(at + (place // every if every else 0)) % count]
                cells.append(f"TRY_CAST({value} AS {kind}) AS {ident(name)}")
            rows.append(f"SELECT {', '.join(cells)}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {' UNION ALL '.join(rows)}")
    try:
        yield table
    finally:
        con.execute(f"DROP TABLE {table}")


def cannot_fail(
    con: duckdb.DuckDBPyConnection, relation: str, rules: Sequence[Rule], others: Callable[[str], str] | None = None
) -> set[str]:
    """Ids of the rules that even nonsense keeps."""
    from aifirst_dagster.quality.engines.duckdb import evaluate

    # What is recent today is late tomorrow, whatever the rows.
    strict = [_strict(rule) for rule in rules if rule.type != "expect_column_max_to_be_recent"]
    with nonsense(con, relation) as table:
        return {
            result.id for result in evaluate(con, table, strict, examples=1, others=others) if result.success is True
        }


def _strict(rule: Rule) -> Rule:
    """The rule itself: without the few rows that `mostly` lets pass, and for all rows where it is for some of them."""
    kwargs = {name: value for name, value in rule.kwargs.items() if name not in ("row_condition", "condition_parser")}
    if "mostly" in kwargs:
        kwargs["mostly"] = 1.0
    if "if_condition" in kwargs:
        kwargs |= {"if_condition": "1 == 1", "condition_parser": rule.kwargs.get("condition_parser") or "pandas"}
    return rule.model_copy(update={"kwargs": kwargs})


def _values(type_: str) -> tuple[str, ...]:
    kind = type_.upper()
    if kind.startswith(("DATE", "TIMESTAMP")):
        return _DATES
    if "INT" in kind or kind.startswith(("DOUBLE", "FLOAT", "DECIMAL", "REAL")):
        return _NUMBERS
    return _TEXTS if kind == "VARCHAR" else _NONE
