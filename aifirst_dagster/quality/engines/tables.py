"""Rules about the table itself, its columns and their types, compiled to SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.figures import within
from aifirst_dagster.quality.engines.plan import INTEGERS, Plan, Table, Verdict, count, known

Compiler = Callable[[Table, dict[str, Any]], Plan]


def _rows(table: Table, kwargs: dict[str, Any]) -> Plan:
    def finish(got: tuple[Any, ...]) -> Verdict:
        success = got[0] == kwargs["value"] if "value" in kwargs else within(got[0], kwargs)
        return {"success": success, "evaluated": got[0], "observed_value": got[0]}

    return Plan(table.relation, (count(where(table, kwargs)),), finish)


def _width(table: Table, kwargs: dict[str, Any]) -> Plan:
    found = len(table.columns)
    success = found == kwargs["value"] if "value" in kwargs else within(found, kwargs)
    return known({"success": success, "observed_value": found})


def _exists(table: Table, kwargs: dict[str, Any]) -> Plan:
    name, place = kwargs["column"], kwargs.get("column_index")
    if place:
        return known({"success": place < len(table.columns) and table.columns[int(place)] == name})
    return known({"success": name in table.types})


def _ordered(table: Table, kwargs: dict[str, Any]) -> Plan:
    wanted = kwargs["column_list"]
    return known({"success": wanted is None or list(wanted) == table.columns, "observed_value": table.columns})


def _set(table: Table, kwargs: dict[str, Any]) -> Plan:
    wanted, there = set(kwargs["column_set"] or []), set(table.columns)
    exact = kwargs["exact_match"] is not False
    success = wanted == there if exact else wanted <= there
    return known({"success": success, "observed_value": sorted(there)})


#: What a column of each DuckDB type is called: by itself, in SQL, in Python, in NumPy and pandas.
_TYPES: dict[str, tuple[str, ...]] = {
    "TINYINT": ("int8", "Int8Dtype"),
    "SMALLINT": ("int16", "Int16Dtype"),
    "INTEGER": ("int32", "Int32Dtype"),
    "BIGINT": ("int64", "int", "long", "int_", "integer", "Int64Dtype"),
    "UTINYINT": ("uint8", "UInt8Dtype"),
    "USMALLINT": ("uint16", "UInt16Dtype"),
    "UINTEGER": ("uint32", "UInt32Dtype"),
    "UBIGINT": ("uint64", "uint", "UInt64Dtype"),
    "FLOAT": ("float32",),
    "DOUBLE": ("float64", "float", "float_", "double"),
    "BOOLEAN": ("bool", "bool_", "BooleanDtype"),
    "VARCHAR": ("str", "string_types", "StringDtype"),
    "DATE": ("date", "datetime64", "datetime64[us]", "datetime64[s]", "datetime64[ns]"),
    "TIMESTAMP": ("datetime64", "datetime64[us]", "datetime64[ns]"),
    "TIMESTAMP WITH TIME ZONE": ("Timestamp", "DatetimeTZDtype"),
}
_NAMES = {
    **dict.fromkeys(INTEGERS, "int64"), "TINYINT": "int8", "SMALLINT": "int16", "INTEGER": "int32", "UTINYINT": "uint8",
    "USMALLINT": "uint16", "UINTEGER": "uint32", "UBIGINT": "uint64", "FLOAT": "float32", "DOUBLE": "float64",
    "BOOLEAN": "bool", "VARCHAR": "str", "DATE": "datetime64", "TIMESTAMP": "datetime64",
    "TIMESTAMP WITH TIME ZONE": "Timestamp",
}  # fmt: skip


def _family(type_: str) -> str:
    if type_.startswith("DECIMAL") or type_ in ("HUGEINT", "UHUGEINT"):
        return "DOUBLE"
    if type_.startswith("TIMESTAMP_"):
        return "TIMESTAMP"
    return "VARCHAR" if type_.startswith("ENUM") else type_


def type_names(type_: str) -> set[str]:
    """All names by which a rule may call a column's DuckDB type."""
    return {type_, *_TYPES.get(_family(type_), ("object", "object_", "O"))}


def _typed(table: Table, kwargs: dict[str, Any]) -> Plan:
    actual = table.type(kwargs["column"])
    wanted = [kwargs["type_"]] if "type_" in kwargs else kwargs["type_list"]
    # A DuckDB type has no case ("bigint"), the other names do: pandas' Timestamp is not the type TIMESTAMP.
    exact = wanted is None or bool(type_names(actual) & set(wanted))
    observed = _NAMES.get(_family(actual), actual)
    return known({"success": exact, "observed_value": observed})


def _other_table(table: Table, kwargs: dict[str, Any]) -> Plan:
    other = table.other(kwargs["other_table_name"])
    # The condition is about this table; Great Expectations counts the rows of the other one by it, too.
    here, there = (f"(SELECT {count(where(one, kwargs))} FROM {one.relation})" for one in (table, other))

    def finish(got: tuple[Any, ...]) -> Verdict:
        observed = {"self": got[0], "other": got[1]}
        return {"success": got[0] == got[1], "evaluated": got[0], "observed_value": observed}

    return Plan("(SELECT 1)", (here, there), finish)


COMPILERS: dict[str, Compiler] = {
    "expect_table_row_count_to_be_between": _rows,
    "expect_table_row_count_to_equal": _rows,
    "expect_table_row_count_to_equal_other_table": _other_table,
    "expect_table_column_count_to_be_between": _width,
    "expect_table_column_count_to_equal": _width,
    "expect_table_columns_to_match_ordered_list": _ordered,
    "expect_table_columns_to_match_set": _set,
    "expect_column_to_exist": _exists,
    "expect_column_values_to_be_of_type": _typed,
    "expect_column_values_to_be_in_type_list": _typed,
    "expect_column_type_to_be": _typed,
}
