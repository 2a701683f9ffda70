"""Rules about each value of a column, compiled to SQL. Missing values are not judged, as in Great Expectations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.literals import bounds, members, texts_only
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

Compiler = Callable[[Table, dict[str, Any]], Plan]


def _each(holds: Callable[[Table, dict[str, Any], str], str]) -> Compiler:
    """A compiler for a rule that `holds` (SQL) for each value that is there."""

    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        value = f"({table.value(kwargs['column'])})"
        present = all_of(where(table, kwargs), f"{value} IS NOT NULL")
        return row_plan(table, present, holds(table, kwargs, value), value, kwargs["mostly"])

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


def _length(table: Table, kwargs: dict[str, Any], value: str) -> str:
    length = f"length(CAST({value} AS VARCHAR))"
    if "value" in kwargs:
        return f"{length} = {literal(kwargs['value'])}"
    low, high = kwargs["min_value"], kwargs["max_value"]
    if low is None and high is None:
        raise CannotEvaluateError("min_value and max_value are both missing. Give at least one.")
    above = f"{length} {'>' if kwargs['strict_min'] else '>='} {literal(low)}" if low is not None else ""
    below = f"{length} {'<' if kwargs['strict_max'] else '<='} {literal(high)}" if high is not None else ""
    return all_of(above, below)


def _in_set(table: Table, kwargs: dict[str, Any], value: str) -> str:
    listed = members(table, kwargs["column"], kwargs["value_set"])
    return f"{value} IN ({', '.join(listed)})" if listed else "FALSE"


def _not_in_set(table: Table, kwargs: dict[str, Any], value: str) -> str:
    return f"NOT ({_in_set(table, kwargs, value)})"


def matches(value: str, pattern: str) -> str:
    """SQL: whether `pattern` is found in the text of `value`."""
    return f"regexp_matches(CAST({value} AS VARCHAR), {literal(pattern)})"


def _any_or_all(kwargs: dict[str, Any], tests: list[str]) -> str:
    if not tests:
        raise CannotEvaluateError("The list of patterns is empty.")
    return f"({(' AND ' if kwargs.get('match_on') == 'all' else ' OR ').join(tests)})"


def _regex_list(table: Table, kwargs: dict[str, Any], value: str) -> str:
    return _any_or_all(kwargs, [matches(value, pattern) for pattern in kwargs["regex_list"]])


def _like(value: str, pattern: str, kwargs: dict[str, Any]) -> str:
    escape = f" ESCAPE {literal(kwargs['escape'])}" if kwargs.get("escape") else ""
    return f"CAST({value} AS VARCHAR) LIKE {literal(pattern)}{escape}"


def _like_list(table: Table, kwargs: dict[str, Any], value: str) -> str:
    return _any_or_all(kwargs, [_like(value, pattern, kwargs) for pattern in kwargs["like_pattern_list"]])


def _strftime(table: Table, kwargs: dict[str, Any], value: str) -> str:
    texts_only(table, kwargs["column"], "A date's form can only be judged while it is text")
    return f"try_strptime({value}, {literal(kwargs['strftime_format'])}) IS NOT NULL"


def _json(table: Table, kwargs: dict[str, Any], value: str) -> str:
    return f"json_valid({value})" if table.kind(kwargs["column"]) == "text" else "FALSE"


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


def _z_scores(table: Table, kwargs: dict[str, Any], value: str) -> str:
    _numbers(table, kwargs["column"])
    stats = f"SELECT {{}} FROM {table.relation} WHERE {all_of(where(table, kwargs), f'{value} IS NOT NULL')}"
    mean, spread = stats.format(f"avg({value})"), stats.format(f"stddev_samp({value})")
    score = f"({value} - ({mean})) / nullif(({spread}), 0)"
    limit = abs(kwargs["threshold"]) if kwargs["double_sided"] else kwargs["threshold"]
    score = f"abs({score})" if kwargs["double_sided"] else score
    return f"coalesce({score} < {literal(limit)}, TRUE)"


def _not_outliers(table: Table, kwargs: dict[str, Any], value: str) -> str:
    _numbers(table, kwargs["column"])
    stats = f"SELECT {{}} FROM {table.relation} WHERE {all_of(where(table, kwargs), f'{value} IS NOT NULL')}"
    times = literal(kwargs["multiplier"])
    if kwargs["method"] == "std":
        centre, spread = (f"({stats.format(f'{figure}({value})')})" for figure in ("avg", "stddev_samp"))
        return f"""CASE WHEN {spread} * {times} > 0 THEN abs({value} - {centre}) < {spread} * {times}
            WHEN {spread} IS NULL THEN TRUE ELSE {value} = {centre} END"""
    low, high = (f"({stats.format(f'quantile_cont({value}, {q})')})" for q in (0.25, 0.75))
    return f"{value} >= {low} - {times} * ({high} - {low}) AND {value} <= {high} + {times} * ({high} - {low})"


def _numbers(table: Table, name: str) -> None:
    if table.kind(name) != "number":
        raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}, not numbers.")


COMPILERS: dict[str, Compiler] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_null": _null,
    "expect_column_values_to_be_unique": _unique,
    "expect_column_values_to_be_between": _each(_between),
    "expect_column_values_to_be_in_set": _each_distinct(_in_set),
    "expect_column_values_to_not_be_in_set": _each_distinct(_not_in_set),
    "expect_column_values_to_match_regex": _each_distinct(lambda _, k, v: matches(v, k["regex"])),
    "expect_column_values_to_not_match_regex": _each_distinct(lambda _, k, v: f"NOT {matches(v, k['regex'])}"),
    "expect_column_values_to_match_regex_list": _each_distinct(_regex_list),
    "expect_column_values_to_not_match_regex_list": _each_distinct(lambda t, k, v: f"NOT {_regex_list(t, k, v)}"),
    "expect_column_values_to_match_like_pattern": _each_distinct(lambda _, k, v: _like(v, k["like_pattern"], k)),
    "expect_column_values_to_not_match_like_pattern": _each_distinct(
        lambda _, k, v: f"NOT ({_like(v, k['like_pattern'], k)})"
    ),
    "expect_column_values_to_match_like_pattern_list": _each_distinct(_like_list),
    "expect_column_values_to_not_match_like_pattern_list": _each_distinct(lambda t, k, v: f"NOT {_like_list(t, k, v)}"),
    "expect_column_values_to_match_strftime_format": _each_distinct(_strftime),
    "expect_column_values_to_be_json_parseable": _each_distinct(_json),
    "expect_column_values_to_be_increasing": _ordered(">"),
    "expect_column_values_to_be_decreasing": _ordered("<"),
    "expect_column_value_lengths_to_be_between": _each(_length),
    "expect_column_value_lengths_to_equal": _each(_length),
    "expect_column_value_z_scores_to_be_less_than": _each(_z_scores),
    "expect_column_values_to_not_be_outliers": _each(_not_outliers),
}
