"""Both engines give the same verdict, counts and values for every type that both judge."""

import duckdb
import pytest

from aifirst_dagster.quality.engines import duckdb as ours
from aifirst_dagster.quality.engines import great_expectations as theirs
from aifirst_dagster.quality.expectations.vocabulary import OWN, VOCABULARY
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster_tests.quality.cases import RULES, TABLE
from aifirst_dagster_tests.quality.random_rules import ARGUMENTS


@pytest.fixture(scope="module")
def results():
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t AS {TABLE}")
        mine = ours.evaluate(con, "t", RULES, examples=0)
        return mine, theirs.evaluate_relation(con, "t", RULES, examples=0)


def plain(value):
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if value is None or isinstance(value, str | bool):
        return str(value).replace(" ", "T").removesuffix("T00:00:00") if value and str(value)[:2] == "20" else value
    try:
        return pytest.approx(float(value))
    except (TypeError, ValueError):
        return value.isoformat().removesuffix("T00:00:00")


@pytest.mark.parametrize("place", range(len(RULES)), ids=[f"{rule.type}-{rule.id}" for rule in RULES])
def test_engines_agree(results, place):
    mine, gx = results[0][place], results[1][place]
    assert (mine.success, mine.unexpected_count) == (gx.success, gx.unexpected_count)
    assert bool(mine.error) == bool(gx.error)
    if mine.error is None:
        assert mine.evaluated == gx.evaluated
        assert plain(mine.observed_value) == plain(gx.observed_value)
        assert str(plain(mine.unexpected_list)) == str(plain(gx.unexpected_list))


def test_the_cases_cover_every_type_that_both_engines_judge():
    only_ours = {  # Great Expectations judges these in SQL databases only
        "expect_column_values_to_match_like_pattern",
        "expect_column_values_to_not_match_like_pattern",
        "expect_column_values_to_match_like_pattern_list",
        "expect_column_values_to_not_match_like_pattern_list",
        "expect_table_row_count_to_equal_other_table",
        "expect_query_results_to_match_comparison",
        "unexpected_rows_expectation",
        "expect_column_type_to_be",
        "expect_multicolumn_values_to_be_unique",
    }
    assert {rule.type for rule in RULES} | set(ARGUMENTS) == ours.SUPPORTED - only_ours - set(OWN)


def test_every_type_is_judged_by_the_duckdb_engine():
    assert set(VOCABULARY) == ours.SUPPORTED


def test_great_expectations_says_of_our_own_types_that_it_has_them_not():
    rule = Rule(type="expect_column_values_to_have_no_gaps", kwargs={"column": "n"})
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS n")
        (result,) = theirs.evaluate_relation(con, "t", [rule])
    assert result.success is None and "--engine duckdb" in result.error


def test_two_rules_about_quantiles_of_one_column_do_not_get_each_other_s_figures():
    rules = [
        Rule(id=str(place), type="expect_column_quantile_values_to_be_between",
             kwargs={"column": "n", "quantile_ranges": {"quantiles": places, "value_ranges": [[0, 9]] * len(places)}})
        for place, places in enumerate([[0.5], [0.0, 1.0], [0.0, 0.5]])
    ]  # fmt: skip
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT unnest([1, 2, 3]) AS n")
        results = theirs.evaluate_relation(con, "t", rules)
    assert [result.observed_value["values"] for result in results] == [[2], [1, 3], [1, 2]]
