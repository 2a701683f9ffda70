"""A contract's file is a Table Schema that other tools accept, and says the same when it is read again."""

from __future__ import annotations

import jsonschema
import pytest

from aifirst_dagster.connectors import read
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference import infer
from aifirst_dagster.inference.contract import document
from aifirst_dagster.inference.contract.contract import Contract
from aifirst_dagster.inference.contract.pins import pin

TYPES = ["string", "integer", "number", "boolean", "date", "datetime", "time", "year", "yearmonth", "duration",
         "geopoint", "geojson", "object", "array", "any", "list"]  # fmt: skip
#: What versions 1 and 2 of Table Schema ask of a descriptor.
PROFILE = {
    "type": "object",
    "required": ["fields"],
    "properties": {
        "fields": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "type": {"enum": TYPES},
                    "format": {"type": "string"},
                    "title": {"type": "string"},
                    "description": {"type": "string"},
                    "decimalChar": {"type": "string"},
                    "groupChar": {"type": "string"},
                    "bareNumber": {"type": "boolean"},
                    "missingValues": {"type": "array", "items": {"type": "string"}},
                    "constraints": {
                        "type": "object",
                        "properties": {
                            "required": {"type": "boolean"}, "unique": {"type": "boolean"},
                            "pattern": {"type": "string"}, "enum": {"type": "array", "minItems": 1},
                            "minLength": {"type": "integer"}, "maxLength": {"type": "integer"},
                        },
                    },
                },
            },
        },
        "missingValues": {"type": "array", "items": {"type": "string"}},
        "primaryKey": {"type": ["array", "string"]},
    },
}  # fmt: skip
MESSY = (
    "Order Id,when,at,price,euro,flag,month,code,note,when\n"
    + "".join(
        f"{n},{n:02}/01/2026,2026-01-{n:02} 10:00:00,1.{n:03},{n}.000,{['yes', 'no'][n % 2]},2026-{n % 12 + 1:02},"
        f"{n:05},{'n/a' if n % 3 else 'x'},z\n"
        for n in range(1, 29)
    )
)  # fmt: skip


@pytest.fixture
def contract(tmp_path) -> Contract:
    file = tmp_path / "messy.csv"
    file.write_text(MESSY)
    with connect() as con:
        table = read(con, [file])
        return Contract.of(infer.verify(con, table.relation, infer.propose(con, table.relation, table.columns)))


def test_what_is_written_keeps_the_profile_of_table_schema(contract):
    contract = pin(contract, "price", {"minimum": "0", "enum": "[1, 2]", "required": "true", "description": "What"})
    contract = pin(contract, "code", {"pattern": r"\d{5}", "minLength": "5"})
    jsonschema.validate(document.descriptor(contract), PROFILE)


def test_what_is_written_reads_as_the_same_contract(contract):
    contract = pin(contract, "note", {"null_tokens": "n/a,none", "name": "remark"})
    text = document.text(contract)
    again = document.parse(text, "contract.json")
    assert document.text(again) == text
    counted = {"evidence", "confidence", "nullable", "unique", "values"}
    for one, other in zip(contract.fields, again.fields, strict=True):
        assert one.column.model_dump(exclude=counted) == other.column.model_dump(exclude=counted)
        assert (one.pins, one.constraints, one.source_names) == (other.pins, other.constraints, other.source_names)


def test_in_a_schema_that_a_person_wrote_all_that_is_said_is_pinned(tmp_path):
    file = tmp_path / "schema.yaml"
    file.write_text("fields:\n- name: a\n  type: integer\n- name: b\n- {name: c, type: number, decimalChar: ','}\n")
    made = document.load(file)
    assert [one.pins for one in made.fields] == [["name", "type"], ["name"], ["name", "type", "number_style"]]
    assert made.field("c").column.number_style == "dot_grouped"


def test_properties_of_others_are_kept(tmp_path):
    text = '{"fields": [{"name": "a", "rdfType": "x:y", "title": "A"}], "foreignKeys": []}'
    made = document.descriptor(document.parse(text, "s.json"))
    assert made["fields"][0]["rdfType"] == "x:y" and made["fields"][0]["title"] == "A" and made["foreignKeys"] == []


def test_the_schema_of_a_data_package_is_its_first_resource_s():
    text = '{"resources": [{"name": "r", "schema": {"fields": [{"name": "a"}]}}]}'
    assert [one.name for one in document.parse(text, "datapackage.json").fields] == ["a"]
