"""Expectation types that Great Expectations lacks, named in its manner."""

from __future__ import annotations

from aifirst_dagster.quality.expectations import kinds
from aifirst_dagster.quality.expectations.kinds import Kwarg


def own(rows: dict[str, Kwarg], mostly: dict[str, Kwarg]) -> dict[str, dict[str, Kwarg]]:
    """The types with their arguments; `rows` are those of a row condition, `mostly` that of the share."""
    column = {"column": Kwarg(kinds.text, required=True, nullable=False)}
    listed = {"column_list": Kwarg(kinds.named, required=True, nullable=False)}
    other = {"other_table_name": Kwarg(kinds.text, required=True, nullable=False)}
    condition = Kwarg(kinds.condition, required=True, nullable=False)
    ignored = kinds.one_of("all_values_are_missing", "any_value_is_missing", "never")
    return {
        "expect_column_values_to_be_determined_by_columns": {**column, **listed, **rows, **mostly},
        "expect_condition_to_imply_condition": {
            "if_condition": condition, "then_condition": condition, **rows, **mostly
        },
        "expect_column_values_to_be_in_other_table": {
            **column, **other, "other_column_name": Kwarg(kinds.text), **rows, **mostly
        },
        "expect_compound_columns_to_be_in_other_table": {
            **listed, **other, "other_column_list": Kwarg(kinds.named), **rows, **mostly
        },
        "expect_column_max_to_be_recent": {
            **column, "max_age": Kwarg(kinds.span, required=True, nullable=False), "as_of": Kwarg(kinds.point), **rows
        },
        "expect_column_values_to_have_no_gaps": {
            **column, "step": Kwarg(kinds.pace, nullable=False, default=1), "group_by": Kwarg(kinds.named),
            **rows, **mostly,
        },
        "expect_multicolumn_sum_to_equal_column": {
            **listed, **column, "tolerance": Kwarg(kinds.positive, nullable=False, default=0),
            "ignore_row_if": Kwarg(ignored, default="any_value_is_missing"), **rows, **mostly,
        },
    }  # fmt: skip
