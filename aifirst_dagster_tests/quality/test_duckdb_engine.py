"""The DuckDB engine on tables of every unkind shape."""

import duckdb
import pytest

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.quality.engines.duckdb import evaluate, violations
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster_tests.quality.cases import RULES, TABLE


@pytest.fixture
def con():
    with duckdb.connect() as session:
        yield session


def rule(type_, **kwargs):
    return Rule(type=f"expect_{type_}", kwargs=kwargs)


def one(con, relation, type_, **kwargs):
    (result,) = evaluate(con, relation, [rule(type_, **kwargs)])
    return result


def test_a_rule_that_cannot_be_judged_leaves_the_others_be(con):
    con.execute("CREATE TABLE t AS SELECT i AS id, 'x' AS s FROM range(10) r(i)")
    rules = [
        rule("column_values_to_be_unique", column="id"),
        rule("column_values_to_match_regex", column="s", regex="("),
        rule("column_values_to_match_strftime_format", column="id", strftime_format="%Y"),
        rule("column_values_to_be_between", column="Id", min_value=1),
        rule("column_mean_to_be_between", column="s", min_value=1),
        rule("column_values_to_match_json_schema", column="s", json_schema={"type": "object"}),
        rule("column_values_to_not_be_null", column="s"),
    ]
    results = evaluate(con, "t", rules)
    assert [result.success for result in results] == [True, None, None, None, None, None, True]
    assert "holds BIGINT" in results[2].error and "JSONDecodeError" in results[5].error
    assert "Did you mean 'id'" in results[3].error
    assert all(result.error for result in results[1:6])


@pytest.mark.parametrize("name", ['a"b', "a'b", "a\nb", "select", "a; DROP TABLE t; --", "ü", " ", "f0", "v"])
def test_any_column_name_works(con, name):
    con.execute(f"CREATE TABLE t AS SELECT * FROM (VALUES ('x''y'), ('x''y'), (NULL)) v({ident(name)})")
    rules = [
        rule("column_values_to_be_unique", column=name),
        rule("column_values_to_not_be_null", column=name),
        rule("column_values_to_be_in_set", column=name, value_set=["it's", '"'], row_condition=f"`{name}` != 'q'")
        if "\n" not in name
        else rule("column_values_to_be_in_set", column=name, value_set=["it's"]),
        rule("column_values_to_match_regex", column=name, regex="'"),
        rule("compound_columns_to_be_unique", column_list=[name, name]),
    ]
    results = evaluate(con, "t", rules)
    assert [result.unexpected_count for result in (results[0], results[1], results[3], results[4])] == [2, 1, 0, 2]
    assert results[0].unexpected_list == ["x'y", "x'y"]


@pytest.mark.parametrize("rows", ["WHERE FALSE", "LIMIT 1"])
def test_empty_and_one_row_tables_are_judged(con, rows):
    con.execute(f"CREATE TABLE t AS SELECT * FROM ({TABLE}) {rows}")
    results = evaluate(con, "t", RULES)
    assert len(results) == len(RULES)
    expected = {"min_value 5", "both missing"}
    assert expected and all(result.success is not None or result.error for result in results)


def test_a_column_without_values_is_not_judged_by_rules_about_values(con):
    con.execute("CREATE TABLE t AS SELECT NULL::DOUBLE AS a FROM range(3)")
    result = one(con, "t", "column_values_to_be_between", column="a", min_value=1)
    assert (result.success, result.evaluated, result.unexpected_count) == (True, 0, 0)
    assert one(con, "t", "column_values_to_not_be_null", column="a").unexpected_list == [None] * 3
    assert one(con, "t", "column_mean_to_be_between", column="a", min_value=0).success is False


def test_not_a_number_is_no_value(con):
    con.execute("CREATE TABLE t AS SELECT * FROM (VALUES (1.0::DOUBLE), ('nan'), (NULL)) v(a)")
    assert one(con, "t", "column_values_to_not_be_null", column="a").unexpected_count == 2
    assert one(con, "t", "column_values_to_be_between", column="a", max_value=1).evaluated == 1


def test_the_median_of_decimals_may_have_more_places_than_they(con):
    con.execute("CREATE TABLE t AS SELECT unnest([-1.5, 0.25]::DECIMAL(9, 2)[]) AS m")
    assert one(con, "t", "column_median_to_be_between", column="m", max_value=-0.625).observed_value == -0.625


def test_examples_come_in_the_order_of_rows_and_are_cut(con):
    con.execute("CREATE TABLE t AS SELECT 'v' || i AS s FROM range(1000) r(i)")
    bad = rule("column_values_to_match_regex", column="s", regex="^w")
    assert evaluate(con, "t", [bad], examples=3)[0].unexpected_list == ["v0", "v1", "v2"]
    assert len(evaluate(con, "t", [bad], examples=0)[0].unexpected_list) == 1000
    assert evaluate(con, "t", [bad])[0].unexpected_count == 1000


def test_few_distinct_values_are_judged_alike(con):
    """A column that repeats itself takes another path; counts and examples are the same."""
    con.execute("CREATE TABLE t AS SELECT CASE i % 4 WHEN 3 THEN NULL ELSE 'v' || i % 4 END AS s FROM range(4000) r(i)")
    con.execute("CREATE TABLE u AS SELECT s, i AS x FROM t, range(1) r(i) LIMIT 7")
    result = one(con, "t", "column_values_to_match_regex", column="s", regex="[01]")
    assert (result.evaluated, result.unexpected_count, result.unexpected_list[:2]) == (3000, 1000, ["v2", "v2"])
    small = one(con, "u", "column_values_to_match_regex", column="s", regex="[01]")
    assert (small.evaluated, small.unexpected_count) == (6, 2)


def test_hidden_columns_are_no_part_of_the_table(con):
    con.execute("CREATE TABLE t AS SELECT 1 AS a, 'f' AS _source, 1 AS _source_line, NULL AS _raw")
    assert one(con, "t", "table_columns_to_match_set", column_set=["a"]).success is True
    assert one(con, "t", "table_column_count_to_equal", value=1).success is True


def test_a_muted_rule_is_evaluated_and_a_rejected_one_is_not(con):
    con.execute("CREATE TABLE t AS SELECT 1 AS a")
    rules = [
        rule("column_to_exist", column="a").model_copy(update={"status": s}) for s in ("active", "muted", "rejected")
    ]
    assert [result.status for result in evaluate(con, "t", rules)] == ["active", "muted"]


def test_violations_pick_the_rows_that_break_a_rule(con):
    con.execute(f"CREATE TABLE t AS {TABLE}")
    for result in evaluate(con, "t", RULES, examples=0):
        condition = violations(result, con, "t")
        if condition is None or result.error:
            continue
        rows = con.execute(f"SELECT count(*) FROM t WHERE {condition}").fetchall()[0][0]
        assert rows == result.unexpected_count, result.type


def test_rules_about_figures_and_order_name_no_row(con):
    con.execute("CREATE TABLE t AS SELECT 1 AS a")
    for type_ in ("column_mean_to_be_between", "column_values_to_be_increasing"):
        assert violations(rule(type_, column="a"), con, "t") is None
    assert violations(rule("column_values_to_be_unique", column="b"), con, "t") is None


@pytest.mark.parametrize(
    ("condition", "parser", "rows"),
    [
        ("id>1&id<4", "pandas", 2),
        ("id == 1 or colour == 'red'", "pandas", 2),
        ("~(id > 1) | n.isnull()", "pandas", 2),
        ("`id` in [1, 2, 9]", "pandas", 2),
        ("colour != 'red'", "pandas", 4),
        ('col("id") >= 5', "great_expectations", 2),
        ('col("n").notNull()', "great_expectations", 5),
        ("1 < id <= 3", "pandas", 2),
        ("id == [1, 2, 9]", "pandas", 2),
        ("id % 2 == 0 and id + 1 > 3", None, 2),
        ("colour.str.startswith('r')", "pandas", 3),
        ("colour.str.contains('^r|n$') and colour.str.len() < 4", "pandas", 2),
        ("colour.isin(['red'])", "pandas", 2),
        ('col("d") > date("2024-02-01")', "great_expectations", 2),
        ({"type": "comparison", "column": {"name": "id"}, "operator": ">", "parameter": 4}, None, 2),
    ],
)
def test_row_conditions_choose_the_rows(con, condition, parser, rows):
    con.execute(f"CREATE TABLE t AS {TABLE}")
    result = one(con, "t", "table_row_count_to_equal", value=rows, row_condition=condition, condition_parser=parser)
    assert (result.success, result.observed_value) == (True, rows)


@pytest.mark.parametrize(
    "condition",
    ["__import__('os').system('ls')", "id == (SELECT 1)", "id == 1; DROP TABLE t", "lambda: 1", "", "id + 1"],
)
def test_a_row_condition_can_do_nothing_but_compare(con, condition):
    con.execute(f"CREATE TABLE t AS {TABLE}")
    result = one(con, "t", "table_row_count_to_equal", value=1, row_condition=condition, condition_parser="pandas")
    assert result.success is None and "row_condition" in result.error
    assert con.execute("SELECT count(*) FROM t").fetchall() == [(6,)]


def test_a_row_that_a_rule_is_not_about_cannot_make_it_fail(con):
    con.execute("CREATE TABLE t AS SELECT * FROM (VALUES ('[1]', TRUE), ('no json', FALSE)) v(s, wanted)")
    arguments = {"column": "s", "json_schema": {"type": "array"}}
    result = one(con, "t", "column_values_to_match_json_schema", **arguments, row_condition="wanted == True")
    assert (result.success, result.evaluated) == (True, 1)
    assert "JSONDecodeError" in one(con, "t", "column_values_to_match_json_schema", **arguments).error
