"""Every expectation type: those of Great Expectations 1.24, with names and meaning as theirs, and a few of ours."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from aifirst_dagster.quality.expectations import kinds
from aifirst_dagster.quality.expectations.kinds import Kwarg
from aifirst_dagster.quality.expectations.own import own

Kwargs = dict[str, Kwarg]


def _need(test: kinds.Test) -> Kwarg:
    return Kwarg(test, required=True, nullable=False)


PARSERS = ("pandas", "great_expectations", "great_expectations__experimental__", "spark")

_ROWS: Kwargs = {"row_condition": Kwarg(kinds.condition), "condition_parser": Kwarg(kinds.one_of(*PARSERS))}
_COLUMN: Kwargs = {"column": _need(kinds.text), **_ROWS}
_MOSTLY: Kwargs = {"mostly": Kwarg(kinds.share, nullable=False, default=1)}
_STRICT: Kwargs = {
    "strict_min": Kwarg(kinds.flag, nullable=False, default=False),
    "strict_max": Kwarg(kinds.flag, nullable=False, default=False),
}
_BOUNDS: Kwargs = {"min_value": Kwarg(kinds.bound), "max_value": Kwarg(kinds.bound), **_STRICT}
_NUMBERS: Kwargs = {"min_value": Kwarg(kinds.real), "max_value": Kwarg(kinds.real), **_STRICT}
_COUNTS: Kwargs = {"min_value": Kwarg(kinds.integer), "max_value": Kwarg(kinds.integer), **_STRICT}
_MAP: Kwargs = {**_COLUMN, **_MOSTLY}
_PAIR: Kwargs = {
    "column_A": _need(kinds.text),
    "column_B": _need(kinds.text),
    "ignore_row_if": Kwarg(
        kinds.one_of("both_values_are_missing", "either_value_is_missing", "neither"),
        nullable=False,
        default="both_values_are_missing",
    ),
    **_ROWS,
    **_MOSTLY,
}
_SEVERAL: Kwargs = {
    "column_list": _need(kinds.several),
    "ignore_row_if": Kwarg(
        kinds.one_of("all_values_are_missing", "any_value_is_missing", "never"),
        nullable=False,
        default="all_values_are_missing",
    ),
    **_ROWS,
    **_MOSTLY,
}
_SET: Kwargs = {"value_set": _need(kinds.sequence)}
_FULL_SET: Kwargs = {"value_set": _need(kinds.filled)}
_ORDER: Kwargs = {**_MAP, "strictly": Kwarg(kinds.flag, default=False)}
_LIKE: Kwargs = {"escape": Kwarg(kinds.character)}
_MATCH_ON: Kwargs = {"match_on": Kwarg(kinds.one_of("any", "all"), nullable=False, default="any")}

GREAT_EXPECTATIONS: dict[str, Kwargs] = {
    # each value of a column
    "expect_column_values_to_not_be_null": _MAP,
    "expect_column_values_to_be_null": _MAP,
    "expect_column_values_to_be_unique": _MAP,
    "expect_column_values_to_be_between": {**_MAP, **_BOUNDS},
    "expect_column_values_to_be_in_set": {**_MAP, **_SET},
    "expect_column_values_to_not_be_in_set": {**_MAP, **_SET},
    "expect_column_values_to_match_regex": {**_MAP, "regex": Kwarg(kinds.text, nullable=False, default="(?s).*")},
    "expect_column_values_to_not_match_regex": {**_MAP, "regex": _need(kinds.text)},
    "expect_column_values_to_match_regex_list": {**_MAP, "regex_list": _need(kinds.named), **_MATCH_ON},
    "expect_column_values_to_not_match_regex_list": {**_MAP, "regex_list": _need(kinds.named)},
    "expect_column_values_to_match_like_pattern": {**_MAP, "like_pattern": _need(kinds.text), **_LIKE},
    "expect_column_values_to_not_match_like_pattern": {**_MAP, "like_pattern": _need(kinds.text), **_LIKE},
    "expect_column_values_to_match_like_pattern_list": {
        **_MAP, "like_pattern_list": _need(kinds.named), **_MATCH_ON, **_LIKE
    },
    "expect_column_values_to_not_match_like_pattern_list": {
        **_MAP, "like_pattern_list": _need(kinds.named), **_LIKE
    },
    "expect_column_values_to_match_strftime_format": {**_MAP, "strftime_format": _need(kinds.text)},
    "expect_column_values_to_be_dateutil_parseable": _MAP,
    "expect_column_values_to_be_json_parseable": _MAP,
    "expect_column_values_to_match_json_schema": {**_MAP, "json_schema": _need(kinds.mapping)},
    "expect_column_values_to_be_of_type": {**_MAP, "type_": _need(kinds.text)},
    "expect_column_values_to_be_in_type_list": {**_MAP, "type_list": Kwarg(kinds.texts, required=True)},
    "expect_column_values_to_be_increasing": _ORDER,
    "expect_column_values_to_be_decreasing": _ORDER,
    "expect_column_value_lengths_to_be_between": {**_MAP, **_COUNTS},
    "expect_column_value_lengths_to_equal": {**_MAP, "value": _need(kinds.real)},
    "expect_column_value_z_scores_to_be_less_than": {
        **_MAP, "threshold": _need(kinds.real), "double_sided": _need(kinds.flag)
    },
    "expect_column_values_to_not_be_outliers": {
        **_MAP,
        "method": Kwarg(kinds.one_of("iqr", "std"), nullable=False, default="iqr"),
        "multiplier": Kwarg(kinds.positive, nullable=False, default=1.5),
    },
    # a figure of a column
    "expect_column_min_to_be_between": {**_COLUMN, **_BOUNDS},
    "expect_column_max_to_be_between": {**_COLUMN, **_BOUNDS},
    "expect_column_mean_to_be_between": {**_COLUMN, **_BOUNDS},
    "expect_column_median_to_be_between": {**_COLUMN, **_BOUNDS},
    "expect_column_sum_to_be_between": {**_COLUMN, **_BOUNDS},
    "expect_column_stdev_to_be_between": {**_COLUMN, **_NUMBERS},
    "expect_column_unique_value_count_to_be_between": {**_COLUMN, **_COUNTS},
    "expect_column_proportion_of_unique_values_to_be_between": {**_COLUMN, **_NUMBERS},
    "expect_column_proportion_of_non_null_values_to_be_between": {**_COLUMN, **_NUMBERS},
    "expect_column_quantile_values_to_be_between": {
        **_COLUMN,
        "quantile_ranges": _need(kinds.quantiles),
        "allow_relative_error": Kwarg(kinds.text_or_flag, nullable=False, default=False),
    },
    "expect_column_distinct_values_to_be_in_set": {**_COLUMN, **_FULL_SET},
    "expect_column_distinct_values_to_contain_set": {**_COLUMN, **_FULL_SET},
    "expect_column_distinct_values_to_equal_set": {**_COLUMN, **_FULL_SET},
    "expect_column_most_common_value_to_be_in_set": {**_COLUMN, **_SET, "ties_okay": Kwarg(kinds.flag)},
    "expect_column_kl_divergence_to_be_less_than": {
        **_COLUMN,
        "partition_object": Kwarg(kinds.mapping),
        "threshold": Kwarg(kinds.real),
        "internal_weight_holdout": Kwarg(kinds.share, default=0),
        "tail_weight_holdout": Kwarg(kinds.share, default=0),
        "bucketize_data": Kwarg(kinds.flag, nullable=False, default=True),
        "min_value": Kwarg(kinds.bound),
        "max_value": Kwarg(kinds.bound),
    },
    # several columns of a row
    "expect_column_pair_values_to_be_equal": _PAIR,
    "expect_column_pair_values_a_to_be_greater_than_b": {**_PAIR, "or_equal": Kwarg(kinds.flag)},
    "expect_column_pair_values_to_be_in_set": {**_PAIR, "value_pairs_set": _need(kinds.pairs)},
    "expect_compound_columns_to_be_unique": _SEVERAL,
    "expect_select_column_values_to_be_unique_within_record": _SEVERAL,
    "expect_multicolumn_sum_to_equal": {**_SEVERAL, "sum_total": _need(kinds.real)},
    "expect_multicolumn_values_to_be_equal": _SEVERAL,
    "expect_multicolumn_values_to_be_unique": {**_SEVERAL, "column": Kwarg(kinds.text)},
    # the table
    "expect_column_to_exist": {"column": _need(kinds.text), "column_index": Kwarg(kinds.integer)},
    "expect_column_type_to_be": {"column": _need(kinds.text), "type_": _need(kinds.text)},
    "expect_table_row_count_to_be_between": {**_COUNTS, **_ROWS},
    "expect_table_row_count_to_equal": {"value": _need(kinds.integer), **_ROWS},
    "expect_table_row_count_to_equal_other_table": {"other_table_name": _need(kinds.text), **_ROWS},
    "expect_table_column_count_to_be_between": {"min_value": Kwarg(kinds.bound), "max_value": Kwarg(kinds.bound)},
    "expect_table_column_count_to_equal": {"value": _need(kinds.integer)},
    "expect_table_columns_to_match_ordered_list": {"column_list": Kwarg(kinds.sequence, required=True)},
    "expect_table_columns_to_match_set": {
        "column_set": Kwarg(kinds.sequence, required=True), "exact_match": Kwarg(kinds.flag, default=True)
    },
    "expect_query_results_to_match_comparison": {
        "base_query": _need(kinds.text), "comparison_data_source_name": _need(kinds.text),
        "comparison_query": _need(kinds.text), **_MOSTLY,
    },
    "unexpected_rows_expectation": {"unexpected_rows_query": _need(kinds.text), **_ROWS},
}  # fmt: skip
OWN: dict[str, Kwargs] = own(_ROWS, _MOSTLY)
VOCABULARY: dict[str, Kwargs] = {**GREAT_EXPECTATIONS, **OWN}


def problem(type_: str, kwargs: dict[str, Any]) -> tuple[str, str, str | None] | None:
    """What is wrong with a rule's type or arguments.

    Returns:
        (what is wrong, what to do, the argument at fault or None for the type), or None where all is well.
    """
    known = VOCABULARY.get(type_)
    if known is None:
        near = get_close_matches(type_, VOCABULARY, n=1)
        return f"Unknown expectation type {type_!r}.", f"Did you mean {near[0]!r}?" if near else "", None
    for name, value in kwargs.items():
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"It takes {', '.join(known)}."
            return f"{type_} has no argument {name!r}.", hint, name
        if value is None and known[name].nullable:
            continue
        wanted = known[name].test(value)
        if wanted:
            return f"{name} of {type_} is {_shown(value)}.", f"It should be {wanted}.", name
    for name, kwarg in known.items():
        if kwarg.required and name not in kwargs:
            return f"{type_} lacks {name!r}.", f"It takes {', '.join(known)}.", None
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if type_ == "expect_table_row_count_to_be_between" and low is not None and high is not None and low > high:
        return f"min_value of {type_} is greater than its max_value.", "No table has so many rows.", "min_value"
    return None


def complete(type_: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """All arguments of a rule, defaults included."""
    known = {name: kwarg.default for name, kwarg in VOCABULARY[type_].items()}
    return {**known, **kwargs}


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:60] + "..."
