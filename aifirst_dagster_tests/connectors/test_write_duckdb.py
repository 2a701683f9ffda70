"""DuckDB targets: one transaction, the same load twice changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from aifirst_dagster.connectors.write_duckdb import write_duckdb
from aifirst_dagster.errors import StorageError
from aifirst_dagster_tests.connectors.loads import MORE, ROWS, Desk

TABLE = 'my "table"'


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "deep" / "ware house's.duckdb"


@pytest.fixture
def at(con, path) -> Desk:
    def read(query: str) -> list:
        with duckdb.connect(str(path), read_only=True) as other:
            return other.execute(f'WITH there AS (FROM "my ""table""") {query}').fetchall()

    return Desk(con, lambda con, load: write_duckdb(con, load, path, TABLE), read)


def test_replace_leaves_these_rows_alone_and_says_where(at, path):
    written = at.put(ROWS)
    assert (written.rows, written.location) == (3, f"{path}:{TABLE}")
    assert at.put(MORE).rows == 2
    assert at.read("SELECT id FROM there ORDER BY id") == [(3,), (4,)]


def test_replace_may_change_columns(at):
    at.put(ROWS)
    at.put("SELECT 'x' AS other")
    assert at.read("FROM there") == [("x",)]


def test_the_same_load_is_appended_once(at):
    assert [at.put(query, "append").rows for query in (ROWS, MORE, ROWS, MORE)] == [3, 5, 5, 5]


def test_upsert_replaces_rows_of_the_same_key(at):
    assert [at.put(query, "upsert", ("id",)).rows for query in (ROWS, MORE, MORE)] == [3, 4, 4]
    assert at.read("SELECT name FROM there ORDER BY id")[2:] == [("Linus",), ("Margaret",)]


def test_each_partition_replaces_its_own_rows(at):
    at.put(ROWS, partition="2026-01-01")
    at.put(MORE, partition="it's b")
    assert at.put(MORE, partition="2026-01-01").rows == 4
    assert at.read("SELECT _partition, count(*) FROM there GROUP BY 1 ORDER BY 1") == [("2026-01-01", 2), ("it's b", 2)]


def test_rows_that_do_not_fit_the_table_leave_it_unchanged(at):
    at.put(ROWS, "append")
    for query in ("SELECT 'not a number' AS id", "SELECT 1 AS nosuch"):
        with pytest.raises(StorageError, match="failed") as caught:
            at.put(query, "append")
        assert "unchanged" in caught.value.hint
    assert at.read("SELECT count(*) FROM there") == [(3,)]
    assert at.put(MORE, "append").rows == 5, "the refused loads are not remembered"


def test_a_query_that_breaks_half_way_leaves_the_table_unchanged(at):
    at.put(ROWS)
    with pytest.raises(StorageError):
        at.put("SELECT CASE WHEN i = 150000 THEN error('half way') ELSE i END AS id FROM range(200000) t(i)")
    assert at.read("SELECT count(*) FROM there") == [(3,)]


def test_a_database_that_another_process_holds_is_worded(at, path, con):
    at.put(ROWS)
    script = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StorageError, match="Cannot open the database") as caught:
            at.put(MORE)
        assert caught.value.file == str(path)
    finally:
        holder.communicate("")
    assert at.put(MORE).rows == 2


def test_a_file_that_is_no_database_is_worded_and_left_alone(at, path):
    path.parent.mkdir()
    path.write_text("id,name\n1,a\n" * 1000)
    with pytest.raises(StorageError, match="Cannot open the database"):
        at.put(ROWS)
    assert path.read_text().startswith("id,name")


def test_nested_values_are_kept(at):
    at.put("SELECT 1 AS id, [1, 2] AS list, {'a': 'x'} AS record, MAP {'k': 1} AS map")
    assert at.read("SELECT list[2], record.a, map['k'] FROM there") == [(2, "x", 1)]
