"""Keys of one and of several columns."""

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference.file import infer_relation
from aifirst_dagster.inference.keys import LARGE
from aifirst_dagster_tests.inference.tables import session


def keys(table):
    return infer_relation(session(table), "source", list(table)).candidate_keys


def test_three_columns_may_be_the_key_where_no_two_are():
    rows = [(day, shop, item) for day in "abc" for shop in "xyz" for item in "123"]
    table = dict(zip(("day", "shop", "item"), map(list, zip(*rows, strict=True)), strict=True))
    assert keys(table | {"sold": ["5"] * 27}) == [["day", "shop", "item"]]


def test_a_key_of_several_columns_holds_none_that_it_does_not_need():
    rows = [(day, shop, shop.upper()) for day in "abcd" for shop in "xyz"]
    table = dict(zip(("day", "shop", "label"), map(list, zip(*rows, strict=True)), strict=True))
    assert keys(table) == [["day", "shop"], ["day", "label"]]


def test_a_key_of_several_columns_is_tested_on_all_rows_of_a_large_table():
    days, shops = ([f"{kind}{number}" for number in range(200)] for kind in "ds")
    rows = [(day, shop) for day in days for shop in shops]
    table = {"day": [day for day, _ in rows], "shop": [shop for _, shop in rows]}
    con = session({"day": [], "shop": []})
    con.execute("INSERT INTO source SELECT unnest(?), unnest(?), 't', 1", [table["day"], table["shop"]])
    assert infer_relation(con, "source", ["day", "shop"]).candidate_keys == [["day", "shop"]]
    con.execute("INSERT INTO source SELECT * FROM source LIMIT 1")
    assert infer_relation(con, "source", ["day", "shop"]).candidate_keys == []


def test_rows_that_repeat_have_no_key():
    assert keys({"a": ["1", "1", "2"], "b": ["x", "x", "y"]}) == []


def test_a_file_that_says_its_types_has_keys_too():
    con = connect()
    con.execute("CREATE TABLE source AS SELECT i AS id, i % 3 AS kind, i AS _source_line FROM range(9) t(i)")
    found = infer_relation(con, "source", ["id", "kind"], {"id": "BIGINT", "kind": "BIGINT"})
    assert (found.primary_key, found.candidate_keys) == (["id"], [["id"]])


def test_a_text_that_comes_twice_anywhere_in_a_large_table_is_found():
    rows = LARGE + 30_000
    con = connect()
    codes = "'C' || (i * 7919) % 1000003 AS code"
    con.execute(
        f"CREATE TABLE source AS SELECT {codes}, nullif('n' || i, 'n0') AS note, 't' AS _source, i + 1 AS _source_line "
        f"FROM range({rows}) t(i)"
    )
    assert infer_relation(con, "source", ["code", "note"]).candidate_keys == [["code"]]
    # Two rows with one text, in whatever part of the texts that is.
    for first, again in ((5, 400_000), (25_000, 500_001), (300_000, 300_001)):
        there = f"(SELECT code FROM source WHERE _source_line = {first})"
        changed = f"CASE _source_line WHEN {again} THEN {there} ELSE code END AS code"
        con.execute(f"CREATE OR REPLACE VIEW pair AS SELECT * REPLACE ({changed}) FROM source")
        found = infer_relation(con, "pair", ["code", "note"])
        assert found.candidate_keys == [], (first, again)
        assert not found.columns[0].unique
    con.execute("CREATE VIEW many AS SELECT * REPLACE ('D' || _source_line % 300000 AS code) FROM source")
    assert infer_relation(con, "many", ["code", "note"]).candidate_keys == []
