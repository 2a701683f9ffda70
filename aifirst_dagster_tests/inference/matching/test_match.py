"""Columns of two tables are matched by what their names and their values say together; made columns fill gaps."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference import infer
from aifirst_dagster.inference.matching.facts import KEPT, Facts, gather
from aifirst_dagster.inference.matching.match import Matching, match
from aifirst_dagster.inference.matching.measures import conversion
from aifirst_dagster.inference.matching.values import compare
from aifirst_dagster.inference.schema import Column


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return connect()


def facts(con: duckdb.DuckDBPyConnection, table: str, sql: str) -> list[Facts]:
    """A table made by `sql`, and the facts of its columns as inference sees them."""
    con.execute(f"CREATE OR REPLACE TABLE {table} AS {sql}")
    described = con.execute(f"DESCRIBE {table}").fetchall()
    native = {row[0]: row[1] for row in described if row[1] != "VARCHAR"}
    columns = infer.propose(con, table, [row[0] for row in described], native)
    return gather(con, table, [column.model_copy(update={"name": column.source_name}) for column in columns])


def matched(con: duckdb.DuckDBPyConnection, source: str, target: str, **options: Any) -> Matching:
    return match(con, "s", facts(con, "s", source), facts(con, "t", target), **options)


def pairs(found: Matching) -> dict[str, list[str]]:
    return {one.target: one.sources for one in found.used}


PEOPLE = """SELECT 'P' || i AS {id}, ['Anna', 'Bob', 'Carla', 'Dan'][1 + i % 4] AS {first},
    ['Smith', 'Meyer', 'Lopez'][1 + i % 3] AS {last}, DATE '1950-01-01' + (i * 37)::INTEGER AS {born},
    ['red', 'green', 'blue'][1 + i % 3] AS {colour}, (i * 13 % 97) + 0.5 AS {score} FROM range({rows}) r(i)"""


def people(**names: str) -> str:
    plain = {name: name for name in ("id", "first", "last", "born", "colour", "score")}
    return PEOPLE.format(**{"rows": "200", **plain, **names})


def test_names_that_say_nothing_are_matched_by_their_values(con) -> None:
    found = matched(con, people(id="a", first="b", last="c", born="d", colour="e", score="f"), people())

    assert pairs(found) == {"id": ["a"], "first": ["b"], "last": ["c"], "born": ["d"], "colour": ["e"], "score": ["f"]}
    assert all("its values are known" in one.why or "spread" in one.why for one in found.used)


def test_a_name_that_the_values_deny_loses_to_a_column_that_holds_them(con) -> None:
    source = "SELECT ['open', 'closed', 'held'][1 + i % 3] AS status FROM range(90) r(i)"
    target = """SELECT ['ok', 'broken'][1 + i % 2] AS status, ['open', 'closed', 'held'][1 + i % 3] AS ticket_state
        FROM range(90) r(i)"""

    assert pairs(matched(con, source, target)) == {"ticket_state": ["status"]}


def test_each_target_is_filled_once_and_a_column_that_is_beaten_says_by_whom(con) -> None:
    source = "SELECT i AS price, i AS price_old FROM range(50) r(i)"
    found = matched(con, source, "SELECT i AS price FROM range(50) r(i)")

    assert pairs(found) == {"price": ["price"]}
    (beaten,) = [one for one in found.found if one.filled_by is not None]
    assert (beaten.sources, beaten.filled_by) == (["price_old"], "price")


def test_what_does_not_map_is_told_on_both_sides_with_the_nearest(con) -> None:
    found = matched(con, people(), "SELECT 'x' AS zzz, 1 AS colour_code", least=0.6)

    assert set(found.unmatched_target) == {"zzz", "colour_code"} and "id" in found.unmatched_source
    assert found.unmatched_target["colour_code"][0][0] == "colour"


def test_a_whole_name_is_taken_apart_where_the_target_has_two(con) -> None:
    source = "SELECT ['Anna Maria Smith', 'Bob Lee', 'Carla Diaz'][1 + i % 3] AS full_name FROM range(30) r(i)"
    found = matched(con, source, "SELECT 'Anna' AS first_name, 'Lee' AS surname")

    made = {one.target: one for one in found.used}
    assert made["first_name"].sources == made["surname"].sources == ["full_name"]
    row = con.execute(f"SELECT {made['first_name'].expression}, {made['surname'].expression} FROM s LIMIT 1").fetchone()
    assert row == ("Anna Maria", "Smith")


def test_names_are_put_together_where_the_target_has_one(con) -> None:
    found = matched(con, people(first="first_name", last="last_name"), "SELECT 'Anna Smith' AS full_name, 'P1' AS id")

    (whole,) = [one for one in found.used if one.target == "full_name"]
    assert whole.sources == ["first_name", "last_name"]
    assert con.execute(f"SELECT {whole.expression} FROM s LIMIT 1").fetchone() == ("Anna Smith",)


def test_year_month_and_day_make_a_date_and_a_date_gives_its_year(con) -> None:
    apart = "SELECT 2000 + i % 20 AS order_year, 1 + i % 12 AS order_month, 1 + i % 28 AS order_day FROM range(60) r(i)"
    whole = "SELECT DATE '2001-01-01' + i::INTEGER AS order_date FROM range(60) r(i)"

    (made,) = [one for one in matched(con, apart, whole).used if one.target == "order_date"]
    assert made.sources == ["order_year", "order_month", "order_day"]
    assert str(con.execute(f"SELECT {made.expression} FROM s LIMIT 1").fetchone()[0]) == "2000-01-01"
    assert matched(con, whole, "SELECT 2001 AS order_year").used[0].expression == 'year("order_date")'


def test_a_moment_gives_its_date_and_its_time(con) -> None:
    source = "SELECT TIMESTAMP '2024-01-03 10:15:00' + INTERVAL (i) HOUR AS order_ts FROM range(30) r(i)"
    target = "SELECT DATE '2024-01-03' AS order_date, TIME '10:15:00' AS order_time"
    made = {one.target: one.expression for one in matched(con, source, target).used}

    assert made["order_date"] == 'CAST("order_ts" AS DATE)'
    assert made["order_time"] in ('CAST("order_ts" AS TIME)', None)


def test_a_part_that_does_not_come_out_of_the_rows_is_not_used(con) -> None:
    source = "SELECT ['Cher', 'Madonna', 'Prince', 'A B'][1 + i % 4] AS full_name FROM range(40) r(i)"
    found = matched(con, source, "SELECT 'A' AS first_name, 'B' AS last_name")

    assert not any("regexp" in (one.expression or "") for one in found.used)


def test_pieces_between_separators_are_matched_by_the_targets_values(con) -> None:
    whole = "SELECT ['Oslo; NO', 'Rome; IT', 'Bern; CH'][1 + i % 3] AS place FROM range(60) r(i)"
    apart = "SELECT split_part(place, '; ', 1) AS town, split_part(place, '; ', 2) AS ctry"
    source, target = whole, f"{apart} FROM ({whole})"
    made = {one.target: one for one in matched(con, source, target).used}

    row = con.execute(f"SELECT {made['town'].expression}, {made['ctry'].expression} FROM s LIMIT 1").fetchone()
    assert row == ("Oslo", "NO")


def test_categories_are_spelled_as_the_target_does_and_what_it_does_not_know_is_told(con) -> None:
    source = "SELECT ['M', 'F', 'X?'][1 + (i % 7) // 3] AS sex FROM range(70) r(i)"
    (one,) = matched(con, source, "SELECT ['male', 'female'][1 + i % 2] AS gender FROM range(20) r(i)").used

    assert "does not know 'X?'" in one.why
    values = dict(con.execute(f"SELECT DISTINCT sex, {one.expression} FROM s").fetchall())
    assert values == {"M": "male", "F": "female", "X?": "X?"}, "what is not known stays as it is"


def test_units_that_both_sides_state_are_converted() -> None:
    assert conversion("cm", "m") == (0.01, 0) and conversion("m", "m") is None and conversion("kg", "m") is None
    factor, offset = conversion("°f", "°c") or (0, 0)
    assert round(212 * factor + offset, 6) == 100


def test_stated_units_make_an_expression(con) -> None:
    target = "SELECT 1.5 + i / 100 AS height_m FROM range(30) r(i)"
    found = matched(con, "SELECT 150 + i AS height_cm FROM range(30) r(i)", target)

    assert found.used[0].expression == '"height_cm" / 100.0' and "cm to m" in found.used[0].why


def test_big_columns_are_compared_by_the_same_part_of_their_values(con) -> None:
    left, right = (
        facts(con, name, f"SELECT 'U-' || md5(i::VARCHAR) AS code FROM range({start}, {start + 9000}) r(i)")
        for name, start in (("s", 0), ("t", 4500))
    )
    scores = compare(left, right)

    assert left[0].distinct == 9000 and len(left[0].values) == KEPT
    assert 0.3 < scores.shared[0, 0] < 0.7, "a half is shared, though each keeps a ninth of its values"


@pytest.mark.parametrize("empty", ["SELECT 1 AS a LIMIT 0", "SELECT NULL::VARCHAR AS a", "SELECT '' AS a"])
def test_columns_without_values_are_matched_by_name(con, empty: str) -> None:
    assert pairs(matched(con, empty, people(score="a"))) == {"a": ["a"]}
    assert pairs(matched(con, people(score="a"), empty)) == {"a": ["a"]}


def test_names_with_quotes_newlines_and_sql_are_matched(con) -> None:
    hostile = "x\"; DROP TABLE t; --\n'"
    quoted = '"' + hostile.replace('"', '""') + '"'
    found = matched(
        con, f"SELECT i || ' cm' AS {quoted} FROM range(9) r(i)", f"SELECT i || ' cm' AS {quoted} FROM range(9) r(i)"
    )

    assert pairs(found) == {hostile: [hostile]}


def test_no_columns_at_all_is_no_match(con) -> None:
    one = [Facts(Column(name="a", source_name="a"))]
    con.execute("CREATE TABLE s (a VARCHAR)")
    assert match(con, "s", [], one).found == [] and match(con, "s", one, []).found == []
    assert list(match(con, "s", one, []).unmatched_source) == ["a"]


def test_hundreds_of_columns_on_each_side_find_their_own(con) -> None:
    wide = ", ".join(
        f"(i * {at} % 1009) + {at * 11} AS {name}" for at, name in enumerate(f"m{at}_x" for at in range(500))
    )
    table = f"SELECT {wide} FROM range(40) r(i)"
    found = matched(con, table, table)

    assert len(found.used) == 500 and all(one.sources == [one.target] for one in found.used)


def test_what_is_said_to_be_sure_is_right(con) -> None:
    """Twelve columns under abbreviated names, other rows: nine in ten of the matches over 0.8 are right."""
    source = """SELECT 'AC-' || i AS account_id, 'u' || i || '@x.org' AS email_address, i % 2 = 0 AS is_active,
        DATE '2020-01-01' + i::INTEGER AS created_date, i * 1.25 AS total_amount,
        ['EUR', 'USD'][1 + i % 2] AS currency_code,
        ['gold', 'silver'][1 + i % 2] AS customer_tier, i % 90 AS age, '+49 170 ' || (1000000 + i) AS phone_number,
        ['Berlin', 'Paris', 'Rome'][1 + i % 3] AS city, (48 + i % 5)::DOUBLE AS latitude, 'n ' || i AS comment
        FROM range({0}, {0} + 120) r(i)"""
    short = {"account_id": "acct_no",
             "email_address": "mail", "is_active": "active_flag", "created_date": "creation_dt",
             "total_amount": "tot_amt", "currency_code": "ccy", "customer_tier": "cust_grp", "age": "age_yrs",
             "phone_number": "tel", "city": "town", "latitude": "lat", "comment": "remarks"}  # fmt: skip
    target = source
    for name, new in short.items():
        target = target.replace(f" AS {name}", f" AS {new}")
    found = matched(con, source.format(0), target.format(60)).used
    right = {one.target: short[one.sources[0]] == one.target for one in found}
    sure = [right[one.target] for one in found if one.confidence >= 0.8]

    assert sum(right.values()) >= 10 and len(sure) >= 6
    assert sum(sure) / len(sure) >= 0.9
