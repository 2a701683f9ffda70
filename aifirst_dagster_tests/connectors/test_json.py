"""JSON, JSON Lines and Parquet."""

from __future__ import annotations

from pathlib import Path

import pytest

from aifirst_dagster.errors import InputError
from aifirst_dagster_tests.connectors.reading import look, seen


@pytest.mark.parametrize(
    "content",
    [
        '[{"a": 1, "b": "x"}, {"a": 2}]',
        '{"a": 1, "b": "x"}\n{"a": 2}\n',
        '{"a": 1, "b": "x"}{"a": 2}',
        '{"meta": {"n": 2}, "data": [{"a": 1, "b": "x"}, {"a": 2}]}',
    ],
)
def test_records_are_found_in_any_layout(tmp_path: Path, content: str) -> None:
    got = seen(tmp_path, content, name="data.json")
    assert got.table.columns == ["a", "b"]
    assert got.table.native == {"a": "BIGINT"}
    assert got.rows == [(1, "x"), (2, None)]


def test_nested_and_mixed_values_stay_as_text(tmp_path: Path) -> None:
    got = seen(tmp_path, '[{"a": {"x": [1, 2]}, "m": 1, "d": "2024-01-05"}, {"a": null, "m": "one"}]', name="data.json")
    assert got.rows == [('{"x":[1,2]}', "1", "2024-01-05"), (None, "one", None)]


def test_broken_lines_are_rejected_with_their_number(tmp_path: Path) -> None:
    got = seen(tmp_path, '{"a": 1}\n\n{"a": x}\n[1]\n{"a": 2, "a": 3}\n{"a": 4}\n', name="data.jsonl")
    assert got.rows == [(1,), (4,)]
    assert got.lines == [1, 6]
    assert [line for line, _, _ in got.rejects] == [3, 4, 5]


def test_a_key_of_a_late_line_is_a_column(tmp_path: Path) -> None:
    lines = [f'{{"a": {i}}}' for i in range(30_000)] + ['{"a": "late", "b": 1}']
    got = seen(tmp_path, "\n".join(lines), name="data.jsonl")
    assert got.rows[-1][0] == "late"


def test_lone_values_are_one_column(tmp_path: Path) -> None:
    assert seen(tmp_path, "[1, 2]", name="data.json").rows == [(1,), (2,)]
    assert seen(tmp_path, "[]", name="data.json").table.columns == []


def test_what_is_no_json_says_where(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        seen(tmp_path, '[{"a": 1},\n {"a": oops}]', name="data.json")
    assert caught.value.line == 2
    with pytest.raises(InputError, match="cut off"):
        seen(tmp_path, '[{"a": 1},', name="data.json")


def test_csv_named_json_is_csv_and_json_named_csv_is_json(tmp_path: Path) -> None:
    assert seen(tmp_path, "a,b\n1,2\n", name="data.json").table.format == "csv"
    assert seen(tmp_path, '{"a": 1}\n{"a": 2}\n', name="data.csv").table.format == "jsonl"


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "data.parquet"
    duckdb.sql("SELECT 1::INTEGER AS n, DATE '2024-01-05' AS d, [1, 2] AS l").write_parquet(str(path))
    got = look([path])
    assert got.table.native == {"n": "INTEGER", "d": "DATE"}
    assert got.rows[0][2] == "[1,2]"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="Parquet file cannot be read"):
        look([path])
