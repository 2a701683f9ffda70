"""What each type says, and what a missing value is to it; the table of docs/expectations.md is made from this."""

from __future__ import annotations

SKIPPED = "not judged"
COUNTED = "judged"
OUT = "left out of the figure"
ROWS = "`ignore_row_if`: rows with all (pairs: both) missing"
NONE = "-"

C = "expect_column_"
MEANINGS: dict[str, dict[str, tuple[str, str]]] = {
    "Each value of a column": {
        f"{C}values_to_not_be_null": ("There is a value.", COUNTED),
        f"{C}values_to_be_null": ("There is none.", COUNTED),
        f"{C}values_to_be_unique": ("No other row has the value.", SKIPPED),
        f"{C}values_to_be_between": ("It lies between `min_value` and `max_value` (`strict_*`: not on them).", SKIPPED),
        f"{C}values_to_be_in_set": ("It is in `value_set`. A set of texts says nothing of numbers.", SKIPPED),
        f"{C}values_to_not_be_in_set": ("It is not in `value_set`.", SKIPPED),
        f"{C}values_to_match_regex": ("`regex` is found in its text (anywhere: anchor it with `^` and `$`).", SKIPPED),
        f"{C}values_to_not_match_regex": ("`regex` is not found in it.", SKIPPED),
        f"{C}values_to_match_regex_list": ("Any (`match_on: all`: each) of `regex_list` is found.", SKIPPED),
        f"{C}values_to_not_match_regex_list": ("None of `regex_list` is found.", SKIPPED),
        f"{C}values_to_match_like_pattern": ("SQL's LIKE: `%` is any text, `_` one character.", SKIPPED),
        f"{C}values_to_not_match_like_pattern": ("The LIKE pattern does not fit.", SKIPPED),
        f"{C}values_to_match_like_pattern_list": ("Any (or all) of the LIKE patterns fit.", SKIPPED),
        f"{C}values_to_not_match_like_pattern_list": ("None of the LIKE patterns fits.", SKIPPED),
        f"{C}values_to_match_strftime_format": ("Python's `strptime` reads the text in `strftime_format`.", SKIPPED),
        f"{C}values_to_be_dateutil_parseable": ("dateutil reads the text as a date or time.", SKIPPED),
        f"{C}values_to_be_json_parseable": ("Python's `json` reads the text.", SKIPPED),
        f"{C}values_to_match_json_schema": ("The text is JSON that fits `json_schema`; no JSON is an error.", SKIPPED),
        f"{C}value_lengths_to_be_between": ("Its text has so many characters.", SKIPPED),
        f"{C}value_lengths_to_equal": ("Its text has `value` characters.", SKIPPED),
        f"{C}values_to_be_increasing": ("It is not below (`strictly`: above) the one before it in the table.", SKIPPED),
        f"{C}values_to_be_decreasing": ("It is not above (`strictly`: below) the one before it.", SKIPPED),
        f"{C}value_z_scores_to_be_less_than": ("It is less than `threshold` deviations above the mean.", SKIPPED),
        f"{C}values_to_not_be_outliers": ("It lies within `multiplier` times the spread (`iqr`, `std`).", SKIPPED),
        f"{C}values_to_be_of_type": ("The column is of `type_`: a name of Python, NumPy, pandas or DuckDB.", NONE),
        f"{C}values_to_be_in_type_list": ("The column is of one of `type_list`.", NONE),
    },
    "A figure of a column": {
        f"{C}min_to_be_between": ("The least value.", OUT),
        f"{C}max_to_be_between": ("The greatest value.", OUT),
        f"{C}mean_to_be_between": ("The mean.", OUT),
        f"{C}median_to_be_between": ("The median.", OUT),
        f"{C}sum_to_be_between": ("The sum; 0 where there is no value.", OUT),
        f"{C}stdev_to_be_between": ("The standard deviation of a sample.", OUT),
        f"{C}quantile_values_to_be_between": ("Each of the quantiles in its range.", OUT),
        f"{C}unique_value_count_to_be_between": ("How many different values.", OUT),
        f"{C}proportion_of_unique_values_to_be_between": ("Different values as a share of those there.", OUT),
        f"{C}proportion_of_non_null_values_to_be_between": ("Rows with a value as a share of all.", COUNTED),
        f"{C}distinct_values_to_be_in_set": ("No value outside of `value_set`.", OUT),
        f"{C}distinct_values_to_contain_set": ("Each of `value_set` is there.", OUT),
        f"{C}distinct_values_to_equal_set": ("Just the values of `value_set`.", OUT),
        f"{C}most_common_value_to_be_in_set": ("The mode is in `value_set` (`ties_okay`: one of them).", OUT),
        f"{C}kl_divergence_to_be_less_than": ("How far the distribution is from `partition_object`.", OUT),
    },
    "Several columns of a row": {
        f"{C}pair_values_to_be_equal": ("`column_A` equals `column_B`.", ROWS),
        f"{C}pair_values_a_to_be_greater_than_b": ("`column_A` is greater (`or_equal`: or the same).", ROWS),
        f"{C}pair_values_to_be_in_set": ("The pair is in `value_pairs_set`; null stands for a missing value.", ROWS),
        "expect_compound_columns_to_be_unique": ("No other row has the same values; missing ones are alike.", ROWS),
        "expect_select_column_values_to_be_unique_within_record": ("The columns differ from each other.", ROWS),
        "expect_multicolumn_values_to_be_unique": ("The former name of the one above.", ROWS),
        "expect_multicolumn_values_to_be_equal": ("The columns are the same.", ROWS),
        "expect_multicolumn_sum_to_equal": ("The columns add up to `sum_total`; with one missing they do not.", ROWS),
    },
    "The table": {
        "expect_column_to_exist": ("There is the column (at `column_index`, from 0).", NONE),
        "expect_column_type_to_be": ("The column is of `type_`.", NONE),
        "expect_table_row_count_to_be_between": ("So many rows.", NONE),
        "expect_table_row_count_to_equal": ("`value` rows.", NONE),
        "expect_table_row_count_to_equal_other_table": ("As many rows as another dataset.", NONE),
        "expect_table_column_count_to_be_between": ("So many columns.", NONE),
        "expect_table_column_count_to_equal": ("`value` columns.", NONE),
        "expect_table_columns_to_match_ordered_list": ("Just these columns, in this order.", NONE),
        "expect_table_columns_to_match_set": ("These columns (`exact_match: false`: and others).", NONE),
    },
    "Queries": {
        "unexpected_rows_expectation": ("The query over `{batch}` finds no row.", "as the query says"),
        "expect_query_results_to_match_comparison": (
            "A query here and one on another dataset give the same rows.", "alike"
        ),
    },
    "Of our own": {
        f"{C}values_to_be_determined_by_columns": (
            "Functional dependency: rows alike in `column_list` have one value in `column`. Unexpected are those that "
            "differ from the most common one.",
            "rows with a value or determinant missing: not judged",
        ),
        "expect_condition_to_imply_condition": (
            "Rows that meet `if_condition` meet `then_condition`.", "a comparison with a missing value is not met"
        ),
        f"{C}values_to_be_in_other_table": (
            "Reference: the value stands in `other_column_name` (default: the same name) of another dataset.", SKIPPED
        ),
        "expect_compound_columns_to_be_in_other_table": (
            "Reference by several columns; `other_column_list` in the same order.", "rows with any missing: not judged"
        ),
        f"{C}max_to_be_recent": (
            "Freshness: the newest value is at most `max_age` ('36 hours', '2 days') before now, or `as_of`. A date "
            "stands for its whole day.",
            "left out; without any value it is not recent",
        ),
        f"{C}values_to_have_no_gaps": (
            "Sequence: sorted, each value comes at most `step` (1, '1 day') after the one before it, within "
            "`group_by`. Repeats are no gap; what is listed is the `last` value before and the `next` after each gap.",
            SKIPPED,
        ),
        "expect_multicolumn_sum_to_equal_column": (
            "Sum of parts: `column_list` adds up to `column`, within `tolerance`.",
            "`ignore_row_if`: rows with any missing",
        ),
    },
}  # fmt: skip
