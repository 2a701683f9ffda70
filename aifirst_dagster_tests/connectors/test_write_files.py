"""Parquet and CSV targets: as a whole or not at all, the same load twice changes nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from aifirst_dagster.connectors.write_files import write_file
from aifirst_dagster.errors import AifirstError, ConfigError, InputError, StorageError
from aifirst_dagster_tests.connectors.loads import MORE, ROWS, Desk

FORMATS = ("parquet", "csv")


def desk(con, path: Path, form: str) -> Desk:
    def read(query: str) -> list:
        reader = "read_parquet" if form == "parquet" else "read_csv"
        with duckdb.connect() as other:
            return other.execute(f"WITH there AS (FROM {reader}('{path}')) {query}").fetchall()

    return Desk(con, lambda con, load: write_file(con, load, path, form), read)


@pytest.fixture(params=FORMATS)
def at(request, con, tmp_path) -> Desk:
    return desk(con, tmp_path / "deep" / f"out.{request.param}", request.param)


def test_rows_are_written_without_hidden_columns_and_counted(con, tmp_path):
    for form in FORMATS:
        at = desk(con, tmp_path / f"out.{form}", form)
        written = at.put(ROWS)
        assert (written.rows, Path(written.location)) == (3, tmp_path / f"out.{form}")
        assert at.read("SELECT id, name FROM there ORDER BY id")[:2] == [(1, "Ada"), (2, 'it\'s; "Grace"')]
    assert not list(tmp_path.glob(".*")), "no scratch file is left"


def test_csv_is_rfc_4180_that_others_read(con, tmp_path):
    desk(con, tmp_path / "o.csv", "csv").put("SELECT 'a,\"b\"\nc' AS \"x,1\", NULL AS y, DATE '2026-01-02' AS z")
    with (tmp_path / "o.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["x,1", "y", "z"], ['a,"b"\nc', "", "2026-01-02"]]


def test_replace_leaves_these_rows_alone(at):
    at.put(ROWS)
    assert at.put(MORE).rows == 2
    assert at.read("SELECT id FROM there ORDER BY id") == [(3,), (4,)]


def test_upsert_replaces_rows_of_the_same_key_and_keeps_others(at):
    at.put(ROWS, "upsert", ("id",))
    assert at.put(MORE, "upsert", ("id",)).rows == 4
    assert at.read("SELECT id, name FROM there ORDER BY id")[2:] == [(3, "Linus"), (4, "Margaret")]


def test_the_same_upsert_twice_changes_nothing(con, tmp_path):
    for form in FORMATS:
        path = tmp_path / f"o.{form}"
        at = desk(con, path, form)
        at.put(ROWS, "upsert", ("id",))
        at.put(MORE, "upsert", ("id",))
        before = path.read_bytes()
        assert at.put(MORE, "upsert", ("id",)).rows == 4
        assert path.read_bytes() == before


def test_an_upsert_may_bring_new_columns(at):
    at.put("SELECT 1 AS id, 'a' AS old", "upsert", ("id",))
    at.put("SELECT 2 AS id, 'b' AS new", "upsert", ("id",))
    assert at.read("SELECT id, old, new FROM there ORDER BY id") == [(1, "a", None), (2, None, "b")]


def test_the_same_load_is_appended_once(con, tmp_path):
    at = desk(con, tmp_path / "o.parquet", "parquet")
    assert at.put(ROWS, "append").rows == 3
    assert at.put(MORE, "append").rows == 5
    assert at.put(ROWS, "append").rows == 5
    assert at.put(MORE, "append").rows == 5


def test_csv_cannot_be_appended_to(con, tmp_path):
    with pytest.raises(ConfigError, match="cannot be appended to"):
        desk(con, tmp_path / "o.csv", "csv").put(ROWS, "append")


@pytest.mark.parametrize(
    ("query", "key", "said"),
    [
        (ROWS, ("nr",), "'nr' is not in the dataset"),
        ("SELECT 1 AS id FROM range(2)", ("id",), "not unique: 1 stands on several rows"),
        ("SELECT unnest([1, NULL]) AS id", ("id",), "empty in some rows"),
        ("FROM (VALUES (1, 'a'), (1, 'a')) t(x, y)", ("x", "y"), "not unique: 1, a"),
    ],
)
def test_a_key_that_does_not_identify_rows_is_refused(at, query, key, said):
    with pytest.raises(InputError, match=said):
        at.put(query, "upsert", key)
    assert at.put(ROWS).rows == 3


def test_a_write_that_fails_leaves_the_file_that_was_there(at, con):
    at.put(ROWS)
    with pytest.raises((AifirstError, duckdb.Error)):
        at.put("SELECT error('half way') AS id FROM range(3)")
    assert len(at.read("FROM there")) == 3


def test_a_damaged_target_is_worded_and_left_alone(con, tmp_path):
    path = tmp_path / "o.parquet"
    path.write_bytes(b"this is no Parquet file, it is a diary")
    for mode, key in (("upsert", ("id",)), ("append", ())):
        with pytest.raises(StorageError, match="Cannot") as caught:
            desk(con, path, "parquet").put(ROWS, mode, key)
        assert caught.value.file == str(path)
    assert path.read_bytes().startswith(b"this is no")
    assert not [other for other in tmp_path.iterdir() if other != path]


def test_a_folder_in_the_way_is_worded(at, tmp_path):
    for form in FORMATS:
        (tmp_path / "deep" / f"out.{form}").mkdir(parents=True)
    with pytest.raises(StorageError, match="Cannot write the output"):
        at.put(ROWS)


def test_empty_tables_and_hostile_names_are_written(at):
    name = 'a "b", c\nd; DROP TABLE x --'
    quoted = '"' + name.replace('"', '""') + '"'
    assert at.put(f"SELECT 1 AS {quoted}").rows == 1
    assert at.read("FROM there") == [(1,)]
    assert at.put(f"SELECT 1 AS {quoted} WHERE false").rows == 0
