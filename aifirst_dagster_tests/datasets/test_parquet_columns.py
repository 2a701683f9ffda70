"""Columns copied out of a Parquet file: the same as a query of them, for whoever reads the file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from aifirst_dagster.datasets.parquet_columns import copy_columns
from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.datasets.thrift import Reader, written

ROWS = 5_000
#: Every shape that a dataset's columns have: texts few and many, nothing, nested, wide numbers, names that need care.
COLUMNS = {
    "id": "n",
    "few": "['a', 'b', NULL][n % 3 + 1]",
    "many": "md5(n::VARCHAR)",
    "nothing": "NULL::VARCHAR",
    "list": "CASE WHEN n % 5 > 0 THEN range(n % 4) END",
    "money": "(n / 7)::DECIMAL(18, 4)",
    "day": "DATE '2020-01-01' + (n % 900)::INTEGER",
    "moment": "TIMESTAMPTZ '2020-01-01' + to_seconds(n)",
    "huge": "n::HUGEINT * 10 ** 20",
    'na"me; \nDROP': "n::VARCHAR || '☃'",
    "deep": "{'a': n, 'b': [{'c': n::VARCHAR}]}",
    "yes": "n % 2 = 0",
    "_source": "'file'",
    "_source_line": "n",
    "_raw": "CASE WHEN n % 50 = 0 THEN MAP {'few': 'x', 'id': n::VARCHAR} END",
}


def table(query: str) -> duckdb.DuckDBPyRelation:
    """The result of a query."""
    result = duckdb.sql(query)
    assert result is not None
    return result


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("columns") / "all.parquet"
    made = ", ".join(f"{sql} AS {ident(name)}" for name, sql in COLUMNS.items())
    duckdb.sql(f"COPY (SELECT {made} FROM range({ROWS}) t(n)) TO {literal(path)} (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return path


def wanted() -> list[list[str]]:
    names = list(COLUMNS)
    return [[name for name in names if not name.startswith("_")], names[::2], names[1::3], [names[10]], names]


@pytest.mark.parametrize("columns", wanted(), ids=len)
def test_the_copy_holds_what_a_query_gives(source: Path, tmp_path: Path, columns: list[str]) -> None:
    target = tmp_path / "out.parquet"
    assert copy_columns(source, target, columns, {"loads": "[1]"}) == ROWS
    query = f"SELECT {', '.join(map(ident, columns))} FROM read_parquet({literal(source)})"
    copied = table(f"FROM read_parquet({literal(target)})")
    assert copied.columns == columns
    assert copied.types == table(query).types
    assert copied.fetchall() == table(query).fetchall()
    notes = table(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({literal(target)})").fetchall()
    assert ("loads", "[1]") in notes


def test_other_readers_and_filters_find_the_same(source: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    target, plain = tmp_path / "out.parquet", tmp_path / "plain.parquet"
    columns = ["few", "many", "list", "deep"]
    copy_columns(source, target, columns, {})
    duckdb.sql(
        f"COPY (SELECT few, many, list, deep FROM read_parquet({literal(source)})) TO {literal(plain)} "
        "(FORMAT parquet, ROW_GROUP_SIZE 2048)"
    )
    # By values: a query also marks columns as required whose statistics say that none is empty.
    assert parquet.read_table(target).to_pydict() == parquet.read_table(plain).to_pydict()
    groups = parquet.ParquetFile(target).metadata.num_row_groups
    assert groups == parquet.ParquetFile(source).metadata.num_row_groups > 1
    one = table(f"SELECT md5('4321'), count(*) FROM read_parquet({literal(target)}) WHERE many = md5('4321')")
    assert one.fetchall()[0][1] == 1
    probe = "SELECT row_group_id, bloom_filter_excludes FROM parquet_bloom_probe({}, 'few', {}) ORDER BY ALL"
    for value in ("'a'", "'not there'"):
        assert (
            table(probe.format(literal(target), value)).fetchall()
            == table(probe.format(literal(source), value)).fetchall()
        )


def test_another_order_or_an_unknown_column_is_left_to_a_query(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    for columns in (["many", "few"], ["id", "elsewhere"], []):
        assert copy_columns(source, target, columns, {}) is None
    assert not target.exists()


def test_no_rows_are_copied_too(tmp_path: Path) -> None:
    source, target = tmp_path / "none.parquet", tmp_path / "out.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS a, 2 AS b WHERE false) TO {literal(source)} (FORMAT parquet)")
    assert copy_columns(source, target, ["b"], {}) == 0
    assert table(f"FROM read_parquet({literal(target)})").columns == ["b"]


def test_what_is_no_readable_footer_is_left_to_a_query(source: Path, tmp_path: Path) -> None:
    whole, target = source.read_bytes(), tmp_path / "out.parquet"
    length = int.from_bytes(whole[-8:-4], "little")
    damaged = {
        "empty": b"",
        "text": b"a,b\n1,2\n" * 3,
        "footer gone": whole[:-1000] + whole[-8:],
        "longer than the file": whole[-100:],
        "zeros": whole[: -8 - length] + bytes(length) + whole[-8:],
    }
    for name, content in damaged.items():
        (tmp_path / "in.parquet").write_bytes(content)
        assert copy_columns(tmp_path / "in.parquet", target, ["id"], {}) is None, name
        assert not target.exists(), name


def test_a_footer_is_written_as_it_was_read(source: Path) -> None:
    whole = source.read_bytes()
    footer = whole[-8 - int.from_bytes(whole[-8:-4], "little") : -8]
    assert written(Reader(footer).structure()) == footer
