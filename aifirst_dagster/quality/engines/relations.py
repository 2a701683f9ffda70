"""Rules about how columns hang together, of our own: dependencies, conditions, sums, other tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.columns import TOTAL
from aifirst_dagster.quality.engines.conditions import condition, where
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Examples, Plan, Table, all_of, judged, row_plan
from aifirst_dagster.quality.engines.rows import domain, names_of, struct

Compiler = Callable[[Table, dict[str, Any]], Plan]


def _determined(table: Table, kwargs: dict[str, Any]) -> Plan:
    """Rows of equal determinants have the value that is most common among them; where several are, the least of these.

    Rows without the value, or without a determinant, say nothing.
    """
    name, determinants = kwargs["column"], names_of(table, kwargs)
    if name in determinants:
        raise CannotEvaluateError(f"Column {name!r} is among its own determinants.")
    chosen = all_of(where(table, kwargs), *(f"NOT {table.missing(each)}" for each in (name, *determinants)))
    key, value = struct(table, determinants), f"({table.value(name)})"
    counted = f"(SELECT {key} AS k, {value} AS v, count(*) AS n FROM {table.relation} WHERE {chosen} GROUP BY 1, 2)"
    figures = "sum(n) AS n, max(n) AS most, arg_min(v, (-n, v)) AS usual, count(*) AS kinds"
    source = f"(SELECT k, {figures} FROM {counted} GROUP BY 1)"
    usual = f"(SELECT {{'k': k, 'v': usual}} FROM {source})"
    several = f"(SELECT k FROM {source} WHERE kinds > 1)"
    broken = f"{chosen} AND {key} IN {several} AND {{'k': {key}, 'v': {value}}} NOT IN {usual}"
    names = [*determinants, name]
    return Plan(
        source,
        (TOTAL, "coalesce(sum(n - most), 0)"),
        finish=lambda got: judged(int(got[0]), int(got[1]), kwargs["mostly"]),
        examples=Examples(table.relation, broken, struct(table, names), tuple(names)),
        row=broken,
    )


def _implied(table: Table, kwargs: dict[str, Any]) -> Plan:
    """Each row that meets the one condition meets the other; a condition on a missing value is not met."""
    parser = kwargs.get("condition_parser")
    premise = condition(table, kwargs["if_condition"], parser)
    conclusion = condition(table, kwargs["then_condition"], parser)
    chosen = all_of(where(table, kwargs), premise)
    # The row as it is, for no one column is to blame.
    return row_plan(
        table, chosen, conclusion, struct(table, table.columns), kwargs["mostly"], names=tuple(table.columns)
    )


def _in_other(table: Table, kwargs: dict[str, Any]) -> Plan:
    """Each value stands in a column of another table; missing ones refer to nothing."""
    single = "column" in kwargs
    names = [kwargs["column"]] if single else names_of(table, kwargs)
    wanted = kwargs["other_column_name"] if single else kwargs["other_column_list"]
    there = ([wanted] if single else list(wanted)) if wanted else names
    if len(there) != len(names):
        raise CannotEvaluateError(f"other_column_list names {len(there)} columns, column_list {len(names)}.")
    other = table.other(kwargs["other_table_name"])
    for here, that in zip(names, there, strict=True):
        kinds = table.kind(here), other.kind(that)
        if kinds[0] != kinds[1]:
            held = f"{here!r} holds {table.type(here)}, {that!r} of {kwargs['other_table_name']} {other.type(that)}"
            raise CannotEvaluateError(f"The columns cannot be compared: {held}.")
    chosen = all_of(where(table, kwargs), *(f"NOT {table.missing(name)}" for name in names))
    known = all_of(*(f"NOT {other.missing(name)}" for name in there))
    value = f"({table.value(names[0])})" if single else struct(table, names)
    theirs = f"({other.value(there[0])})" if single else struct(other, there)
    found = f"{value} IN (SELECT {theirs} FROM {other.relation} WHERE {known})"
    return row_plan(table, chosen, found, value, kwargs["mostly"], names=() if single else tuple(names))


def _parts(table: Table, kwargs: dict[str, Any]) -> Plan:
    """The columns add up to another one, within a tolerance."""
    parts, whole = names_of(table, kwargs), kwargs["column"]
    if whole in parts:
        raise CannotEvaluateError(f"Column {whole!r} is among its own parts.")
    names = [*parts, whole]
    for name in names:
        if table.kind(name) != "number":
            raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}, not numbers.")
    total = " + ".join(f"({table.value(name)})" for name in parts)
    apart = f"abs({total} - ({table.value(whole)}))"
    # Sums of binary fractions are off in their last digits: 0.1 + 0.2 is 0.3 to everybody else.
    slack = f"1e-9 * greatest(1, abs({table.value(whole)}))"
    holds = f"{apart} <= {literal(kwargs['tolerance'])} + {slack}"
    chosen = domain(table, kwargs, names)
    return row_plan(table, chosen, holds, struct(table, names), kwargs["mostly"], names=tuple(names))


COMPILERS: dict[str, Compiler] = {
    "expect_column_values_to_be_determined_by_columns": _determined,
    "expect_condition_to_imply_condition": _implied,
    "expect_column_values_to_be_in_other_table": _in_other,
    "expect_compound_columns_to_be_in_other_table": _in_other,
    "expect_multicolumn_sum_to_equal_column": _parts,
}
