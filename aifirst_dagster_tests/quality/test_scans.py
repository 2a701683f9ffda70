"""A hundred rules take a handful of scans, however they are mixed."""

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster_tests.quality.cases import RULES, TABLE


class Counting:
    """A session that remembers what it was asked."""

    def __init__(self, con):
        self.con, self.asked = con, []

    def execute(self, sql, *more):
        self.asked.append(sql)
        return self.con.execute(sql, *more)

    def __getattr__(self, name):
        return getattr(self.con, name)


@pytest.fixture
def con():
    with connect() as session:
        session.execute(f"CREATE TABLE t AS {TABLE}")
        yield Counting(session)


def test_a_hundred_rules_about_values_and_figures_take_one_scan_and_one_for_what_fails(con):
    rules = [
        Rule(id=f"{kind}-{number}", type=f"expect_column_{kind}", kwargs={"column": "n", **kwargs})
        for number in range(20)
        for kind, kwargs in (
            ("values_to_not_be_null", {"mostly": number / 100}),
            ("values_to_be_between", {"min_value": number}),
            ("mean_to_be_between", {"max_value": number}),
            ("values_to_match_regex", {"regex": f"^{number}"}),
            ("max_to_be_between", {"max_value": number}),
        )
    ]
    assert len(evaluate(con, "t", rules, examples=0)) == 100
    assert len([sql for sql in con.asked if sql.startswith("SELECT")]) <= 3


def test_rules_about_one_column_s_distinct_values_share_a_scan(con):
    rules = [
        Rule(id=str(n), type="expect_column_unique_value_count_to_be_between", kwargs={"column": "n", "min_value": n})
        for n in range(30)
    ]
    evaluate(con, "t", rules, examples=None)
    assert len([sql for sql in con.asked if sql.startswith("SELECT")]) == 1


def test_outliers_and_scores_of_all_columns_take_two_scans(con):
    rules = [
        Rule(id=f"{column}-{n}", type="expect_column_values_to_not_be_outliers",
             kwargs={"column": column, "multiplier": n, "method": method})
        for column in ("id", "n", "f", "down") for n in (1, 2, 3) for method in ("iqr", "std")
    ]  # fmt: skip
    evaluate(con, "t", rules, examples=None)
    assert len([sql for sql in con.asked if sql.startswith("SELECT")]) == 2


def test_rules_of_every_type_take_fewer_scans_than_there_are_rules(con):
    evaluate(con, "t", RULES, examples=None)
    assert len([sql for sql in con.asked if sql.startswith("SELECT")]) < len(RULES) / 2
