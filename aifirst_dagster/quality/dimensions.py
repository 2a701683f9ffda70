"""The dimension of data quality that a rule is about, by its type."""

from __future__ import annotations

from typing import Literal

Dimension = Literal["completeness", "validity", "uniqueness", "consistency", "timeliness", "integrity"]

#: Types about more than what a single value may be, which is its validity.
_TYPES: dict[Dimension, tuple[str, ...]] = {
    # A value or a row that is missing.
    "completeness": (
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_null",
        "expect_column_proportion_of_non_null_values_to_be_between",
        "expect_column_to_exist",
        "expect_column_values_to_have_no_gaps",
        "expect_table_row_count_to_be_between",
        "expect_table_row_count_to_equal",
    ),
    "uniqueness": (
        "expect_column_values_to_be_unique",
        "expect_column_unique_value_count_to_be_between",
        "expect_column_proportion_of_unique_values_to_be_between",
        "expect_compound_columns_to_be_unique",
        "expect_multicolumn_values_to_be_unique",
    ),
    # Values of a row, and figures of a column, that have to agree with each other or with those before.
    "consistency": (
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_decreasing",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_not_be_outliers",
        "expect_column_mean_to_be_between",
        "expect_column_median_to_be_between",
        "expect_column_sum_to_be_between",
        "expect_column_stdev_to_be_between",
        "expect_column_quantile_values_to_be_between",
        "expect_column_most_common_value_to_be_in_set",
        "expect_column_kl_divergence_to_be_less_than",
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_in_set",
        "expect_select_column_values_to_be_unique_within_record",
        "expect_multicolumn_sum_to_equal",
        "expect_multicolumn_sum_to_equal_column",
        "expect_multicolumn_values_to_be_equal",
        "expect_column_values_to_be_determined_by_columns",
        "expect_condition_to_imply_condition",
        "unexpected_rows_expectation",
    ),
    "timeliness": ("expect_column_max_to_be_recent",),
    # What stands in another table, and how the table itself is built.
    "integrity": (
        "expect_column_values_to_be_in_other_table",
        "expect_compound_columns_to_be_in_other_table",
        "expect_table_row_count_to_equal_other_table",
        "expect_query_results_to_match_comparison",
        "expect_table_column_count_to_be_between",
        "expect_table_column_count_to_equal",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
    ),
}
_OF: dict[str, Dimension] = {type_: name for name, types in _TYPES.items() for type_ in types}


def dimension(type_: str) -> Dimension:
    """The dimension of a rule's type; what a single value may be is its validity."""
    return _OF.get(type_, "validity")
