"""Quoting that no name and no value gets out of, and a fair share of the machine."""

from __future__ import annotations

import math

import pytest

from aifirst_dagster.datasets.session import connect, ident, literal

HOSTILE = ['a"b', "a'b", "a\nb", '"; DROP TABLE t; --', "select", " ", "ä€日", "a;b", "\\", "$1", "?", "{{x}}", "%s"]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_a_column(name):
    with connect() as con:
        con.execute(f"CREATE TABLE t AS SELECT 1 AS {ident(name)}")
        assert [row[0] for row in con.execute("DESCRIBE t").fetchall()] == [name]


@pytest.mark.parametrize("value", [*HOSTILE, "", None, True, False, 0, -(2**63), 2**100, 1.5, 1e300, 0.1, -0.0])
def test_any_value_comes_back(value):
    with connect() as con:
        (found,) = con.execute(f"SELECT {literal(value)}").fetchone()
    assert (float(found) if isinstance(value, float) else found) == value
    assert isinstance(found, bool) == isinstance(value, bool)


def test_numbers_that_are_none_come_back():
    with connect() as con:
        found = con.execute(f"SELECT {literal(math.inf)}, {literal(-math.inf)}, {literal(math.nan)}").fetchone()
    assert found[:2] == (math.inf, -math.inf)
    assert math.isnan(found[2])


def test_a_session_keeps_to_its_share_and_downloads_nothing(monkeypatch):
    def limit() -> float:
        with connect() as con:
            text = con.execute("SELECT current_setting('memory_limit')").fetchone()[0]
            assert con.execute("SELECT current_setting('autoinstall_known_extensions')").fetchone() == (False,)
            assert con.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)
        number, unit = text.split()
        return float(number) * {"MiB": 1, "GiB": 1024}[unit]

    monkeypatch.setenv("AIFIRST_CONCURRENT_RUNS", "1")
    alone = limit()
    monkeypatch.setenv("AIFIRST_CONCURRENT_RUNS", "2")
    assert limit() <= alone / 2 * 1.05
