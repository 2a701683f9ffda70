"""Each kind of change that has a finding of its own: found where it is planted, and nowhere else."""

import duckdb
import pytest

from aifirst_dagster.quality.drift import Thresholds, baseline, compare


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as session:
        session.execute("SELECT setseed(0.3)")
        session.execute("SET threads = 1")
        session.execute("""CREATE TABLE orders AS SELECT i AS id, 'ab-' || (1000 + i) AS code, 100 + 10 * z AS amount,
            2 * z + random() AS score, CASE WHEN random() < 0.5 THEN 'x' ELSE 'y' END AS kind,
            TIMESTAMP '2026-01-01' + INTERVAL 1 MINUTE * i AS made
            FROM (SELECT i, sqrt(-2 * ln(1 - random())) * cos(6.283 * random()) AS z FROM range(2000) r(i))""")
        yield session


def findings(con, new: str, **options):
    before = baseline(con, "orders")
    report = compare(before, baseline(con, new, like=before), **options)
    return {(one.kind, *one.columns): one.text for one in report.findings}


def test_a_correlation_that_turned_with_equal_marginals_is_joint_drift(con):
    turned = "(SELECT * EXCLUDE (score), (SELECT max(score) + min(score) FROM orders) - score AS score FROM orders)"
    found = findings(con, turned)
    assert ("joint", "amount", "score") in found
    assert "went from 0.9" in found["joint", "amount", "score"] and "to -0.9" in found["joint", "amount", "score"]


def test_rows_that_came_twice_and_keys_that_repeat_are_findings(con):
    found = findings(con, "(FROM orders UNION ALL FROM orders WHERE id < 200)")
    assert "9.1%" in found["duplicates",]
    assert ("cardinality", "code") in findings(
        con, "(SELECT * REPLACE ('ab-' || (1000 + id % 500) AS code) FROM orders)"
    )


def test_texts_of_another_form_and_of_the_same_length_are_a_finding(con):
    found = findings(con, "(SELECT * REPLACE (replace(code, '-', '/') AS code) FROM orders)")
    assert list(found) == [("format", "code")] and "'a/9'" in found["format", "code"]


def test_a_few_values_in_another_unit_are_out_of_range(con):
    found = findings(
        con, "(SELECT * REPLACE (CASE WHEN id % 100 = 0 THEN amount * 100 ELSE amount END AS amount) FROM orders)"
    )
    assert list(found) == [("range", "amount")] and "1.0% of values are above" in found["range", "amount"]


def test_later_dates_are_none_between_deliveries_and_older_ones_are_a_finding(con):
    later = "(SELECT * REPLACE (made + INTERVAL 30 DAY AS made) FROM orders)"
    assert ("distribution", "made") in findings(con, later)
    assert not findings(con, later, deliveries=True)
    earlier = "(SELECT * REPLACE (made - INTERVAL 30 DAY AS made) FROM orders)"
    assert list(findings(con, earlier, deliveries=True)) == [("freshness", "made")]


def test_rows_may_differ_unless_a_factor_is_set(con):
    tenth = "(FROM orders USING SAMPLE 200 ROWS (reservoir, 3))"
    assert ("volume",) not in findings(con, tenth)
    assert ("volume",) in findings(con, tenth, thresholds=Thresholds(volume=5))


@pytest.mark.parametrize("names", ['"a ""b"" \n"', '"x\'; DROP TABLE orders; --"'])
def test_hostile_names_and_texts_are_data(con, names):
    text = "'it''s; \"quoted\" [1,2] ' || chr(10) || (i % 3)"
    made = f"(SELECT {text} AS {names}, NULL AS nothing, [1, 2] AS list FROM range(50) r(i))"
    before = baseline(con, made)
    report = compare(before, baseline(con, made, like=before))
    assert not report.drifted and len(report.columns) == 3
    assert compare(before, baseline(con, f"(FROM {made} LIMIT 1)", like=before)).rows == (50, 1)
