"""Cron expressions: what is accepted runs in Dagster, what is refused says which field is wrong."""

from __future__ import annotations

import random

import pytest

from aifirst_dagster.pipelines.cron import ALIASES, problem


@pytest.mark.parametrize(
    "expression", ["* * * * *", "*/5 0-6,22 L * *", "0 6 1,15 jan-mar MON-fri", "0 0 * * 7", *ALIASES]
)
def test_usual_expressions_pass(expression):
    assert problem(expression) is None


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "has 5 fields, '' has 0"), ("* * * *", "has 4"), ("0 0 * * * *", "has 6"),
        ("60 * * * *", "60 is no minute"),
        ("* * 0 * *", "0 is no day of month"), ("* * * foo *", "'foo' is no month"), ("* * * * 5-1", "runs backwards"),
        ("*/0 * * * *", "must lie from 1"), ("@dayly", "no cron alias"), ("0 0 31 feb *", "never comes"),
        ("1-2-3 * * * *", "'1-2-3' is no minute"), ("* * * * ,", "is no day of week"), ("@reboot", "no cron alias"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(expression, said):
    assert said in (problem(expression) or "")


def test_whatever_passes_here_passes_in_dagster():
    from dagster._utils.schedules import is_valid_cron_schedule

    chance = random.Random(7)
    parts = [
        "*",
        "0",
        "5",
        "12",
        "31",
        "59",
        "1-5",
        "3-3",
        "*/2",
        "0-10/3",
        "5/15",
        "1,2",
        "jan",
        "mon",
        "L",
        "7",
        "6-7",
        "#",
        "x",
        "2",
    ]
    passed = 0
    for _ in range(3000):
        expression = " ".join(chance.choice(parts) for _ in range(5))
        if problem(expression) is None:
            passed += 1
            assert is_valid_cron_schedule(expression), expression
    assert passed > 100
    assert all(is_valid_cron_schedule(alias) for alias in ALIASES)
