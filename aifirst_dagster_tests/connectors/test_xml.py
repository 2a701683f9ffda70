"""XML documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aifirst_dagster.connectors import read
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster_tests.connectors.reading import Seen, look, seen

BOOKS = """<?xml version="1.0" encoding="UTF-8"?>
<catalog><title>All</title>
 <book id="1"><author><first>Ada</first><last>L</last></author><price cur="EUR">1.5</price>
  <tag>a</tag><tag>b</tag></book>
 <book id="2"><author><first>Bo</first><last>M</last></author><price cur="USD">2</price><tag>c</tag></book>
 <book id="3"><author><first>Cy</first><last/></author></book>
</catalog>"""


def cells(got: Seen) -> list[dict[str, object]]:
    return [dict(zip(got.table.columns, row, strict=True)) for row in got.rows]


def test_the_element_that_repeats_is_the_record(tmp_path: Path) -> None:
    got = seen(tmp_path, BOOKS, name="data.xml")
    assert got.table.format == "xml"
    assert cells(got)[0] == {
        "id": "1", "author.first": "Ada", "author.last": "L", "price.cur": "EUR", "price": "1.5", "tag": '["a", "b"]',
    }  # fmt: skip
    assert cells(got)[1]["tag"] == '["c"]'  # a list in one record is a list in all
    assert got.lines == [1, 2, 3]


def test_namespaces_are_no_part_of_names_unless_two_share_one(tmp_path: Path) -> None:
    text = '<r xmlns="urn:a" xmlns:b="urn:b"><i><n>1</n><b:n>2</b:n></i><i><n>3</n><b:n>4</b:n></i></r>'
    got = seen(tmp_path, text, name="data.xml")
    assert got.table.columns == ["n", "b:n"]
    assert got.rows == [("1", "2"), ("3", "4")]


def test_another_element_may_be_chosen(tmp_path: Path) -> None:
    (tmp_path / "b.xml").write_text(BOOKS)
    got = look([Path(f"{tmp_path}/b.xml#author")])
    assert got.table.columns == ["parent.id", "first", "last"]
    assert len(got.rows) == 3
    with pytest.raises(ConfigError, match="no element 'nope'"):
        look([Path(f"{tmp_path}/b.xml#nope")])


def test_one_record_is_one_row(tmp_path: Path) -> None:
    got = seen(tmp_path, "<doc><rec><a>1</a><b>2</b></rec></doc>", name="data.xml")
    assert got.rows == [("1", "2")]


def test_texts_with_marks_stay_whole(tmp_path: Path) -> None:
    got = seen(tmp_path, "<r><i><p>one <b>two</b> three</p></i><i><p>x</p></i></r>", name="data.xml")
    assert got.rows == [("one <b>two</b> three",), ("x",)]


def test_encodings_are_those_of_the_prolog(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="iso-8859-1"?><r><i><a>Müller</a></i><i><a>é</a></i></r>'
    assert seen(tmp_path, text.encode("latin-1"), name="d.xml").rows == [("Müller",), ("é",)]
    wide = '<?xml version="1.0"?><r><i><a>Ω</a></i><i><a>x</a></i></r>'.encode("utf-16")
    assert seen(tmp_path, wide, name="d.xml").rows == [("Ω",), ("x",)]


def test_what_is_not_well_formed_says_where(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Not well-formed") as caught:
        seen(tmp_path, "<r>\n<i><a>1</a></i>\n<i><a>2</i>\n</r>", name="d.xml")
    assert caught.value.line == 3
    with pytest.raises(InputError, match="Not well-formed"):
        seen(tmp_path, BOOKS[:-200], name="d.xml")


def test_entities_are_not_expanded_and_nothing_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = (
        f'<!DOCTYPE r [<!ENTITY l0 "ha">{laughs}<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
        "<r><i><a>&l9;</a><b>&x;</b></i><i><a>1</a><b>2</b></i></r>"
    )
    with pytest.raises(InputError, match="amplification"):
        seen(tmp_path, text, name="d.xml")
    got = seen(tmp_path, text.replace("&l9;", "&amp;"), name="d.xml")
    assert got.rows == [("&", "&x;"), ("1", "2")]


def test_deep_nesting_ends_in_an_error(tmp_path: Path) -> None:
    deep = "<a>" * 5000 + "x" + "</a>" * 5000
    with pytest.raises(InputError, match="depth"):
        seen(tmp_path, deep, name="d.xml")


def test_one_large_cell_is_kept(tmp_path: Path) -> None:
    got = seen(tmp_path, f"<r><i><a>{'x' * 3_000_000}</a></i><i><a>y</a></i></r>", name="d.xml")
    assert len(str(got.rows[0][0])) == 3_000_000


def test_no_row_is_lost_past_the_sample(tmp_path: Path) -> None:
    rows = "".join(f"<i><a>{at}</a></i>" for at in range(150_000)) + "<i><a>z</a><late>1</late></i>"
    got = seen(tmp_path, f"<r>{rows}</r>", name="d.xml")
    assert len(got.rows) == 150_001
    assert got.rows[-1] == ("z", "1")


@pytest.mark.parametrize("text", ["<r/>", "<r></r>", '<?xml version="1.0"?>\n<r>\n</r>'])
def test_an_empty_document_has_no_rows(tmp_path: Path, text: str) -> None:
    got = seen(tmp_path, text, name="d.xml")
    assert got.rows == []


def test_a_feed_reads_its_items(tmp_path: Path) -> None:
    items = "".join(f"<item><title>t{n}</title><link>http://x/{n}</link></item>" for n in range(3))
    got = seen(
        tmp_path, f'<rss version="2.0"><channel><title>T</title><link>L</link>{items}</channel></rss>', name="f.rss"
    )
    assert got.table.columns == ["title", "link"]


def test_names_of_columns_hold_whatever_xml_allows(tmp_path: Path) -> None:
    got = seen(tmp_path, '<r><i é-x.y="1"><_source>2</_source></i><i é-x.y="3"/></r>', name="d.xml")
    assert got.table.source_names == ["é-x.y", "_source"]
    assert json.dumps(got.rows) == '[["1", "2"], ["3", null]]'


ORDERS = """<shop><name>S</name><orders>
<order><id>A1</id><day>2024-01-01</day><lines><line><sku>x</sku><n>1</n></line><line><sku>y</sku><n>2</n></line></lines></order>
<order><id>A2</id><day>2024-01-01</day><lines><line><sku>x</sku><n>3</n></line></lines></order>
<order><id>A3</id><day>2024-01-01</day><lines/></order>
</orders></shop>"""


def test_elements_of_a_list_keep_what_identifies_the_element_around_them(tmp_path):
    path = tmp_path / "orders.xml"
    path.write_text(ORDERS)
    with connect() as con:
        table = read(con, [f"{path}#line"])
        assert table.columns == ["parent.id", "sku", "n"]
        rows = con.execute(f"SELECT * EXCLUDE (_source, _source_line) FROM {table.relation} ORDER BY _source_line")
        assert rows.fetchall() == [("A1", "x", "1"), ("A1", "y", "2"), ("A2", "x", "3")]


def test_where_nothing_identifies_it_they_keep_its_number(tmp_path):
    path = tmp_path / "orders.xml"
    path.write_text(ORDERS.replace("A2", "A1"))
    with connect() as con:
        table = read(con, [f"{path}#line"])
        assert table.columns == ["parent.record", "sku", "n"]
        rows = con.execute(f'SELECT "parent.record", sku FROM {table.relation} ORDER BY _source_line').fetchall()
        assert rows == [("1", "x"), ("1", "y"), ("2", "x")]


def test_attributes_identify_too_and_a_field_of_that_name_is_kept(tmp_path):
    path = tmp_path / "orders.xml"
    path.write_text('<o><g code="7"><i parent.x="1"><v>1</v></i><i><v>2</v></i></g><g code="8"><i><v>3</v></i></g></o>')
    with connect() as con:
        table = read(con, [f"{path}#i"])
        rows = con.execute(
            f'SELECT "parent.code", "parent.x", v FROM {table.relation} ORDER BY _source_line'
        ).fetchall()
        assert rows == [("7", "1", "1"), ("7", None, "2"), ("8", None, "3")]
