"""How a text is delimited and quoted, and how sure that is."""

from __future__ import annotations

import pytest

from aifirst_dagster.inference.dialect import guess
from aifirst_dagster.inference.tokenizer import Tokenizer


@pytest.mark.parametrize(
    ("lines", "delimiter", "quote"),
    [
        (["Name;Preis;Menge", "Müller;1.234,50;3", "Groß;99,90;4"], ";", '"'),
        (["id,day", "1,2020-01-02 10:11:12", "2,2020-01-03 10:11:12"], ",", '"'),
        (["'a','b'", "'1,5','x'", "'2,5','y'"], ",", "'"),
        (["This is a sentence.", "I wish I could say more.", "This makes it a column."], "", '"'),
        (["price", '"100,000.00"', '"300,000.20"'], "", '"'),
        (["Time@Activity@Notes", "06:00am - 07:30am@Breakfast@", "08:00am - 09:00am@Play@x"], "@", '"'),
        (["a\tb", '1\t"lone', '2\t5" pipe', "3\tok"], "\t", None),
    ],
)
def test_the_dialect_is_found(lines: list[str], delimiter: str, quote: str | None) -> None:
    found = guess(lines)
    assert (found.best.delimiter, found.best.tokenizer.quotechar) == (delimiter, quote)
    assert found.doubt is None
    assert 0 < found.confidence <= 1


def test_a_clear_table_is_surer_than_a_ragged_one() -> None:
    clear = guess(["id,name,n", "1,Ann,2.5", "2,Bob,3.5", "3,Cyd,4.5"])
    ragged = guess(["id,name,n", "1,Ann", "2,Bob,3.5,x", "3", "4,Dan,1.5"])
    assert clear.confidence > 0.9 > ragged.confidence


@pytest.mark.parametrize(
    ("record", "cells", "status"),
    [
        ('a,"b,c",d', ["a", "b,c", "d"], "ok"),
        ('a,"b ""q"" c"', ["a", 'b "q" c'], "ok"),
        ('a, "b,c" ,d', ["a", "b,c", "d"], "ok"),
        ('5" pipe,x', ['5" pipe', "x"], "ok"),
        ('"say "hi" now",x', ['say "hi" now', "x"], "odd"),
        ('a,"open', ["a", '"open'], "open"),
        ('"""', ['"""'], "open"),
        (",,", ["", "", ""], "ok"),
        ("", [""], "ok"),
    ],
)
def test_a_record_splits_into_cells(record: str, cells: list[str], status: str) -> None:
    assert Tokenizer(",", '"').split(record) == (cells, status)


def test_escapes_take_the_meaning_from_what_follows() -> None:
    assert Tokenizer(",", '"', "\\").split('"a \\"b\\" c",d\\,e') == (['a "b" c', "d,e"], "ok")


@pytest.mark.parametrize("first", [0, 1])
def test_two_columns_of_whole_numbers_are_not_one_of_grouped_numbers(first: int) -> None:
    rows = [f"{first + number % 9},{500 + number}" for number in range(50)]
    assert guess(["id,value", *rows]).best.delimiter == ","


def test_one_column_of_grouped_numbers_below_its_name_is_one_column() -> None:
    assert guess(["amount", *(f"{number},500" for number in range(1, 50))]).best.delimiter == ""
