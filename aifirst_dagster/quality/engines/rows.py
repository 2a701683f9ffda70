"""Rules about several columns of a row, compiled to SQL."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.quality.engines.columns import unique_plan
from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.literals import members
from aifirst_dagster.quality.engines.moments import beside_texts
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Plan, Table, all_of, row_plan

Compiler = Callable[[Table, dict[str, Any]], Plan]


def domain(table: Table, kwargs: dict[str, Any], names: list[str]) -> str:
    """The rows to judge: `ignore_row_if` leaves out those with all, or any, of the values missing."""
    missing = [table.missing(name) for name in names]
    ignored = {
        "both_values_are_missing": " AND ", "all_values_are_missing": " AND ",
        "either_value_is_missing": " OR ", "any_value_is_missing": " OR ",
    }.get(kwargs["ignore_row_if"])  # fmt: skip
    return all_of(where(table, kwargs), f"NOT ({ignored.join(missing)})" if ignored else "")


def struct(table: Table, names: list[str]) -> str:
    """SQL of several columns' values as one value; missing ones compare as equal inside it."""
    fields = ", ".join(f"{literal(f'f{i}')}: ({table.value(name)})" for i, name in enumerate(names))
    return "{" + fields + "}"


def _pair(holds: Callable[[Table, dict[str, Any], str, str], str]) -> Compiler:
    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        names = [kwargs["column_A"], kwargs["column_B"]]
        a, b = (f"({table.value(name)})" for name in names)
        chosen = domain(table, kwargs, names)
        return row_plan(table, chosen, holds(table, kwargs, a, b), struct(table, names), kwargs["mostly"])

    return compile_


def _comparable(table: Table, a: str, b: str) -> bool:
    first, second = table.kind(a), table.kind(b)
    if first == second == "time":
        return ("ZONE" in table.type(a)) == ("ZONE" in table.type(b))
    return first == second or {first, second} == {"number", "flag"}


def _alike(table: Table, kwargs: dict[str, Any], a: str, b: str) -> tuple[str, str]:
    """The two values, true and false as 1 and 0 beside a number."""
    kinds = table.kind(kwargs["column_A"]), table.kind(kwargs["column_B"])
    if kinds[0] == kinds[1]:
        return a, b
    first, second = (f"CAST({v} AS INTEGER)" if kind == "flag" else v for v, kind in zip((a, b), kinds, strict=True))
    return first, second


def _equal(table: Table, kwargs: dict[str, Any], a: str, b: str) -> str:
    if not _comparable(table, kwargs["column_A"], kwargs["column_B"]):
        return "FALSE"
    return " = ".join(_alike(table, kwargs, a, b))


def _greater(table: Table, kwargs: dict[str, Any], a: str, b: str) -> str:
    names = kwargs["column_A"], kwargs["column_B"]
    sign = f" {'>=' if kwargs.get('or_equal') else '>'} "
    if (table.kind(names[0]), table.kind(names[1])) == ("time", "text"):
        return sign.join(beside_texts(table, *names, domain(table, kwargs, list(names))))
    if not _comparable(table, *names):
        held = " and ".join(f"{name!r} {table.type(name)}" for name in names)
        raise CannotEvaluateError(f"The two columns cannot be compared: {held}.")
    return sign.join(_alike(table, kwargs, a, b))


def _in_pairs(table: Table, kwargs: dict[str, Any], a: str, b: str) -> str:
    def same(name: str, value: str, wanted: Any) -> str:
        if wanted is None:
            return f"{value} IS NULL"
        listed = members(table, name, [wanted])
        return f"{value} = {listed[0]}" if listed else "FALSE"

    tests = [
        f"({same(kwargs['column_A'], a, first)} AND {same(kwargs['column_B'], b, second)})"
        for first, second in kwargs["value_pairs_set"]
    ]
    return f"({' OR '.join(tests)})" if tests else "FALSE"


def names_of(table: Table, kwargs: dict[str, Any]) -> list[str]:
    """The columns of `column_list`, which are there."""
    names = list(kwargs["column_list"])
    if not names:
        raise CannotEvaluateError("column_list is empty.")
    for name in names:
        table.type(name)
    return names


def _compound(table: Table, kwargs: dict[str, Any]) -> Plan:
    names = names_of(table, kwargs)
    return unique_plan(table, domain(table, kwargs, names), struct(table, names), kwargs["mostly"], tuple(names))


def _several(holds: Callable[[Table, dict[str, Any], list[str]], str]) -> Compiler:
    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        names = names_of(table, kwargs)
        return row_plan(
            table, domain(table, kwargs, names), holds(table, kwargs, names), struct(table, names), kwargs["mostly"],
            names=tuple(names),
        )  # fmt: skip

    return compile_


def _same(table: Table, a: str, b: str) -> str:
    if not _comparable(table, a, b):
        return f"({table.missing(a)} AND {table.missing(b)})"
    first, second = _alike(table, {"column_A": a, "column_B": b}, f"({table.value(a)})", f"({table.value(b)})")
    return f"({first} IS NOT DISTINCT FROM {second})"


def _all_differ(table: Table, _: dict[str, Any], names: list[str]) -> str:
    return all_of(*(f"NOT {_same(table, a, b)}" for a, b in combinations(names, 2)))


def _all_equal(table: Table, _: dict[str, Any], names: list[str]) -> str:
    return all_of(*(_same(table, names[0], other) for other in names[1:]))


def _sum(table: Table, kwargs: dict[str, Any], names: list[str]) -> str:
    for name in names:
        if table.kind(name) not in ("number", "flag"):
            raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}, not numbers.")
    flags = {name for name in names if table.kind(name) == "flag"}
    terms = [f"CAST({ident(n)} AS INTEGER)" if n in flags else f"({table.value(n)})" for n in names]
    return f"{' + '.join(terms)} = {literal(kwargs['sum_total'])}"


COMPILERS: dict[str, Compiler] = {
    "expect_column_pair_values_to_be_equal": _pair(_equal),
    "expect_column_pair_values_a_to_be_greater_than_b": _pair(_greater),
    "expect_column_pair_values_to_be_in_set": _pair(_in_pairs),
    "expect_compound_columns_to_be_unique": _compound,
    "expect_select_column_values_to_be_unique_within_record": _several(_all_differ),
    "expect_multicolumn_values_to_be_unique": _several(_all_differ),
    "expect_multicolumn_values_to_be_equal": _several(_all_equal),
    "expect_multicolumn_sum_to_equal": _several(_sum),
}
