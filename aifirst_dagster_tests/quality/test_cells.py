"""Cells that look wrong are found, with the text that they should hold."""

import duckdb
import pytest

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.cells import find
from aifirst_dagster.quality.rules import Rule


def column(name, type_="string", **more):
    return Column(name=name, source_name=name, type=type_, **more)


@pytest.fixture
def con():
    with duckdb.connect() as session:
        session.execute("""CREATE TABLE t AS SELECT ['Zurich', 'Geneva', 'Bern'][1 + i % 3] AS city,
            ['8001', '1201', '3011'][1 + i % 3] AS zip, (100 + i)::VARCHAR AS amount,
            'X-' || (1000 + i) AS code, (i % 40 + 1) || CASE WHEN i % 2 = 0 THEN ' kg' ELSE ' kilo' END AS weight,
            i + 2 AS _source_line FROM range(300) r(i)""")
        yield session


COLUMNS = [column("city"), column("zip"), column("amount", "integer", physical_type="BIGINT"), column("code")]


def damaged(con, row, name, value, columns=COLUMNS):
    con.execute(f"UPDATE t SET {name} = ? WHERE _source_line = ?", [value, row + 2])
    return [cell for cell in find(con, "t", columns) if cell.column == name]


def test_a_clean_table_has_no_such_cells(con):
    assert find(con, "t", COLUMNS) == []


def test_a_slip_of_a_frequent_value_is_found_with_what_it_should_be(con):
    (cell,) = damaged(con, 30, "city", "Zurixh")
    assert (cell.row, cell.source_line, cell.value, cell.suggestion) == (30, 32, "Zurixh", "Zurich")
    assert cell.reason


def test_a_valid_value_that_contradicts_its_row_is_found(con):
    (cell,) = damaged(con, 31, "city", "Bern")
    assert (cell.row, cell.suggestion) == (31, "Geneva")


def test_a_missing_value_among_many_is_found(con):
    (cell,) = damaged(con, 5, "code", None)
    assert (cell.row, cell.value) == (5, None)


def test_a_text_among_numbers_is_found(con):
    (cell,) = damaged(con, 7, "amount", "lots")
    assert cell.row == 7 and "integer" in cell.reason


def test_a_rarely_written_form_is_found(con):
    (cell,) = damaged(con, 9, "code", "X1009/b")
    assert cell.row == 9


def made(con, cells):
    """A table `m` with the cells of one column, twenty rows at least."""
    values = ", ".join(f"({number}, '{cell}')" for number, cell in enumerate(cells))
    con.execute(f"CREATE TABLE m AS SELECT v AS x, i + 2 AS _source_line FROM (VALUES {values}) t(i, v)")


def odd(con, x):
    return {cell.value: cell.suggestion for cell in find(con, "m", [x])}


@pytest.mark.parametrize(
    ("usual", "others"),
    [
        ([f"tt{n:05}" for n in range(90)], ["00123", "00777", "01234"]),
        ([f"{n}-{n + 9}" for n in range(90)], ["Mar-45", "Jan-68", "Sep-12"]),
        ([f"{n + 60} min" for n in range(90)], ["1 hr. 40 min.", "2 hr. 5 min.", "1 hr. 9 min."]),
    ],
)
def test_values_of_another_make_are_found_though_they_are_not_rare(con, usual, others):
    made(con, [*usual, *others])
    assert set(odd(con, column("x"))) == set(others)


@pytest.mark.parametrize(
    "cells",
    [
        [*(f"1.{n}" for n in range(60)), *(f"1.{n}.2" for n in range(6))],  # longer and shorter rows of the same parts
        [*(f"C{n}" for n in range(60)), *(f"C{n} C{n + 1}" for n in range(6))],
        [*["18-24", "25-44", "45-64"] * 30, *["65+"] * 9],  # one of a small set
        [*(f"{n}-{n + 9}" for n in range(90)), *["Undecided"] * 8],  # meant, since it is said often
    ],
)
def test_what_belongs_together_or_is_said_often_is_of_no_other_make(con, cells):
    made(con, cells)
    assert not odd(con, column("x"))


def test_a_postal_code_that_lost_a_digit_is_found(con):
    made(con, [*(f"{10_000 + 7 * n}" for n in range(120)), "1907", "123456"])
    assert set(odd(con, column("x"))) == {"1907", "123456"}


def test_a_date_written_otherwise_than_most_is_found_and_written_as_they_are(con):
    made(con, [*(f"{1 + n % 12}/1/{70 + n % 30}" for n in range(90)), "1998-05-01", "1977-11-01"])
    x = column("x", "date", physical_type="VARCHAR", format="%m/%d/%y", formats_seen=["%m/%d/%y", "%Y-%m-%d"])
    assert odd(con, x) == {"1998-05-01": "5/1/98", "1977-11-01": "11/1/77"}


def test_a_number_without_the_separators_that_all_others_have_is_found(con):
    made(con, [*(f"{1000 + 37 * n:,}" for n in range(90)), "53617", "999"])
    x = column("x", "integer", physical_type="VARCHAR", number_style="comma_grouped")
    assert odd(con, x) == {"53617": "53,617"}


def test_a_unit_written_in_two_ways_is_found_with_the_plain_number(con):
    cells = find(con, "t", [column("weight")])
    assert len(cells) == 300 and cells[0].suggestion == "1"


def test_a_word_for_no_value_is_to_be_emptied(con):
    con.execute("UPDATE t SET code = 'N/A' WHERE _source_line = 12")
    cells = find(con, "t", [column("code", null_tokens=["N/A"])])
    assert [(cell.row, cell.suggestion) for cell in cells] == [(10, "")]


def test_cells_that_break_a_rule_carry_its_id(con):
    con.execute("CREATE TABLE typed AS SELECT amount::BIGINT AS amount, _source_line FROM t")
    rule = Rule(type="expect_column_values_to_be_between", kwargs={"column": "amount", "max_value": 397})
    cells = find(con, "t", COLUMNS, [rule], "typed")
    assert [(cell.row, cell.value, cell.rule_ids) for cell in cells] == [
        (298, "398", ["amount.values_to_be_between"]),
        (299, "399", ["amount.values_to_be_between"]),
    ]


@pytest.mark.parametrize("rows", [0, 1])
def test_tables_too_small_to_judge_give_none(con, rows):
    assert find(con, f"(SELECT * FROM t LIMIT {rows})", COLUMNS) == []


def test_what_several_sources_say_of_one_thing_is_settled_by_most_of_them(con):
    con.execute("""CREATE TABLE flights AS SELECT i + 1 AS id, 'source ' || i % 20 AS src, 'F' || i // 20 AS flight,
        CASE WHEN i % 20 = 3 THEN '9:99 p.m.' WHEN i % 20 < 8 THEN NULL ELSE (i // 20) || ':05 a.m.' END AS departs,
        CASE WHEN i % 7 = 0 THEN (i % 11) || ':00 p.m.' ELSE (i // 20) || ':45 p.m.' END AS arrives,
        CASE WHEN i % 5 = 0 THEN 'gate ' || i ELSE 'gate ' || (i // 20 + 10) END AS gate,
        i + 2 AS _source_line FROM range(600) r(i)""")
    names = ["id", "src", "flight", "departs", "arrives", "gate"]
    cells = [cell for cell in find(con, "flights", [column(name) for name in names]) if cell.column == "departs"]
    assert len(cells) >= 0.95 * 30 * 8 and all(cell.suggestion == f"{cell.row // 20}:05 a.m." for cell in cells)


def test_a_column_in_which_most_cells_do_not_parse_is_not_listed_cell_by_cell(con):
    assert find(con, "t", [column("city", "integer", physical_type="BIGINT")]) == []


def test_a_value_that_holds_its_neighbours_too_is_taken_apart(con):
    con.execute("UPDATE t SET city = city || ', ' || zip, zip = NULL WHERE _source_line < 8")
    cells = {(cell.row, cell.column): cell.suggestion for cell in find(con, "t", COLUMNS)}
    assert cells[0, "city"] == "Zurich" and cells[0, "zip"] == "8001"


def test_letters_of_another_script_are_found_with_the_ones_that_are_meant(con):
    (cell,) = damaged(con, 12, "city", "Zuriсh")
    assert cell.suggestion == "Zurich"
