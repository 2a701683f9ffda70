"""Types of our own: what holds, what breaks, what missing values mean, and which rows are to blame."""

from datetime import date

import duckdb
import pytest

from aifirst_dagster.quality.engines.duckdb import evaluate, violations
from aifirst_dagster.quality.rules import Rule

TABLE = """SELECT * FROM (VALUES
    (1, '10', 'Bern', 'open',   5, 2.0,  3.0,  5.0,  DATE '2024-01-01'),
    (2, '10', 'Bern', 'closed', 0, 0.1,  0.2,  0.3,  DATE '2024-01-02'),
    (3, '10', 'Biel', 'closed', 7, 1.0,  1.0,  3.0,  DATE '2024-01-05'),
    (6, '20', 'Chur', NULL,     1, NULL, 1.0,  9.0,  NULL),
    (6, NULL, 'Chur', 'open',   1, 1.0,  1.0,  NULL, DATE '2024-01-05')
) v(id, zip, city, status, total, a, b, whole, day)"""


@pytest.fixture
def con():
    with duckdb.connect() as session:
        session.execute(f"CREATE TABLE t AS {TABLE}")
        session.execute("CREATE TABLE places AS SELECT unnest(['10', '30', NULL]) AS code, 'Bern' AS city")
        yield session


def one(con, type_, **kwargs):
    (result,) = evaluate(con, "t", [Rule(type=f"expect_{type_}", kwargs=kwargs)], examples=0, others=lambda name: name)
    return result


def counts(result):
    assert result.error is None
    return result.success, result.evaluated, result.unexpected_count


def test_a_value_that_its_determinants_do_not_settle_is_found(con):
    result = one(con, "column_values_to_be_determined_by_columns", column="city", column_list=["zip"])
    assert counts(result) == (False, 4, 1)  # the row without a zip says nothing
    assert result.unexpected_list == [{"zip": "10", "city": "Biel"}]
    assert counts(one(con, "column_values_to_be_determined_by_columns", column="city", column_list=["zip", "id"]))[0]
    assert counts(
        one(con, "column_values_to_be_determined_by_columns", column="city", column_list=["zip"], mostly=0.75)
    )[0]


def test_of_values_that_are_as_common_the_least_counts_as_usual(con):
    con.execute("CREATE OR REPLACE TABLE t AS SELECT 1 AS k, unnest(['b', 'a', 'b', 'a', 'c']) AS v")
    result = one(con, "column_values_to_be_determined_by_columns", column="v", column_list=["k"])
    assert counts(result) == (False, 5, 3)
    assert sorted(row["v"] for row in result.unexpected_list) == ["b", "b", "c"]


def test_a_condition_implies_another(con):
    result = one(con, "condition_to_imply_condition", if_condition="status == 'closed'", then_condition="total == 0")
    assert counts(result) == (False, 2, 1)
    assert result.unexpected_list[0]["id"] == 3
    assert counts(one(con, "condition_to_imply_condition", if_condition="id > 99", then_condition="total == 0")) == (
        True, 0, 0,
    )  # fmt: skip


def test_a_conclusion_about_a_missing_value_does_not_hold(con):
    result = one(con, "condition_to_imply_condition", if_condition="id == 6", then_condition="status == 'open'")
    assert counts(result) == (False, 2, 1)


def test_values_exist_in_another_table(con):
    asked = {"column": "zip", "other_table_name": "places", "other_column_name": "code"}
    result = one(con, "column_values_to_be_in_other_table", **asked)
    assert counts(result) == (False, 4, 1) and result.unexpected_list == ["20"]
    pairs = one(
        con, "compound_columns_to_be_in_other_table",
        column_list=["zip", "city"], other_table_name="places", other_column_list=["code", "city"],
    )  # fmt: skip
    assert counts(pairs) == (False, 4, 2)
    assert pairs.unexpected_list == [{"zip": "10", "city": "Biel"}, {"zip": "20", "city": "Chur"}]


@pytest.mark.parametrize(
    ("kwargs", "why"),
    [
        ({"column": "zip", "other_table_name": "nowhere"}, "cannot be read"),
        ({"column": "zip", "other_table_name": "places"}, "no column 'zip'"),
        ({"column": "id", "other_table_name": "places", "other_column_name": "code"}, "cannot be compared"),
    ],
)
def test_what_cannot_be_compared_says_why(con, kwargs, why):
    result = one(con, "column_values_to_be_in_other_table", **kwargs)
    assert result.success is None and why in result.error


def test_without_other_tables_a_rule_about_one_is_not_judged(con):
    rule = Rule(type="expect_table_row_count_to_equal_other_table", kwargs={"other_table_name": "places"})
    (result,) = evaluate(con, "t", [rule])
    assert result.success is None and "places" in result.error


def test_row_counts_of_two_tables_are_compared(con):
    result = one(con, "table_row_count_to_equal_other_table", other_table_name="places")
    assert (result.success, result.observed_value) == (False, {"self": 5, "other": 3})


@pytest.mark.parametrize(
    ("max_age", "as_of", "success"),
    [
        ("1 day", "2024-01-06", True),
        ("1 hour", "2024-01-06T02:00:00", False),
        ("1 hour", "2024-01-05T23:00:00", True),  # a date stands for its whole day
        ("2 days", "2024-01-07T23:59:00+00:00", True),
        ("1 quarter", "2024-03-31", True),
    ],
)
def test_the_newest_value_is_recent(con, max_age, as_of, success):
    result = one(con, "column_max_to_be_recent", column="day", max_age=max_age, as_of=as_of)
    assert (result.success, result.observed_value) == (success, date(2024, 1, 5))


def test_no_values_are_not_recent(con):
    result = one(con, "column_max_to_be_recent", column="day", max_age="1 day", row_condition="id == 99")
    assert (result.success, result.evaluated) == (False, 0)
    old = one(con, "column_max_to_be_recent", column="day", max_age="30 days")
    assert old.success is False


def test_gaps_in_a_sequence_are_found(con):
    result = one(con, "column_values_to_have_no_gaps", column="id")
    assert counts(result) == (False, 4, 1)  # the number that is there twice is no gap
    assert result.unexpected_list == [{"last": 3, "next": 6}]
    assert counts(one(con, "column_values_to_have_no_gaps", column="id", step=3))[0]
    days = one(con, "column_values_to_have_no_gaps", column="day", step="1 day")
    assert days.unexpected_list == [{"last": date(2024, 1, 2), "next": date(2024, 1, 5)}]
    assert counts(one(con, "column_values_to_have_no_gaps", column="day", step="1 month"))[0]
    assert counts(one(con, "column_values_to_have_no_gaps", column="id", group_by=["city"])) == (True, 4, 0)


def test_parts_add_up(con):
    result = one(con, "multicolumn_sum_to_equal_column", column="whole", column_list=["a", "b"])
    assert counts(result) == (False, 3, 1)
    assert [row["whole"] for row in result.unexpected_list] == [3]
    assert counts(one(con, "multicolumn_sum_to_equal_column", column="whole", column_list=["a", "b"], tolerance=1))[0]
    assert counts(
        one(con, "multicolumn_sum_to_equal_column", column="whole", column_list=["a", "b"], ignore_row_if="never")
    ) == (False, 5, 3)


def test_binary_fractions_add_up_as_people_add(con):
    con.execute("CREATE OR REPLACE TABLE t AS SELECT 0.1::DOUBLE AS a, 0.2::DOUBLE AS b, 0.3::DOUBLE AS c")
    assert one(con, "multicolumn_sum_to_equal_column", column="c", column_list=["a", "b"]).success


@pytest.mark.parametrize(
    ("type_", "kwargs", "argument"),
    [
        ("column_max_to_be_recent", {"column": "day", "max_age": "soon"}, "max_age"),
        ("column_max_to_be_recent", {"column": "day", "max_age": "0 days"}, "max_age"),
        ("column_values_to_have_no_gaps", {"column": "id", "step": 0}, "step"),
        ("column_values_to_have_no_gaps", {"column": "id", "steps": 1}, "steps"),
        ("column_values_to_be_determined_by_columns", {"column": "id", "column_list": []}, "column_list"),
        ("multicolumn_sum_to_equal_column", {"column": "a", "column_list": ["b"], "tolerance": -1}, "tolerance"),
    ],
)
def test_wrong_arguments_are_named(type_, kwargs, argument):
    with pytest.raises(ValueError, match=argument):
        Rule(type=f"expect_{type_}", kwargs=kwargs)


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("column_values_to_be_determined_by_columns", {"column": "city", "column_list": ["city"]}),
        ("multicolumn_sum_to_equal_column", {"column": "a", "column_list": ["a", "b"]}),
        ("multicolumn_sum_to_equal_column", {"column": "a", "column_list": ["city"]}),
        ("column_values_to_have_no_gaps", {"column": "city"}),
        ("column_values_to_have_no_gaps", {"column": "day", "step": 2}),
        ("column_values_to_have_no_gaps", {"column": "id", "step": "1 day"}),
        ("column_max_to_be_recent", {"column": "id", "max_age": "1 day"}),
        ("condition_to_imply_condition", {"if_condition": "nix == 1", "then_condition": "id == 1"}),
    ],
)
def test_rules_that_mean_nothing_here_are_not_judged(con, type_, kwargs):
    assert one(con, type_, **kwargs).success is None


@pytest.mark.parametrize(
    "rule",
    [
        Rule(
            type="expect_column_values_to_be_determined_by_columns", kwargs={"column": "city", "column_list": ["zip"]}
        ),
        Rule(
            type="expect_column_values_to_be_in_other_table",
            kwargs={"column": "zip", "other_table_name": "places", "other_column_name": "code"},
        ),
        Rule(type="expect_multicolumn_sum_to_equal_column", kwargs={"column": "whole", "column_list": ["a", "b"]}),
        Rule(type="expect_column_value_z_scores_to_be_less_than",
             kwargs={"column": "id", "threshold": 1, "double_sided": True}),
        Rule(type="expect_column_values_to_match_regex", kwargs={"column": "city", "regex": "^(?!B)"}),
    ],
)  # fmt: skip
def test_the_rows_that_break_a_rule_can_be_set_aside(con, rule):
    (result,) = evaluate(con, "t", [rule], others=lambda name: name)
    broken = violations(rule, con, "t", lambda name: name)
    assert con.execute(f"SELECT count(*) FROM t WHERE {broken}").fetchall()[0][0] == result.unexpected_count > 0
