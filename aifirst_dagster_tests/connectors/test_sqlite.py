"""SQLite databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster_tests.connectors.reading import look


def database(folder: Path, *statements: str, name: str = "data.db") -> Path:
    path = folder / name
    with sqlite3.connect(path) as con:
        for statement in statements:
            con.execute(statement)
    con.close()
    return path


def test_columns_have_a_type_where_all_values_agree(tmp_path: Path) -> None:
    path = database(
        tmp_path,
        "CREATE TABLE t (a INTEGER, b REAL, c TEXT, d, e BLOB, f NUMERIC)",
        "INSERT INTO t VALUES (1, 1.5, 'x', 1, x'00ff', 1), (2, 2, NULL, 'two', x'01', 2.5)",
        "INSERT INTO t VALUES (NULL, NULL, '', x'ab', NULL, 3)",
    )
    got = look([path])
    assert got.table.format == "sqlite"
    assert got.table.native == {"a": "BIGINT", "b": "DOUBLE", "e": "BLOB", "f": "DOUBLE"}
    assert got.rows == [
        (1, 1.5, "x", "1", b"\x00\xff", 1.0), (2, 2.0, None, "two", b"\x01", 2.5), (None, None, "", "AB", None, 3.0),
    ]  # fmt: skip
    assert got.lines == [1, 2, 3]


def test_the_table_with_most_rows_is_read_and_others_are_named(tmp_path: Path) -> None:
    path = database(
        tmp_path, "CREATE TABLE small (a)", "INSERT INTO small VALUES (1)", 'CREATE TABLE "big; \'one" (b)',
        'INSERT INTO "big; \'one" VALUES (1), (2)',
    )  # fmt: skip
    got = look([path])
    assert got.table.columns == ["b"]
    assert "small (1 rows)" in got.table.notices[0]
    assert look([Path(f"{path}#small")]).rows == [(1,)]
    with pytest.raises(ConfigError, match="no table 'nope'"):
        look([Path(f"{path}#nope")])


def test_a_query_gives_its_rows_and_nothing_else(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (2), (3)")
    assert look([path], query="SELECT a * 2 AS twice FROM t WHERE a > 1 -- all\n;").rows == [(4,), (6,)]
    for wrong in ("DELETE FROM t", "SELECT 1; DROP TABLE t", "ATTACH 'x' AS y", "WITH q AS (SELECT 1) DELETE FROM t"):
        with pytest.raises((ConfigError, InputError)):
            look([path], query=wrong)
    assert len(look([path]).rows) == 3
    with pytest.raises(ConfigError, match="query fails"):
        look([path], query="SELECT nope FROM t")


def test_views_are_read_and_views_that_fail_do_not_hinder(tmp_path: Path) -> None:
    path = database(
        tmp_path, "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", "CREATE VIEW v AS SELECT a + 1 AS b FROM t",
        "CREATE VIEW broken AS SELECT * FROM gone",
    )  # fmt: skip
    assert look([Path(f"{path}#v")]).rows == [(2,)]
    assert look([path]).rows == [(1,)]


def test_text_that_is_not_utf8_is_kept_as_its_bytes(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES (CAST(x'41ff42' AS TEXT)), ('x')")
    assert look([path]).rows == [("A\\xffB",), ("x",)]


def test_late_values_of_another_kind_lose_nothing(tmp_path: Path) -> None:
    path = database(
        tmp_path,
        "CREATE TABLE t (a)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 120000) INSERT INTO t SELECT i FROM n",
        "INSERT INTO t VALUES ('late')",
    )
    got = look([path])
    assert len(got.rows) == 120_001
    assert got.rows[-1] == ("late",)


def test_empty_ones_are_told(tmp_path: Path) -> None:
    got = look([database(tmp_path, "CREATE TABLE t (a, b)")])
    assert (got.table.columns, got.rows) == (["a", "b"], [])
    with pytest.raises(InputError, match="no tables"):
        look([database(tmp_path, "CREATE TABLE t (a)", "DROP TABLE t", name="none.db")])


def test_a_damaged_one_is_worded(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t (a)", "INSERT INTO t SELECT randomblob(5000)")
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(InputError, match="cannot be read"):
        look([path])


def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
    before = path.read_bytes()
    look([path])
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["data.db"]


def test_many_columns_are_read(tmp_path: Path) -> None:
    names = ", ".join(f"c{n}" for n in range(1500))
    path = database(tmp_path, f"CREATE TABLE t ({names})", "INSERT INTO t (c0, c1499) VALUES (1, 'x')")
    assert look([path]).rows[0][::1499] == (1, "x")
