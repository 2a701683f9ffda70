"""Avro object container files."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest

from aifirst_dagster.errors import InputError
from aifirst_dagster_tests.connectors.reading import look, seen


def avro(fields: list[dict[str, Any]], rows: list[dict[str, Any]], codec: str = "null") -> bytes:
    out = io.BytesIO()
    schema = fastavro.parse_schema({"type": "record", "name": "Row", "fields": fields})
    fastavro.writer(out, schema, rows, codec=codec)
    return out.getvalue()


def test_logical_types_are_types(tmp_path: Path) -> None:
    fields = [
        {"name": "id", "type": "long"},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "note", "type": ["null", "string"]},
    ]
    when = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    rows = [
        {"id": 1, "day": date(2024, 1, 5), "at": when, "price": Decimal("12.50"), "note": None},
        {"id": 2, "day": date(1900, 1, 1), "at": when, "price": Decimal("-0.01"), "note": 'it\'s; "x"'},
    ]
    got = seen(tmp_path, avro(fields, rows), name="data.avro")
    assert got.table.format == "avro"
    assert got.table.native == {
        "id": "BIGINT", "day": "DATE", "at": "TIMESTAMP WITH TIME ZONE", "price": "DECIMAL(9,2)",
    }  # fmt: skip
    assert got.rows[0][1] == date(2024, 1, 5)
    assert got.rows[1][3:] == (Decimal("-0.01"), 'it\'s; "x"')


def test_unions_of_several_kinds_are_text_and_records_are_columns(tmp_path: Path) -> None:
    address = {
        "type": "record", "name": "Address",
        "fields": [{"name": "city", "type": "string"}, {"name": "zip", "type": ["int", "string"]}],
    }  # fmt: skip
    fields = [
        {"name": "v", "type": ["null", "long", "string", "boolean"]},
        {"name": "home", "type": ["null", address]},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "sizes", "type": {"type": "map", "values": "long"}},
    ]
    rows = [
        {"v": 1, "home": {"city": "Ulm", "zip": 89073}, "tags": ["a", "b"], "sizes": {"x": 1}},
        {"v": "one", "home": {"city": "Bern", "zip": "CH-3000"}, "tags": [], "sizes": {}},
        {"v": True, "home": None, "tags": [], "sizes": {}},
    ]
    got = seen(tmp_path, avro(fields, rows), name="data.avro")
    assert got.table.columns == ["v", "home.city", "home.zip", "tags", "sizes"]
    assert got.rows == [
        ("1", "Ulm", "89073", '["a", "b"]', '{"x": 1}'),
        ("one", "Bern", "CH-3000", "[]", "{}"),
        ("true", None, None, "[]", "{}"),
    ]


def test_a_type_that_holds_itself_ends_in_text(tmp_path: Path) -> None:
    fields = [{"name": "n", "type": "int"}, {"name": "next", "type": ["null", "Row"]}]
    row = {"n": 1, "next": {"n": 2, "next": {"n": 3, "next": None}}}
    got = seen(tmp_path, avro(fields, [row]), name="data.avro")
    assert got.table.columns == ["n", "next"]
    assert got.rows == [(1, '{"n": 2, "next": {"n": 3, "next": null}}')]


@pytest.mark.parametrize("codec", ["deflate", "snappy", "zstandard", "bzip2", "xz"])
def test_every_codec_is_read(tmp_path: Path, codec: str) -> None:
    rows = [{"a": at} for at in range(1000)]
    got = seen(tmp_path, avro([{"name": "a", "type": "int"}], rows, codec), name="data.avro")
    assert len(got.rows) == 1000
    assert got.lines[-1] == 1000


def test_without_rows_the_columns_stay(tmp_path: Path) -> None:
    got = seen(tmp_path, avro([{"name": "a", "type": "int"}], []), name="wrong.csv")
    assert got.table.columns == ["a"]
    assert got.rows == []


def test_a_cut_off_or_damaged_file_is_worded(tmp_path: Path) -> None:
    whole = avro([{"name": "a", "type": "string"}], [{"a": "x" * 50}] * 100)
    for content in (whole[:-30], whole[:40], b"Obj\x01" + b"\xff" * 100):
        with pytest.raises(InputError, match="Avro file is damaged"):
            seen(tmp_path, content, name="data.avro")


def test_avro_and_csv_unite(tmp_path: Path) -> None:
    (tmp_path / "a.avro").write_bytes(avro([{"name": "id", "type": "int"}], [{"id": 1}]))
    (tmp_path / "b.csv").write_text("id,x\n2,y\n")
    assert look([tmp_path / "a.avro", tmp_path / "b.csv"]).rows == [("1", None), ("2", "y")]
