"""Drift: few alarms where nothing changed, and each kind of change noticed and worded."""

import duckdb
import pytest

from aifirst_dagster.quality.drift import Baseline, Thresholds, baseline, compare


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as session:
        session.execute("SELECT setseed(0.5)")
        session.execute("SET threads = 1")
        session.execute("""CREATE TABLE people AS SELECT i AS id,
            'Person ' || i || repeat('x', (random() * 9)::INT) AS name,
            CASE WHEN random() < 0.65 THEN 'male' ELSE 'female' END AS sex, 1 + floor(random() * 3)::INT AS class,
            CASE WHEN random() < 0.2 THEN NULL ELSE round(80 * random() * random(), 1) END AS age,
            exp(3 + sqrt(-2 * ln(1 - random())) * cos(6.283 * random())) AS fare,
            CASE WHEN random() < 0.77 THEN NULL ELSE 'C' || floor(random() * 150)::INT END AS cabin,
            DATE '1912-04-01' + (random() * 300)::INT AS day, random() AS order_ FROM range(891) r(i)""")
        yield session


def report(con, new, base="people", **limits):
    before = baseline(con, base)
    return compare(before, baseline(con, new, like=before), Thresholds(**limits))


def column(report_, name):
    return next(one for one in report_.columns if one.name == name)


def test_random_halves_of_a_small_table_do_not_drift(con):
    alarms = 0
    for seed in range(20):
        half = "(SELECT * EXCLUDE (id, order_) FROM people WHERE hash(id, {seed}) % 2 = {side})"
        alarms += report(con, half.format(seed=seed, side=1), half.format(seed=seed, side=0)).drifted
    assert alarms <= 1


def test_the_same_table_does_not_drift(con):
    found = report(con, "people")
    assert not found.drifted and found.insight.startswith("Nothing changed")
    assert all(one.statistic is None or one.statistic < 1e-9 for one in found.columns)


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ("age * 1.5 AS age", "age", "median"),
        ("CASE WHEN id % 5 = 0 THEN NULL ELSE fare END AS fare", "fare", "missing values went from 0.0% to 20"),
        ("CASE WHEN id % 2 = 0 THEN 'male' ELSE sex END AS sex", "sex", "share of"),
        ("CASE WHEN id % 20 = 0 THEN 'unknown' ELSE sex END AS sex", "sex", "'unknown'"),
        ("NULL::DOUBLE AS age", "age", "all values are missing"),
        ("(day + INTERVAL 200 DAY)::DATE AS day", "day", "median went from 1912"),
        ("name || repeat('y', 20) AS name", "name", "median length"),
    ],
)
def test_each_kind_of_change_is_noticed_and_worded(con, change, name, words):
    found = report(con, f"(SELECT * REPLACE ({change}) FROM people)")
    assert found.drifted and column(found, name).drifted
    assert words in found.insight
    assert [one.name for one in found.columns if one.drifted] == [name]


def test_schema_changes_are_listed(con):
    found = report(con, "(SELECT * EXCLUDE (cabin) REPLACE (age::VARCHAR AS age), 1 AS extra FROM people)")
    changes = {change["column"]: change for change in found.to_dict()["schema_changes"]}
    assert changes["cabin"]["change"] == "removed" and changes["extra"]["change"] == "added"
    assert (changes["age"]["from"], changes["age"]["to"]) == ("DOUBLE", "VARCHAR")


def test_whole_numbers_in_a_number_column_are_no_schema_change(con):
    assert not report(con, "(SELECT 1::BIGINT AS a)", "(SELECT 1::DOUBLE AS a)").schema_changes


@pytest.mark.parametrize("empty", ["base", "new", "both"])
def test_an_empty_table_is_a_finding_never_a_crash(con, empty):
    none = "(SELECT * FROM people WHERE FALSE)"
    found = report(con, none if empty != "base" else "people", none if empty != "new" else "people")
    assert found.drifted is (empty != "both")
    assert found.insight


def test_one_new_row_does_not_drift(con):
    assert not report(con, "(SELECT * FROM people LIMIT 1)").drifted


def test_a_baseline_is_small_and_survives_json(con):
    sketch = baseline(con, "people")
    text = sketch.model_dump_json()
    assert len(text) < 40_000
    assert Baseline.model_validate_json(text) == sketch
