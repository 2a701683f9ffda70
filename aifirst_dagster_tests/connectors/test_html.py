"""Tables of web pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster_tests.connectors.reading import look, seen

PAGE = """<!DOCTYPE html><html><body><h1>x</h1>
<table id=small><tr><td>k<td>v<tr><td>1<td>2</table>
<table><caption>Prices</caption><thead><tr><th rowspan=2>Item</th><th colspan=2>Price</th></tr>
<tr><th>EUR</th><th>USD</th></tr></thead>
<tr><td rowspan=2>Tea</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4<script>alert(1)</script></td></tr>
<tr><td>Mate <b>x</b></td><td colspan=2>5</td></tr>
<tfoot><tr><td>Sum</td><td>9</td><td>11</td></tr></tfoot></table></body></html>"""


def test_the_largest_table_is_read_and_spans_are_filled(tmp_path: Path) -> None:
    got = seen(tmp_path, PAGE, name="page.html")
    assert got.table.format == "html"
    assert got.table.columns == ["Item", "Price EUR", "Price USD"]
    assert got.rows == [("Tea", "1", "2"), ("Tea", "3", "4"), ("Mate x", "5", "5")]
    assert got.rejects == [(6, "foot of the table", "Sum | 9 | 11")]
    assert "1 'small'" in got.table.notices[0]


@pytest.mark.parametrize("which", ["1", "small", "SMALL"])
def test_another_table_is_named_by_number_or_id(tmp_path: Path, which: str) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    got = look([Path(f"{tmp_path}/page.html#{which}")])
    assert got.table.columns == ["k", "v"]
    assert got.rows == [("1", "2")]
    assert look([Path(f"{tmp_path}/page.html#Prices")]).table.columns[0] == "Item"


def test_a_table_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    with pytest.raises(ConfigError, match="no table '7'") as caught:
        look([Path(f"{tmp_path}/page.html#7")])
    assert "Prices" in caught.value.hint
    with pytest.raises(InputError, match="holds no table"):
        seen(tmp_path, "<html><p>nothing</p></html>", name="page.html")


def test_a_page_named_xls_is_a_page(tmp_path: Path) -> None:
    got = seen(tmp_path, "<table><tr><th>a</th></tr><tr><td>1</td></tr><tr><td>2</td></tr></table>", name="report.xls")
    assert got.table.format == "html"
    assert got.rows == [("1",), ("2",)]


def test_tables_within_cells_are_tables_of_their_own(tmp_path: Path) -> None:
    inner = "<table><tr><td>x</td></tr></table>"
    got = seen(tmp_path, f"<table><tr><th>a<th>b<tr><td>1{inner}<td>2<tr><td>3<td>4</table>", name="p.html")
    assert got.rows == [("1", "2"), ("3", "4")]


def test_rows_of_headings_alone_hold_no_data(tmp_path: Path) -> None:
    got = seen(tmp_path, "<table><tr><th>a<th>b</table>", name="p.html")
    assert (got.table.columns, got.rows) == (["a", "b"], [])


def test_the_encoding_is_the_pages_or_found_out(tmp_path: Path) -> None:
    table = "<table><tr><th>n</th></tr><tr><td>Müller</td></tr></table>"
    for content in (
        f"<html><head><meta charset=iso-8859-1></head>{table}".encode("latin-1"),
        f"<html>{table}".encode(),
        f"<html>{table}".encode("cp1252"),
    ):
        assert seen(tmp_path, content, name="p.html").rows == [("Müller",)]


def test_absurd_spans_are_bounded(tmp_path: Path) -> None:
    rows = "<tr>" + "<td colspan=99999999 rowspan=99999999>x</td>" * 10 + "</tr>"
    got = seen(tmp_path, f"<table><tr><th>a</th></tr>{rows}</table>", name="p.html")
    assert len(got.table.columns) == 10_000


def test_damaged_markup_is_read_as_a_browser_does(tmp_path: Path) -> None:
    got = seen(tmp_path, "<html><table><tr><th>a<th>b<tr><td>1<td>2<tr><td>3", name="p.html")
    assert got.rows[0] == ("1", "2")
