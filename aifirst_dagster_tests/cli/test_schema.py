"""`aifirst schema`, and `--schema` of the commands on bare files: a person's word rules; a diff is there to be read."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster_tests.scenario import ORDERS, Place, step

MORE = "id,ordered,amount,status,note\n4.5,2026-01-08,1.00,open,hi\n5,2026-01-09,2.00,paid,ho\n"
SCHEMA = {
    "fields": [
        {"name": "Order No", "type": "string"},
        {"name": "when", "type": "date", "format": "%d/%m/%Y"},
        {"name": "price", "type": "number", "decimalChar": ",", "groupChar": "."},
        {"name": "state", "type": "string", "constraints": {"enum": ["open", "paid"]}},
    ],
    "missingValues": ["", "-"],
}
MESSY = (
    "order_no;When;Price;State;extra\n007;01/02/2026;1.234,50;open;1\n008;13/02/2026;-;paid;2\n"
    "009;2026-02-01;12,5;paid;3\n010;02/02/2026;12,5;lost;4\n"
)


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("landing/shop/a.csv", ORDERS)
    place.file(step("raw", "connector", contract="freeze"))
    return place


@pytest.fixture
def bare(place: Place) -> Place:
    place.write("schema.json", json.dumps(SCHEMA))
    place.write("messy.csv", MESSY)
    return place


def fields(said) -> dict[str, dict]:
    assert said.code == 0, said.text
    return {field["name"]: field for field in said.json["schemas"][0]["schema"]["fields"]}


def test_a_pipeline_without_a_contract_says_how_to_get_one(shop, aifirst):
    said = aifirst("schema", "show", "shop", "--json")
    assert said.json["schemas"][0]["schema"] is None
    assert "aifirst schema accept" in aifirst("schema", "show", "shop").out
    said = aifirst("schema", "diff", "shop", "--json")
    assert said.code == 2 and "accept" in said.json["error"]["hint"]


def test_a_contract_is_accepted_compared_and_accepted_again(shop, aifirst):
    said = aifirst("schema", "accept", "shop", "--json")
    assert (said.code, said.json["accepted"][0]["version"]) == (0, 1)
    same = aifirst("schema", "diff", "shop", "raw", "--json")
    assert (same.code, same.json["breaking"], same.json["diffs"][0]["changes"]) == (0, False, [])

    shop.write("landing/shop/b.csv", MORE)
    changed = aifirst("schema", "diff", "shop", "--json")
    assert changed.code == 1 and changed.json["breaking"]
    kinds = {one["column"]: one["kind"] for one in changed.json["diffs"][0]["changes"]}
    assert kinds == {"status": "new_column", "note": "new_column", "state": "missing_column", "id": "cells"}
    people = aifirst("schema", "diff", "shop")
    assert people.code == 1 and "! 'id'" in people.out and "'4.5' (line 2)" in people.out

    said = aifirst("schema", "accept", "shop", "raw", "--renames", "--json")
    assert (said.json["accepted"][0]["before"], said.json["accepted"][0]["version"]) == (1, 2)
    now = fields(aifirst("schema", "show", "shop", "--json"))
    assert now["state"]["aifirst"]["source_names"] == ["state", "status"]
    assert now["id"]["type"] == "number" and "status" not in now
    assert aifirst("schema", "diff", "shop").code == 0
    history = aifirst("schema", "show", "shop", "--history", "--json").json["schemas"][0]["history"]
    assert [(one["version"], one["by"]) for one in history] == [(2, "person"), (1, "person")]
    assert aifirst("run", "shop", "--json").code == 0


def test_a_rename_is_not_taken_unless_asked_for(shop, aifirst):
    aifirst("schema", "accept", "shop")
    shop.write("landing/shop/b.csv", MORE)
    aifirst("schema", "accept", "shop")
    assert {"state", "status"} <= set(fields(aifirst("schema", "show", "shop", "--json")))


def test_pins_rule_over_data_and_can_be_taken_back(shop, aifirst):
    said = aifirst("schema", "pin", "shop", "amount", "type=string", "name=price", "description=What it cost", "--json")
    field = fields(said)["price"]
    assert field["type"] == "string" and field["description"] == "What it cost"
    assert set(field["aifirst"]["pins"]) == {"type", "name", "description"}
    aifirst("schema", "accept", "shop")
    assert fields(aifirst("schema", "show", "shop", "--json"))["price"]["type"] == "string"
    assert "type, name" in aifirst("schema", "show", "shop").out
    field = fields(aifirst("schema", "pin", "shop", "price", "type=", "--json"))["price"]
    assert "type" not in field["aifirst"]["pins"]


@pytest.mark.parametrize(
    ("said", "word"),
    [("typ=string", "type"), ("type=strin", "string"), ("minimum", "KEY=VALUE"), ("pattern=(", "regular"),
     ("name=id", "already"), ("number_style=odd", "Styles")],
)  # fmt: skip
def test_a_pin_that_means_nothing_is_an_error_that_helps(shop, aifirst, said, word):
    aifirst("schema", "accept", "shop")
    answer = aifirst("schema", "pin", "shop", "amount", said)
    assert answer.code == 2 and word in answer.err


def test_the_schema_of_a_bare_file_is_written_pinned_and_compared(bare, aifirst):
    assert aifirst("schema", "show", "messy.csv", "-o", "made.json", "--json").code == 0
    assert aifirst("schema", "diff", "made.json", "messy.csv").code == 0
    field = fields(aifirst("schema", "pin", "made.json", "extra", "minimum=2", "--json"))["extra"]
    assert field["constraints"] == {"minimum": 2}
    said = aifirst("schema", "diff", "made.json", "messy.csv", "--json")
    assert said.code == 1 and said.json["diffs"][0]["changes"][0]["kind"] == "constraint"


def test_two_data_files_are_compared_with_renames_judged_by_their_values(place, aifirst):
    place.write("old.csv", "id,state\n" + "".join(f"{n},{['open', 'paid'][n % 2]}\n" for n in range(40)))
    place.write("new.csv", "id,progress\n" + "".join(f"{n},{['open', 'paid'][n % 2]}\n" for n in range(40)))
    said = aifirst("schema", "diff", "old.csv", "new.csv", "--json")
    assert said.code == 1
    assert [(one["old"], one["new"]) for one in said.json["diffs"][0]["renames"]] == [("state", "progress")]


def test_infer_with_a_schema_says_what_the_schema_says_and_infers_the_rest(bare, aifirst):
    said = aifirst("infer", "messy.csv", "--schema", "schema.json", "--json")
    columns = {column["name"]: column for column in said.json["columns"]}
    assert [columns[name]["type"] for name in ("Order No", "when", "price", "state", "extra")] == [
        "string", "date", "number", "string", "integer",
    ]  # fmt: skip
    assert columns["when"]["format"] == "%d/%m/%Y" and columns["when"]["evidence"]["failed"] == 1
    assert columns["price"]["source_name"] == "Price" and columns["price"]["evidence"]["nulls"] == 1
    assert "inferred: extra" in said.err


def test_convert_with_a_schema_types_the_rows_and_sets_aside_those_that_do_not_fit(bare, aifirst):
    said = aifirst("convert", "messy.csv", "out.csv", "--schema", "schema.json", "--json")
    assert said.code == 0, said.text
    assert (said.json["rows_in"], said.json["rows_out"], said.json["quarantined"]) == (4, 2, 2)
    assert (bare.root / "out.csv").read_text() == (
        "Order No,when,price,state,extra\n007,2026-02-01,1234.5,open,1\n008,2026-02-13,,paid,2\n"
    )
    aside = (bare.root / "out.csv.quarantine.csv").read_text()
    assert "when is no date of the format %d/%m/%Y: 2026-02-01" in aside
    assert "state is none of the values allowed: lost" in aside


def test_clean_with_a_schema_keeps_labels_of_digits_and_reads_numbers_as_it_says(bare, aifirst):
    said = aifirst("clean", "messy.csv", "-o", "clean.csv", "--schema", "schema.json", "--json")
    assert said.code == 0, said.text
    assert said.json["rows_in"] == said.json["rows_out"] + said.json["quarantined"] + said.json["merged"]
    lines = (bare.root / "clean.csv").read_text().splitlines()
    assert lines[0] == "Order No,when,price,state,extra" and lines[1] == "007,2026-02-01,1234.5,open,1"


@pytest.mark.parametrize(
    ("text", "word"),
    [("{", "neither JSON nor YAML"), ('{"a": 1}', "no `fields`"),
     ('{"fields": [{"name": "a", "type": "integr"}]}', "integer"),
     ('{"fields": [{"type": "string"}]}', "no name"), ('{"fields": [{"name": "a"}, {"name": "A"}]}', "two fields"),
     ('{"fields": [{"name": "a", "constraints": {"minimun": 1}}]}', "not tested here")],
)  # fmt: skip
def test_a_damaged_schema_is_an_error_with_its_file(bare, aifirst, text, word):
    bare.write("bad.json", text)
    said = aifirst("infer", "messy.csv", "--schema", "bad.json")
    assert said.code == 2 and word in said.err and "bad.json" in said.err


def test_a_schema_of_another_table_is_an_error(bare, aifirst):
    bare.write("other.csv", "x,y\n1,2\n")
    said = aifirst("convert", "other.csv", "out.csv", "--schema", "schema.json")
    assert said.code == 2 and "no column of the schema" in said.err
