"""Uniqueness in tables too large to be grouped at once: the count is exact, whichever way it is found."""

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.rules import Rule

ROWS = 30_000
LATE = f"CASE WHEN i >= {ROWS} - 2 THEN 12345 ELSE i END"  # the last two rows and row 12345 share a value
MANY = f"CASE WHEN i >= {ROWS} - 4000 THEN i - 4000 ELSE i END"  # 4000 values are there twice


@pytest.fixture
def con():
    with connect() as session:
        yield session


def judged(con, value, *names, examples=20, **more):
    """The result of the rule that no two rows share `value` (SQL over i, 0 to ROWS - 1), or the columns `names`."""
    con.execute(f"CREATE OR REPLACE TABLE t AS SELECT {value}, i AS _source_line FROM range({ROWS}) r(i)")
    rule = (
        Rule(type="expect_compound_columns_to_be_unique", kwargs={"column_list": list(names), **more})
        if names
        else Rule(type="expect_column_values_to_be_unique", kwargs={"column": "v", **more})
    )
    (result,) = evaluate(con, "t", [rule], examples)
    assert result.error is None
    return result


@pytest.mark.parametrize(
    "value",
    [
        "i AS v",
        "-i AS v",
        "(i * 1000003)::BIGINT AS v",
        "(i - 15000)::SMALLINT AS v",
        "i::USMALLINT AS v",
        "(18446744073709551615 - i)::UBIGINT AS v",
        "(170141183460469231731687303715884105727 - i)::HUGEINT AS v",
        "(9223372036854775807 - i)::BIGINT AS v",
        "i / 7 AS v",
        "'key ' || i AS v",
        "DATE '1970-01-01' + i::INTEGER AS v",
        "[i, 1] AS v",
        "nullif(i, 5) AS v",
    ],
)
def test_values_that_all_differ_are_unique(con, value):
    result = judged(con, value)
    assert (result.success, result.unexpected_count) == (True, 0)
    assert result.evaluated == ROWS - (value == "nullif(i, 5) AS v")


@pytest.mark.parametrize("form", ["{}", "({} * 1000003)::BIGINT", "'key ' || {}", "({})::DOUBLE", "[{}, 1]"])
def test_a_value_that_repeats_far_down_is_counted_and_shown(con, form):
    result = judged(con, f"{form.format(f'({LATE})')} AS v")
    assert (result.success, result.evaluated, result.unexpected_count) == (False, ROWS, 3)
    shown = con.execute(f"SELECT {form.format('(12345::BIGINT)')}").fetchall()[0][0]
    assert result.unexpected_list == [shown] * 3


@pytest.mark.parametrize("form", ["{}", "'key ' || {}"])
def test_thousands_of_repeats_are_counted_exactly(con, form):
    result = judged(con, f"{form.format(f'({MANY})')} AS v", examples=2)
    assert (result.evaluated, result.unexpected_count) == (ROWS, 8000)
    assert len(result.unexpected_list) == 2


def test_missing_values_are_no_repeats(con):
    assert judged(con, "CASE WHEN i % 3 = 0 THEN 'key ' || i END AS v").success
    assert judged(con, "CASE WHEN i % 3 = 0 THEN i END AS v").evaluated == ROWS / 3


def test_a_condition_chooses_the_rows_that_must_differ(con):
    chosen = {"row_condition": f"place < {ROWS - 2}", "condition_parser": "pandas"}
    for form in ("{}", "'key ' || {}"):
        value = f"{form.format(f'({LATE})')} AS v, i AS place"
        assert not judged(con, value).success
        assert judged(con, value, **chosen).success


def test_rows_that_share_several_columns_are_found(con):
    assert judged(con, "i // 2 AS a, i % 2 AS b", "a", "b").success
    result = judged(con, f"({LATE}) // 2 AS a, ({LATE}) % 2 AS b", "a", "b")
    assert result.unexpected_count == 3
    assert [list(row.values()) for row in result.unexpected_list] == [[6172, 1]] * 3


def test_none_are_looked_for_where_no_examples_are_asked(con):
    result = judged(con, f"'key ' || ({LATE}) AS v", examples=None)
    assert (result.unexpected_count, result.unexpected_list) == (3, [])
