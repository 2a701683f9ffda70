"""What Great Expectations is given of a table: a pandas frame that says what the table says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.plan import Table
from aifirst_dagster.quality.engines.rows import domain
from aifirst_dagster.quality.expectations.vocabulary import complete
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


def frame(con: duckdb.DuckDBPyConnection, table: Table, floats: frozenset[str] = frozenset()) -> pd.DataFrame:
    """The table as pandas: dates as points in time, decimals as floats.

    Whole numbers stay whole beside missing ones, but those of `floats` become floats, as pandas itself has it.
    """
    import pandas as pd
    import pyarrow as pa

    kept = {
        pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(),
    }  # fmt: skip
    picked = [f"{_cast(name, kind)} AS {ident(name)}" for name, kind in table.types.items()]
    arrow = con.sql(f"SELECT {', '.join(picked)} FROM {table.relation}").to_arrow_table()
    # Of a column without any value pandas would know no type.
    text = {pa.string(): pd.StringDtype(na_value=float("nan"))}
    columns = {
        name: arrow[name].to_pandas(
            types_mapper=({**text, **kept} if name not in floats and arrow[name].null_count else text).get
        )
        for name in table.columns
    }
    for name in floats:
        if arrow[name].null_count == arrow.num_rows and table.kind(name) in ("number", "flag"):
            columns[name] = pd.Series([float("nan")] * arrow.num_rows)
        elif arrow[name].null_count and table.kind(name) == "flag":
            # pandas has None among truth values, which nothing can be compared with.
            columns[name] = columns[name].where(columns[name].notna(), float("nan"))
    return pd.DataFrame(columns, index=range(arrow.num_rows), columns=table.columns)


def _cast(name: str, kind: str) -> str:
    column = ident(name)
    if kind.startswith("DECIMAL") or kind in ("HUGEINT", "UHUGEINT"):
        return f"{column}::DOUBLE"
    return f"{column}::TIMESTAMP" if kind == "DATE" else column


def misjudged(rule: Rule, floats: frozenset[str]) -> bool:
    """Whether Great Expectations would judge other rows than the condition chooses, or other values than they hold.

    It counts the pairs of a set from the first row on, whichever rows were left out before. And a column that the
    condition needs as floats writes 5 as 5.0, which is another text where the rule is about that column.
    """
    pairs = rule.type == "expect_column_pair_values_to_be_in_set"
    return pairs or bool(floats & set(rule.columns))


def chosen(table: Table, rule: Rule) -> tuple[Table, Rule]:
    """The rows that a rule is about as a table of their own, and the rule without its condition."""
    kwargs = {name: value for name, value in rule.kwargs.items() if name not in _CONDITION}
    condition = where(table, rule.kwargs)
    if rule.type.startswith("expect_column_pair"):
        condition = domain(table, complete(rule.type, rule.kwargs), [rule.kwargs["column_A"], rule.kwargs["column_B"]])
        kwargs["ignore_row_if"] = "neither"
    some = replace(table, relation=f"(SELECT * FROM {table.relation} WHERE {condition})")
    return some, rule.model_copy(update={"kwargs": kwargs})


_CONDITION = ("row_condition", "condition_parser")


def as_floats(table: Table, data: pd.DataFrame, rule: Rule) -> frozenset[str]:
    """Columns that a rule's condition reads as pandas itself has them: `n != 1` is true where n is missing, as NaN."""
    condition = rule.kwargs.get("row_condition")
    if condition is None:
        return frozenset()
    text = json.dumps(condition, default=str, ensure_ascii=False)
    kinds = {name: table.kind(name) for name in table.columns if name in text}
    return frozenset(name for name, kind in kinds.items() if kind in ("number", "flag") and data[name].hasnans)
