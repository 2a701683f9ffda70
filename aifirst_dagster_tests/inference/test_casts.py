"""Casts read exactly what they should, and keep the text of what they cannot read."""

from datetime import date, datetime

import pytest

from aifirst_dagster.inference import casts
from aifirst_dagster.inference.schema import Column
from aifirst_dagster_tests.inference.tables import session


def _cast(column: Column, *texts: str | None) -> list[object]:
    con = session({"c": list(texts)})
    return [
        row[0] for row in con.execute(f"SELECT {casts.typed(column, 'c')} FROM source ORDER BY _source_line").fetchall()
    ]


def _column(kind: str, physical: str, form: str = "default", **more: object) -> Column:
    return Column(name="out", source_name="c", type=kind, physical_type=physical, format=form, **more)


def test_what_duckdb_would_misread_as_an_integer_is_null():
    texts = ["7", " 8 ", "+5", "-3", "1.0", "1.5", "1e3", "0x1F", "0b11", "1_000", "007", "", "a"]
    assert _cast(_column("integer", "BIGINT"), *texts) == [7, 8, 5, -3, 1, *[None] * 8]


def test_what_duckdb_would_misread_as_a_number_is_null():
    assert _cast(_column("number", "DOUBLE"), "1.5", "3e2", ".5", "inf", "nan", "1_0.5", "1,5", "1e999") == [
        1.5, 300.0, 0.5, None, None, None, None, None,
    ]  # fmt: skip


def test_dates_read_in_their_format_only():
    assert _cast(_column("date", "DATE"), "2020-01-05", "2020-1-5", "2020-02-30", "infinity", "2020-01-05 10:00") == [
        date(2020, 1, 5), date(2020, 1, 5), None, None, None,
    ]  # fmt: skip
    assert _cast(_column("date", "DATE", "%d/%m/%Y"), "31/12/2020", "12/31/2020", "05/06/20") == [
        date(2020, 12, 31),
        None,
        None,
    ]


def test_an_offset_or_a_half_day_is_never_dropped():
    moments = [
        "2020-01-05 10:00:00",
        "2020-01-05T10:00",
        "2020-01-05 10:00 PM",
        "2020-01-05 10:00+02",
        "2020-01-05T10:00:00Z",
    ]
    assert _cast(_column("datetime", "TIMESTAMP"), *moments) == [
        datetime(2020, 1, 5, 10), datetime(2020, 1, 5, 10), None, None, None,
    ]  # fmt: skip


def test_booleans_read_words():
    assert _cast(_column("boolean", "BOOLEAN"), "Yes", " no ", "ON", "off", "maybe", "1") == [
        True,
        False,
        True,
        False,
        None,
        True,
    ]


def test_the_text_of_cells_that_do_not_parse_stays_reachable():
    con = session({"a": ["1", "two", "N/A", None, ""], "b": ["x", "y", "-", "z", "w"]})
    columns = [
        Column(name="first", source_name="a", type="integer", physical_type="BIGINT", null_tokens=["N/A"]),
        Column(name="second", source_name="b", null_tokens=["-"]),
    ]
    rows = con.execute(f"{casts.select(columns, 'source')} ORDER BY _source_line").fetchall()
    assert rows == [
        (1, "x", "t.csv", 2, None),
        (None, "y", "t.csv", 3, {"first": "two"}),
        (None, None, "t.csv", 4, {"first": "N/A", "second": "-"}),
        (None, "z", "t.csv", 5, None),
        (None, "w", "t.csv", 6, None),
    ]


@pytest.mark.parametrize("name", ['a"b', "it's", "x; DROP TABLE source", "new\nline", "_raw_"])
def test_any_name_can_be_a_column(name):
    con = session({name: ["1", "x"]})
    column = Column(name=name, source_name=name, type="integer", physical_type="BIGINT")
    found = con.execute(f"{casts.select([column], 'source')} ORDER BY _source_line").fetchall()
    assert found[1] == (None, "t.csv", 3, {name: "x"})


def test_a_column_that_needs_repair_passes_through_as_text():
    column = _column("number", "VARCHAR", number_style="comma_grouped", units_seen=["$"])
    assert _cast(column, "$1,234.50", "free") == ["$1,234.50", "free"]
    con = session({"c": ["$1,234.50", "€5", "free"]})
    assert con.execute(f"SELECT {casts.parsed(column, 'c')} FROM source ORDER BY _source_line").fetchall() == [
        (1234.5,), (None,), (None,),
    ]  # fmt: skip
