"""What is normal for a dataset, by its earlier versions: limits as wide as they vary, like compared with like."""

from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pytest

from aifirst_dagster.quality.drift import Baseline, Past, baseline, compare
from aifirst_dagster.quality.drift.history import LEAST, reference, without
from aifirst_dagster.quality.drift.sketch import merged

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as session:
        session.execute("SET threads = 1")
        yield session


def made(con, seed, rows=400, mean=0.0, like=None, closed=0.2):
    random = np.random.default_rng(seed)
    given = {"value": random.normal(mean, 1, rows), "state": np.where(random.random(rows) < closed, "closed", "open")}
    columns = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in (("value", "DOUBLE"), ("state", "VARCHAR")))
    con.execute(f"CREATE OR REPLACE TEMP TABLE given AS SELECT {columns}", [one.tolist() for one in given.values()])
    return baseline(con, "given", like=like)


def days(con, count, mean=lambda day: 0.0):
    """One version a day, from a Monday on."""
    base = made(con, 0, mean=mean(0))
    later = [made(con, day, mean=mean(day), like=base) for day in range(1, count)]
    return [Past(sketch, MONDAY + timedelta(days=day)) for day, sketch in enumerate([base, *later])]


def kinds(history, new, at):
    report = compare(history[0].sketch, new, history=history, at=at)
    return {one.kind for one in report.findings}, report


def test_limits_are_as_wide_as_deliveries_differ(con):
    steady = days(con, 14)
    wandering = days(con, 14, mean=lambda day: [0.0, 0.4, -0.3, 0.2, -0.4][day % 5])
    now = MONDAY + timedelta(days=14)
    for history, expected in ((steady, {"distribution"}), (wandering, set())):
        found, report = kinds(history, made(con, 99, mean=0.45, like=history[0].sketch), now)
        assert found == expected, report.insight
        far, _ = kinds(history, made(con, 98, mean=4.0, like=history[0].sketch), now)
        assert "distribution" in far


def test_rows_are_judged_by_what_is_usual_on_that_weekday():
    sizes = [(40 if day % 7 == 6 else 400) + day % 4 for day in range(56)]
    history = [Past(Baseline(rows=rows), MONDAY + timedelta(days=day)) for day, rows in enumerate(sizes)]
    sunday, monday = MONDAY + timedelta(days=62), MONDAY + timedelta(days=56)
    assert kinds(history, Baseline(rows=41), sunday)[0] == set()
    found, report = kinds(history, Baseline(rows=41), monday)
    assert found == {"volume"} and report.baseline.text == "8 earlier versions of a Monday"
    assert "41 rows, where 400 to 403 are usual" in report.insight


def test_with_little_history_the_baseline_alone_is_compared_with(con):
    history = days(con, LEAST - 1)
    assert reference(history, MONDAY) is None
    report = compare(history[0].sketch, made(con, 50, like=history[0].sketch), history=history)
    assert report.baseline.kind == "file" and not report.drifted


def test_the_rest_of_a_merged_sketch_is_what_the_others_merge_to(con):
    past = [one.sketch for one in days(con, 4)]
    rest = without(merged(past), past[1])
    others = merged([past[0], past[2], past[3]])
    assert rest.rows == others.rows
    for one, other in zip(rest.columns, others.columns, strict=True):
        assert (one.count, one.nulls, one.spread, one.tally) == (other.count, other.nulls, other.spread, other.tally)


def test_a_sketch_is_small_and_the_same_after_it_was_kept(con):
    base = made(con, 1, 5000)
    later = made(con, 2, 5000, like=base)
    packed = later.pack(base)
    assert Baseline.unpack(packed, base) == later
    assert len(packed) < 700
    assert Baseline.of_stored(base.stored()) == base
    assert Baseline.of_stored({"rows": 1, "columns": []}) is None, "a form that is not ours is no baseline"
