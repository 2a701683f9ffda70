"""Rules about each value of a column, compiled to SQL. Missing values are not judged, as in Great Expectations."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.quality.engines import texts
from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.literals import as_time, bounds, members
from aifirst_dagster.quality.engines.plan import (
    INTEGERS,
    CannotEvaluateError,
    Examples,
    Plan,
    Repeats,
    Table,
    all_of,
    count,
    judged,
    row_plan,
    value_counts,
)
from aifirst_dagster.quality.engines.python_functions import PREFIX

Compiler = Callable[[Table, dict[str, Any]], Plan]


def _each(holds: Callable[[Table, dict[str, Any], str], str]) -> Compiler:
    """A compiler for a rule that `holds` (SQL) for each value that is there."""

    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        value = f"({table.value(kwargs['column'])})"
        chosen = where(table, kwargs)
        present = all_of(chosen, f"{value} IS NOT NULL")
        test = holds(table, kwargs, value)
        if PREFIX in test and chosen != "TRUE":
            # A function in Python is called for all rows of a scan; one may fail on rows that the rule is not about.
            test = holds(table, kwargs, f"(CASE WHEN {chosen} THEN {value} END)")
        return row_plan(table, present, test, value, kwargs["mostly"])

    return compile_


def _each_distinct(holds: Callable[[Table, dict[str, Any], str], str]) -> Compiler:
    """As `_each`, for what is costly to judge: where a column has few distinct values, each of them is judged once."""
    by_row = _each(holds)

    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        plan = by_row(table, kwargs)
        name = kwargs["column"]
        if name not in table.few or kwargs.get("row_condition") is not None:
            return plan
        value = f"({table.value(name)})"
        source, broken = (
            value_counts(table, value, f"{value} IS NOT NULL"),
            f"({holds(table, kwargs, 'v')}) IS NOT TRUE",
        )
        return replace(
            plan,
            source=source,
            parts=(TOTAL, f"coalesce(sum(n) FILTER ({broken}), 0)"),
            examples=Examples(
                table.relation, f"{value} IN (SELECT v FROM {source} WHERE {broken})", value, often=plan.row or ""
            ),
            finish=lambda got: judged(int(got[0]), int(got[1]), kwargs["mostly"]),
        )

    return compile_


TOTAL = "coalesce(sum(n), 0)"


def _between(table: Table, kwargs: dict[str, Any], value: str) -> str:
    if kwargs["min_value"] is None and kwargs["max_value"] is None:
        raise CannotEvaluateError("min_value and max_value are both missing. Give at least one.")
    return bounds(table, kwargs["column"], value, kwargs)


def _in_set(table: Table, kwargs: dict[str, Any], value: str) -> str:
    listed = members(table, kwargs["column"], kwargs["value_set"])
    return f"{value} IN ({', '.join(listed)})" if listed else "FALSE"


def _moment(value: Any) -> Any:
    """A text as the date or time that it is by any spelling; what is none could not be missed in a column of such."""
    if not isinstance(value, str) or as_time(value) is not None:
        return value
    from dateutil.parser import parse

    try:
        return parse(value)
    except (ValueError, OverflowError):
        raise CannotEvaluateError(f"{value!r} of value_set is no date.") from None


def _not_in_set(table: Table, kwargs: dict[str, Any], value: str) -> str:
    if table.kind(kwargs["column"]) == "time":
        kwargs = {**kwargs, "value_set": [_moment(one) for one in kwargs["value_set"]]}
    return f"NOT ({_in_set(table, kwargs, value)})"


def _not_null(table: Table, kwargs: dict[str, Any]) -> Plan:
    missing = table.missing(kwargs["column"])
    return row_plan(table, where(table, kwargs), f"NOT {missing}", "NULL", kwargs["mostly"])


def _null(table: Table, kwargs: dict[str, Any]) -> Plan:
    value = f"({table.value(kwargs['column'])})"
    return row_plan(table, where(table, kwargs), f"{value} IS NULL", value, kwargs["mostly"])


def _unique(table: Table, kwargs: dict[str, Any]) -> Plan:
    value = f"({table.value(kwargs['column'])})"
    present = all_of(where(table, kwargs), f"{value} IS NOT NULL")
    return unique_plan(table, present, value, kwargs["mostly"], whole=table.type(kwargs["column"]) in INTEGERS)


def unique_plan(
    table: Table, domain: str, value: str, mostly: float, names: tuple[str, ...] = (), whole: bool = False
) -> Plan:
    """A rule that no two rows of `domain` share `value`: one column's (`whole`: an integer), or several as a struct."""
    repeats = Repeats(table.relation, value, domain, whole)
    broken = repeats.broken()
    return Plan(
        source="",
        parts=(),
        finish=lambda got: judged(got[0], got[1], mostly),
        examples=Examples(table.relation, broken, value, names),
        row=broken,
        repeats=repeats,
    )


def _ordered(sign: str) -> Compiler:
    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        name = kwargs["column"]
        if table.kind(name) not in ("number", "time", "flag"):
            raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}: its order cannot be judged.")
        value = f"({table.value(name)})"
        present = all_of(where(table, kwargs), f"{value} IS NOT NULL")
        # The order is the relation's own; rows without a value are skipped, so that the last one there is compared.
        source = f"(SELECT {value} AS v, lag({value}) OVER () AS p FROM {table.relation} WHERE {present})"
        broken = f"NOT (v {sign if kwargs['strictly'] else sign + '='} p)"
        return Plan(
            source=source,
            parts=("count(*)", count(broken)),
            finish=lambda got: judged(got[0], got[1], kwargs["mostly"]),
            examples=Examples(source, broken, "v"),
        )

    return compile_


def _spread(
    figures: Callable[[Table, dict[str, Any], str], tuple[str, ...]],
    holds: Callable[[dict[str, Any], str, tuple[str, ...]], str],
) -> Compiler:
    """A rule about each value beside `figures` of the column, which are asked for first."""

    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        name = kwargs["column"]
        if table.kind(name) != "number" and not (table.kind(name) == "flag" and holds is _z_score):
            raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}, not numbers.")
        value = f"({table.value(name)})" if table.kind(name) == "number" else f"CAST({ident(name)} AS INTEGER)"
        present = all_of(where(table, kwargs), f"{value} IS NOT NULL")
        wanted = figures(table, kwargs, value)
        chosen = tuple(part if present == "TRUE" else f"{part} FILTER ({present})" for part in wanted)

        def with_figures(known: tuple[str, ...]) -> Plan:
            return row_plan(table, present, holds(kwargs, value, known), value, kwargs["mostly"])

        of_all = tuple(f"(SELECT {part} FROM {table.relation} WHERE {present})" for part in wanted)
        return Plan(
            table.relation,
            chosen,
            finish=lambda _: {},
            row=with_figures(of_all).row,
            then=lambda got: with_figures(tuple(_figure(one) for one in got)),
        )

    return compile_


def _figure(value: float | None) -> str:
    """A figure as SQL; one that is not finite is none."""
    return literal(float(value)) if value is not None and math.isfinite(value) else "NULL::DOUBLE"


def _mean_and_deviation(_: Table, __: dict[str, Any], value: str) -> tuple[str, ...]:
    return f"avg({value}::DOUBLE)", f"stddev_samp({value}::DOUBLE)"


def _z_score(kwargs: dict[str, Any], value: str, known: tuple[str, ...]) -> str:
    score = f"({value} - {known[0]}) / nullif({known[1]}, 0)"
    limit = abs(kwargs["threshold"]) if kwargs["double_sided"] else kwargs["threshold"]
    score = f"abs({score})" if kwargs["double_sided"] else score
    return f"coalesce({score} < {literal(limit)}, TRUE)"


def _references(_: Table, kwargs: dict[str, Any], value: str) -> tuple[str, ...]:
    if kwargs["method"] == "std":
        return _mean_and_deviation(_, kwargs, value)
    return tuple(f"quantile_cont({value}::DOUBLE, {q})" for q in (0.25, 0.75))


def _not_outlier(kwargs: dict[str, Any], value: str, known: tuple[str, ...]) -> str:
    times = literal(kwargs["multiplier"])
    if kwargs["method"] == "std":
        centre, spread = known
        return f"""CASE WHEN {spread} * {times} > 0 THEN abs({value} - {centre}) < {spread} * {times}
            WHEN {spread} IS NULL OR {centre} IS NULL THEN TRUE ELSE {value} = {centre} END"""
    low, high = known
    fits = f"{value} >= {low} - {times} * ({high} - {low}) AND {value} <= {high} + {times} * ({high} - {low})"
    return f"({low} IS NULL OR {high} IS NULL OR ({fits}))"


COMPILERS: dict[str, Compiler] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_null": _null,
    "expect_column_values_to_be_unique": _unique,
    "expect_column_values_to_be_between": _each(_between),
    "expect_column_values_to_be_in_set": _each_distinct(_in_set),
    "expect_column_values_to_not_be_in_set": _each_distinct(_not_in_set),
    **{type_: _each_distinct(holds) for type_, holds in texts.HOLDS.items()},
    **{type_: _each(holds) for type_, holds in texts.LENGTHS.items()},
    "expect_column_values_to_be_increasing": _ordered(">"),
    "expect_column_values_to_be_decreasing": _ordered("<"),
    "expect_column_value_z_scores_to_be_less_than": _spread(_mean_and_deviation, _z_score),
    "expect_column_values_to_not_be_outliers": _spread(_references, _not_outlier),
}
