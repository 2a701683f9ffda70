"""Which dbt test means what a rule means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.quality.engines.conditions import condition
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Table
from aifirst_dagster.quality.expectations.kinds import number
from aifirst_dagster.quality.expectations.vocabulary import complete
from aifirst_dagster.quality.rules import Rule


class NoTestError(Exception):
    """dbt has no test that means the same; the text says why."""


@dataclass(frozen=True)
class Test:
    """One test: its name, its arguments, and the column that it stands under (None: the model)."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    column: str | None = None


class _AnyTable(Table):
    """A table that has whatever column is asked for: nothing is known about a dbt model here."""

    def type(self, name: str) -> str:
        return "VARCHAR"


def condition_sql(wanted: str | dict[str, Any]) -> str:
    """A row condition as SQL. Raises `NoTestError`."""
    try:
        return condition(_AnyTable("model"), wanted, None)
    except CannotEvaluateError as problem:
        raise NoTestError(str(problem)) from None


def test_of(rule: Rule) -> list[Test]:
    """The tests that together mean what the rule means. Raises `NoTestError`."""
    make = _TESTS.get(rule.type)
    if make is None:
        raise NoTestError("Neither dbt nor dbt_utils nor dbt_expectations has such a test.")
    kwargs = complete(rule.type, rule.kwargs)
    if kwargs.get("mostly", 1) != 1 and rule.type not in _WITH_MOSTLY:
        raise NoTestError(f"The dbt test knows no share such as mostly {kwargs['mostly']}.")
    if kwargs.get("ignore_row_if") in ("neither", "never") and "unique" not in rule.type:
        raise NoTestError(f"The dbt test cannot judge rows with missing values ({kwargs['ignore_row_if']}).")
    return make(kwargs)


Make = Callable[[dict[str, Any]], list[Test]]


def _same(*names: str, called: str = "", strict: bool = False) -> Make:
    """The test of the same name in dbt_expectations, with the arguments `names`."""

    def make(kwargs: dict[str, Any]) -> list[Test]:
        taken = {name: kwargs[name] for name in names}
        if strict:
            if bool(kwargs["strict_min"]) != bool(kwargs["strict_max"]) and None not in (
                kwargs["min_value"], kwargs["max_value"]
            ):  # fmt: skip
                raise NoTestError("The dbt test leaves out both ends or none.")
            if kwargs["strict_min"] or kwargs["strict_max"]:
                taken["strictly"] = True
        return [Test(f"dbt_expectations.{called or kwargs['_type']}", taken, kwargs.get("column"))]

    return make


def _not_null(kwargs: dict[str, Any]) -> list[Test]:
    if kwargs["mostly"] == 1:
        return [Test("not_null", column=kwargs["column"])]
    return [Test("dbt_utils.not_null_proportion", {"at_least": kwargs["mostly"]}, kwargs["column"])]


def _proportion(kwargs: dict[str, Any]) -> list[Test]:
    if kwargs["strict_min"] or kwargs["strict_max"]:
        raise NoTestError("The dbt test takes its ends in.")
    ends = {"at_least": kwargs["min_value"], "at_most": kwargs["max_value"]}
    return [Test("dbt_utils.not_null_proportion", ends, kwargs["column"])]


def _accepted(kwargs: dict[str, Any]) -> list[Test]:
    values = [value for value in kwargs["value_set"] if value is not None]
    quoted = all(isinstance(value, str) for value in values)
    return [Test("accepted_values", {"values": values, **({} if quoted else {"quote": False})}, kwargs["column"])]


def _between(kwargs: dict[str, Any]) -> list[Test]:
    if kwargs["strict_min"] != kwargs["strict_max"] and None not in (kwargs["min_value"], kwargs["max_value"]):
        raise NoTestError("The dbt test leaves out both ends or none.")
    ends = {end: _sql_value(kwargs[end]) for end in ("min_value", "max_value")}
    inclusive = None if not (kwargs["strict_min"] or kwargs["strict_max"]) else False
    return [Test("dbt_utils.accepted_range", {**ends, "inclusive": inclusive}, kwargs["column"])]


def _sql_value(value: Any) -> Any:
    """A limit: numbers as they are, dates as SQL text, for dbt_utils puts it into the query."""
    return value if value is None or number(value) else f"'{value}'"


def _combination(kwargs: dict[str, Any]) -> list[Test]:
    return [Test("dbt_utils.unique_combination_of_columns", {"combination_of_columns": list(kwargs["column_list"])})]


def _references(kwargs: dict[str, Any]) -> list[Test]:
    there = kwargs["other_column_name"] or kwargs["column"]
    arguments = {"to": f"ref('{kwargs['other_table_name']}')", "field": there}
    return [Test("relationships", arguments, kwargs["column"])]


def _implies(kwargs: dict[str, Any]) -> list[Test]:
    first, then = condition_sql(kwargs["if_condition"]), condition_sql(kwargs["then_condition"])
    return [Test("dbt_utils.expression_is_true", {"expression": f"(not ({first})) or ({then})"})]


def _parts(kwargs: dict[str, Any]) -> list[Test]:
    if kwargs["ignore_row_if"] != "any_value_is_missing":
        raise NoTestError("The dbt test cannot judge rows with missing values.")
    total = " + ".join(ident(name) for name in kwargs["column_list"])
    apart = f"abs({total} - {ident(kwargs['column'])}) <= {kwargs['tolerance'] or 1e-9}"
    missing = " or ".join(f"{ident(name)} is null" for name in [*kwargs["column_list"], kwargs["column"]])
    return [Test("dbt_utils.expression_is_true", {"expression": f"({apart}) or {missing}"})]


def _recent(kwargs: dict[str, Any]) -> list[Test]:
    if kwargs["as_of"] is not None:
        raise NoTestError("The dbt test knows no other moment than now.")
    number_, _, unit = kwargs["max_age"].strip().partition(" ")
    arguments = {"datepart": unit.strip().lower().removesuffix("s"), "interval": float(number_)}
    if not arguments["interval"].is_integer():
        raise NoTestError("The dbt test takes a whole number of hours, days, ...")
    arguments["interval"] = int(arguments["interval"])
    return [Test("dbt_expectations.expect_row_values_to_have_recent_data", arguments, kwargs["column"])]


def _rows_of_other(kwargs: dict[str, Any]) -> list[Test]:
    return [Test("dbt_utils.equal_rowcount", {"compare_model": f"ref('{kwargs['other_table_name']}')"})]


_SIMPLE: dict[str, tuple[str, ...]] = {
    "expect_column_values_to_be_null": (),
    "expect_column_values_to_not_be_in_set": ("value_set",),
    "expect_column_values_to_match_regex": ("regex",),
    "expect_column_values_to_not_match_regex": ("regex",),
    "expect_column_values_to_match_regex_list": ("regex_list", "match_on"),
    "expect_column_values_to_not_match_regex_list": ("regex_list",),
    "expect_column_values_to_match_like_pattern": ("like_pattern",),
    "expect_column_values_to_not_match_like_pattern": ("like_pattern",),
    "expect_column_values_to_match_like_pattern_list": ("like_pattern_list", "match_on"),
    "expect_column_values_to_not_match_like_pattern_list": ("like_pattern_list",),
    "expect_column_value_lengths_to_equal": ("value",),
    "expect_column_distinct_values_to_be_in_set": ("value_set",),
    "expect_column_distinct_values_to_contain_set": ("value_set",),
    "expect_column_distinct_values_to_equal_set": ("value_set",),
    "expect_column_to_exist": ("column_index",),
    "expect_table_row_count_to_equal": ("value",),
    "expect_table_column_count_to_be_between": ("min_value", "max_value"),
    "expect_table_column_count_to_equal": ("value",),
    "expect_table_columns_to_match_ordered_list": ("column_list",),
    "expect_column_pair_values_to_be_equal": ("column_A", "column_B", "ignore_row_if"),
    "expect_column_pair_values_to_be_in_set": ("column_A", "column_B", "value_pairs_set", "ignore_row_if"),
    "expect_select_column_values_to_be_unique_within_record": ("column_list", "ignore_row_if"),
}
_BOUNDED = [
    f"expect_{words}_to_be_between" for words in (
        "column_min", "column_max", "column_mean", "column_median", "column_sum", "column_stdev",
        "column_unique_value_count", "column_proportion_of_unique_values", "column_value_lengths", "table_row_count",
    )
]  # fmt: skip
_WITH_MOSTLY = ("expect_column_values_to_not_be_null",)


def _typed(type_: str, make: Make) -> Make:
    return lambda kwargs: make({**kwargs, "_type": type_})


_TESTS: dict[str, Make] = {
    **{type_: _typed(type_, _same(*names)) for type_, names in _SIMPLE.items()},
    **{type_: _typed(type_, _same("min_value", "max_value", strict=True)) for type_ in _BOUNDED},
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_proportion_of_non_null_values_to_be_between": _proportion,
    "expect_column_values_to_be_unique": lambda kwargs: [Test("unique", column=kwargs["column"])],
    "expect_column_values_to_be_in_set": _accepted,
    "expect_column_values_to_be_between": _between,
    "expect_compound_columns_to_be_unique": _combination,
    "expect_column_pair_values_a_to_be_greater_than_b": _same(
        "column_A", "column_B", "or_equal", called="expect_column_pair_values_A_to_be_greater_than_B"
    ),
    "expect_multicolumn_sum_to_equal": _same(
        "column_list", "sum_total", "ignore_row_if", called="expect_multicolumn_sum_to_equal"
    ),
    "expect_column_values_to_be_in_other_table": _references,
    "expect_condition_to_imply_condition": _implies,
    "expect_multicolumn_sum_to_equal_column": _parts,
    "expect_column_max_to_be_recent": _recent,
    "expect_table_row_count_to_equal_other_table": _rows_of_other,
}


def has_test(type_: str) -> bool:
    """Whether dbt has a test for rules of this type, with the usual arguments."""
    return type_ in _TESTS
