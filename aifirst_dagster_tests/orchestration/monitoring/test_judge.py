"""What counts as degraded: judged on a dataset's own history, and the same however often it is looked at."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from aifirst_dagster.orchestration.monitoring.judge import judge
from aifirst_dagster.pipelines.monitoring import Monitoring
from aifirst_dagster_tests.orchestration.monitoring.histories import BEGIN, measure, scores

STEADY = [0.98, 0.97, 0.98, 0.99, 0.98, 0.97, 0.98, 0.98]
WANTED = Monitoring()


def test_a_fall_beyond_the_spread_is_degraded_since_its_first_version():
    found = judge(scores([*STEADY, 0.8, 0.81, 0.79]), WANTED)["score"]
    assert found is not None
    assert (found.since.version, found.newest.version) == ("v0008", "v0010")
    assert found.usual.median == pytest.approx(0.98)
    assert found.usual.versions == 8
    assert found.value == 0.79


def test_what_recovered_is_not_degraded():
    assert judge(scores([*STEADY, 0.8, 0.98]), WANTED)["score"] is None


def test_too_little_history_is_not_judged():
    assert "score" not in judge(scores([0.9, 0.9, 0.9, 0.9, 0.1]), WANTED)
    assert judge([], WANTED) == {}


def test_a_version_without_the_figure_is_not_judged_and_others_do_not_count_it():
    assert "score" not in judge(scores([*STEADY, None]), WANTED)
    assert judge(scores([*STEADY[:4], None, *STEADY[4:], 0.7]), WANTED)["score"] is not None


def test_a_change_too_small_to_matter_is_none_however_steady_the_past():
    assert judge(scores([1.0] * 10 + [0.985]), WANTED)["score"] is None
    assert judge(scores([1.0] * 10 + [0.979]), WANTED)["score"] is not None
    assert judge(scores([1.0] * 10 + [0.985]), Monitoring(score_drop=0.01))["score"] is not None


def test_a_restless_past_allows_more():
    restless = [0.9, 0.7, 0.95, 0.75, 0.85, 0.92, 0.72, 0.8]
    assert judge(scores([*restless, 0.6]), WANTED)["score"] is None


def test_one_bad_version_in_the_past_changes_nothing():
    assert judge(scores([*STEADY, 0.2, *STEADY, 0.8]), WANTED)["score"] is not None


def test_a_trouble_does_not_become_normal_until_it_has_lasted_as_long_as_is_compared():
    wanted = Monitoring(history=10)
    found = judge(scores([0.98] * 10 + [0.8] * 9), wanted)["score"]
    assert found is not None
    assert found.since.version == "v0010"
    assert judge(scores([0.98] * 10 + [0.8] * 10), wanted)["score"] is None
    assert judge(scores([0.98] * 10 + [0.8] * 10 + [0.6]), wanted)["score"] is not None


def test_what_a_person_accepted_is_the_new_normal():
    history = scores([*STEADY, *[0.8] * 5])
    accepted = {"score": BEGIN + timedelta(days=8)}
    assert "score" not in judge(history, WANTED, accepted)
    assert judge([*history, measure(13, score=0.8)], WANTED, accepted)["score"] is None
    assert judge([*history, measure(13, score=0.5)], WANTED, accepted)["score"] is not None


def test_cost_and_duration_count_from_a_factor_and_a_least_change():
    past = [measure(number, cost_usd=0.05, seconds=100) for number in range(8)]
    assert judge([*past, measure(8, cost_usd=0.14, seconds=149)], WANTED) == {
        "quarantine": None, "cost": None, "duration": None
    }  # fmt: skip
    found = judge([*past, measure(8, cost_usd=0.2, seconds=200)], WANTED)
    assert found["cost"] is not None
    assert found["duration"] is not None
    free = [measure(number) for number in range(8)]
    assert judge([*free, measure(8, cost_usd=0.5, seconds=59)], WANTED)["cost"] is not None


def test_a_step_may_take_longer_for_more_rows_but_not_for_fewer():
    past = [measure(number, seconds=100) for number in range(8)]
    assert judge([*past, measure(8, seconds=1_000, rows_in=10_000)], WANTED)["duration"] is None
    assert judge([*past, measure(8, seconds=3_000, rows_in=10_000)], WANTED)["duration"] is not None
    assert judge([*past, measure(8, seconds=300, rows_in=10)], WANTED)["duration"] is not None


def test_rows_set_aside_are_a_share():
    past = [measure(number, quarantined=10) for number in range(8)]
    assert judge([*past, measure(8, quarantined=100, rows_in=10_000)], WANTED)["quarantine"] is None
    assert judge([*past, measure(8, quarantined=20, failed=20)], WANTED)["quarantine"] is not None


def test_what_nobody_wants_to_hear_of_is_not_judged():
    history = scores([*STEADY, 0.1])
    assert "score" not in judge(history, Monitoring(ignore=("score",)))
    assert judge(history, Monitoring(enabled=False)) == {}


def test_false_alarms_are_rare_on_a_history_that_only_varies():
    chance = random.Random(5)
    alarms = looks = 0
    for _ in range(12):
        values = [min(1.0, chance.gauss(0.9, 0.03)) for _ in range(60)]
        for upto in range(25, 60):
            alarms += judge(scores(values[:upto]), WANTED)["score"] is not None
            looks += 1
    assert alarms / looks < 0.005
