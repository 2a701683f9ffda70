"""What columns of a table have to do with each other."""

from datetime import date, timedelta

import pytest

from aifirst_dagster.inference.file import infer_relation
from aifirst_dagster_tests.inference.tables import session

CITIES = {"Paris": "FR", "Lyon": "FR", "Berlin": "DE", "Bonn": "DE", "Rome": "IT"}


def found(columns, times=1):
    """(columns, kind) of every relationship of a table."""
    schema = infer_relation(session(columns, times), "source", list(columns))
    return {(*one.columns, one.kind) for one in schema.relationships}


def spread(size=60):
    """Numbers that follow no pattern."""
    return [(at * 7919 + 13) % 997 for at in range(size)]


def test_a_dependency_that_a_few_rows_break_is_reported_with_its_error():
    towns = list(CITIES) * 60
    countries = [CITIES[town] for town in towns]
    countries[7] = "XX"
    table = {"town": towns, "country": countries, "n": [str(at % 11) for at in range(300)]}
    schema = infer_relation(session(table), "source", list(table))
    (one,) = schema.relationships
    assert (one.columns, one.kind, one.rows) == (["town", "country"], "nearly_determines", 300)
    assert one.error == pytest.approx(1 / 300, abs=1e-4)
    assert "but 1 " in one.evidence


def test_what_follows_through_another_column_is_left_out():
    towns = list(CITIES) * 12
    land = [CITIES[town] for town in towns]
    table = {"town": towns, "land": land, "side": ["east" if each == "DE" else "west" for each in land]}
    assert found(table) == {("town", "land", "determines"), ("land", "side", "determines")}


def test_keys_and_constants_determine_nothing_worth_saying():
    table = {"id": [str(at) for at in range(60)], "kind": ["a"] * 60, "name": [f"n{at}" for at in range(60)]}
    assert found(table) == set()


def test_two_columns_together_fix_a_third():
    rows = [(shop, item, f"{shop}-{item}"[::-1]) for shop in "abcd" for item in "wxyz"] * 5
    table = dict(zip(("shop", "item", "shelf"), map(list, zip(*rows, strict=True)), strict=True))
    table["shelf"] = [str(sum(map(ord, each)) * 31 % 23) for each in table["shelf"]]
    assert ("shop", "item", "shelf", "determines") in found(table)


def test_of_pairs_that_fix_a_column_the_one_that_the_others_follow_from_is_told():
    numbers = spread(400)
    shops = [f"shop {number % 9}" for number in numbers]
    regions = [f"region {number % 9 % 3}" for number in numbers]
    items = [f"item {number // 9 % 7}" for number in numbers]
    prices = [str(sum(map(ord, region + item)) * 31 % 83) for region, item in zip(regions, items, strict=True)]
    related = found({"shop": shops, "region": regions, "item": items, "price": prices})
    assert ("shop", "region", "determines") in related
    assert {frozenset(one) for one in related if one[-2] == "price"} == {
        frozenset(("region", "item", "price", "determines"))
    }


@pytest.mark.parametrize(
    ("kind", "inputs", "make"),
    [
        ("sum", ("a", "b"), lambda a, b: a + b),
        ("product", ("a", "b"), lambda a, b: a * b),
        ("difference", ("a", "b"), lambda a, b: a - b),
        ("ratio", ("a", "b"), lambda a, b: round(a / b, 3)),
        ("factor", ("a",), lambda a, _: round(a * 2.54, 2)),
        ("linear", ("a",), lambda a, _: round(a * 1.8 + 32, 1)),
    ],
)
def test_numbers_that_follow_from_others(kind, inputs, make):
    left, right = [value + 2 for value in spread()], [value % 41 + 2 for value in reversed(spread())]
    made = [make(a, b) for a, b in zip(left, right, strict=True)]
    table = {"a": list(map(str, left)), "b": list(map(str, right)), "out": list(map(str, made))}
    assert (*inputs, "out", kind) in found(table)


def test_a_sum_of_many_columns():
    parts = {f"q{at}": [str((value * at) % 83) for value in spread()] for at in (3, 5, 7, 11)}
    total = [str(sum(map(int, row))) for row in zip(*parts.values(), strict=True)]
    assert (*parts, "total", "sum") in found({**parts, "total": total})


def test_numbers_that_merely_look_alike_are_not_related():
    table = {"a": list(map(str, spread())), "b": [str(value % 3) for value in spread()], "c": ["1", "2"] * 30}
    assert found(table) == set()


def test_texts_that_follow_from_others():
    first = ["Ann", "Bob", "Cy", "Di", "Ed", "Flo"] * 10
    last = ["Smith", "Lee", "Poe", "Ray", "Fox"] * 12
    table = {
        "first": first,
        "last": last,
        "whole": [f"{b}, {a}" for a, b in zip(first, last, strict=True)],
        "mail": [f"{a}.{b}@{b}.org".lower() for a, b in zip(first, last, strict=True)],
        "loud": [each.upper() for each in last],
        "domain": [f"{b}.org".lower() for b in last],
        "initials": [each[:2] for each in first],
    }
    seen = found(table)
    assert {
        ("last", "first", "whole", "concatenation"),
        ("last", "loud", "same_text"),
        ("mail", "domain", "part"),
        ("first", "initials", "prefix"),
    } <= seen


def test_parts_of_dates_and_days_between_them():
    days = [date(2020, 1, 1) + timedelta(days=value) for value in spread()]
    later = [day + timedelta(days=at % 9) for at, day in enumerate(days)]
    table = {
        "ordered": [day.isoformat() for day in days],
        "shipped": [day.isoformat() for day in later],
        "waited": [str((b - a).days) for a, b in zip(days, later, strict=True)],
        "weekday": [day.strftime("%A") for day in days],
        "month": [str(day.month) for day in days],
    }
    assert {
        ("ordered", "shipped", "waited", "date_difference"),
        ("ordered", "weekday", "date_part"),
        ("ordered", "month", "date_part"),
    } <= found(table)


@pytest.mark.parametrize(
    "table",
    [
        {"a": [], "b": []},
        {"a": ["1"], "b": ["2"]},
        {"a": [None] * 20, "b": [None] * 20},
        {"a": ["x"] * 20},
        {"t0": ["1", "2"] * 20, 'r0"; DROP TABLE source; --': ["1", "2"] * 20, "n\nv": ["x", "y"] * 20},
    ],
)
def test_tables_with_nothing_to_find_are_no_trouble(table):
    found(table)


def test_a_very_wide_table_takes_bounded_time():
    table = {f"c{at}": [str((row * at) % 7) for row in range(30)] for at in range(400)}
    assert len(infer_relation(session(table), "source", list(table)).relationships) <= 60
