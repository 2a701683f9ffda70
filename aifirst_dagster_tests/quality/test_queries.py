"""Rules with a query of their own see their tables, and nothing else."""

import duckdb
import pytest

from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.rules import Rule


@pytest.fixture
def con():
    with duckdb.connect() as session:
        session.execute("CREATE TABLE t AS SELECT i AS id, i % 2 AS odd, 'f' AS _source FROM range(6) r(i)")
        session.execute("CREATE TABLE o AS SELECT i AS id FROM range(1, 7) r(i)")
        yield session


def rows(con, query, **more):
    rule = Rule(type="unexpected_rows_expectation", kwargs={"unexpected_rows_query": query, **more})
    (result,) = evaluate(con, "t", [rule])
    return result


def test_rows_that_the_query_finds_are_unexpected(con):
    result = rows(con, "SELECT * FROM {batch} WHERE id > 3;")
    assert (result.success, result.unexpected_count, result.observed_value) == (False, 2, "2 unexpected rows")
    assert result.unexpected_list == [{"id": 4, "odd": 0}, {"id": 5, "odd": 1}]
    assert rows(con, "SELECT * FROM {batch} WHERE id > 9").observed_value == "0 unexpected rows"
    assert rows(con, "SELECT id FROM {batch}", row_condition="id == 2").observed_value == "1 unexpected row"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM o",
        "DROP TABLE t",
        "SELECT 1; SELECT 2",
        "SELECT getenv('HOME') FROM {batch}",
        "SELECT * FROM {batch} WHERE",
        "SELECT * FROM {table}",
        "SELECT '{' FROM {batch}",
    ],
)
def test_a_query_that_reaches_further_is_not_run(con, query):
    result = rows(con, query)
    assert result.success is None and result.error
    assert con.execute("SELECT count(*) FROM t").fetchall() == [(6,)]


def test_two_queries_give_the_same_rows(con):
    def compared(base, comparison, **more):
        kwargs = {"base_query": base, "comparison_data_source_name": "o", "comparison_query": comparison, **more}
        rule = Rule(type="expect_query_results_to_match_comparison", kwargs=kwargs)
        (result,) = evaluate(con, "t", [rule], others=lambda name: name)
        assert result.error is None
        return result.success, result.unexpected_count

    assert compared("SELECT count(*) FROM {batch}", "SELECT count(*) FROM o") == (True, 0)
    assert compared("SELECT id FROM {batch}", "SELECT id FROM {batch}") == (False, 1)
    assert compared("SELECT id FROM {batch}", "SELECT id FROM {batch}", mostly=0.8) == (True, 1)
    assert compared("SELECT odd FROM {batch}", "SELECT id % 2 FROM {batch}") == (True, 0)
    assert compared("SELECT id FROM {batch}", "SELECT id, id FROM {batch}") == (False, 6)
    assert compared("SELECT id::VARCHAR FROM {batch}", "SELECT id FROM {batch}") == (False, 6)
