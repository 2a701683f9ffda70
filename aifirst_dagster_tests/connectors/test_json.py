"""JSON, JSON Lines and Parquet."""

from __future__ import annotations

from pathlib import Path

import pytest

from aifirst_dagster.errors import ConfigError, InputError
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


def test_records_in_records_are_columns_and_mixed_values_text(tmp_path: Path) -> None:
    text = '[{"a": {"x": [1, 2], "y": {"z": 1}}, "m": 1, "d": "2024-01-05"}, {"a": null, "m": "one"}]'
    got = seen(tmp_path, text, name="data.json")
    assert got.table.columns == ["a.x", "a.y.z", "m", "d"]
    assert got.table.native == {"a.y.z": "BIGINT"}
    assert got.rows == [("[1,2]", 1, "1", "2024-01-05"), (None, None, "one", None)]


@pytest.mark.parametrize("late", ['"x"', "[1]", "7"])
def test_what_is_a_record_here_and_none_there_stays_json(tmp_path: Path, late: str) -> None:
    got = seen(tmp_path, f'[{{"a": {{"x": 1}}}}, {{"a": {late}}}]', name="data.json")
    assert got.rows == [('{"x":1}',), (late.strip('"'),)]


@pytest.mark.parametrize("nested", [False, True])
def test_a_key_or_a_kind_that_comes_late_loses_nothing(tmp_path: Path, nested: bool) -> None:
    def line(record: str) -> str:
        return f'{{"r": {record}}}' if nested else record

    lines = [line(f'{{"a": {at}, "f": 0.5}}') for at in range(30_000)]
    lines += [line('{"a": "007", "f": 1}'), line('{"a": 1, "f": "2.50", "new": {"deep": true}}')]
    got = seen(tmp_path, "\n".join(lines), name="data.jsonl")
    start = "r." if nested else ""
    assert got.table.columns == [f"{start}a", f"{start}f", f"{start}new.deep"]
    assert [row[0] for row in got.rows[-2:]] == ["007", "1"]
    assert got.rows[-1][2] is True
    assert len(got.rows) == 30_002


def test_a_record_of_very_many_keys_is_a_dictionary_and_stays_json(tmp_path: Path) -> None:
    wide = ", ".join(f'"k{at}": {at}' for at in range(500))
    got = seen(tmp_path, f'[{{"id": 1, "by_day": {{{wide}}}}}]', name="data.json")
    assert got.table.columns == ["id", "by_day"]


def test_names_that_differ_in_case_only_stay_apart(tmp_path: Path) -> None:
    got = seen(tmp_path, '[{"a": 1, "A": 2, "r": {"b": 3, "B": 4}}]', name="data.json")
    assert [str(cell) for cell in got.rows[0]][:2] == ["1", "2"]
    assert "3" in str(got.rows[0]) and "4" in str(got.rows[0])


def test_deep_nesting_is_kept_or_refused_in_words(tmp_path: Path) -> None:
    deep = '{"a": ' * 50 + "1" + "}" * 50
    got = seen(tmp_path, f"[{deep}]", name="data.json")
    assert got.rows[0][0].count("a") >= 40
    with pytest.raises(InputError):
        seen(tmp_path, "[" * 100_000 + "]" * 100_000, name="data.json")


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


ORDERS = [
    '{"id": 7, "name": "Ada", "orders": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2, "gift": {"to": "Bo"}}]}',
    '{"id": 8, "name": "Cy", "orders": []}',
    '{"id": 9, "name": "Di", "orders": [{"sku": "c", "n": null}], "tags": ["x", "y"]}',
]


@pytest.mark.parametrize(
    ("name", "text"),
    [("d.json", "[" + ",".join(ORDERS) + "]"), ("d.jsonl", "\n".join(ORDERS)), ("e.json", "".join(ORDERS))],
)
def test_a_list_of_objects_is_a_table_of_its_own_with_its_parents_key(tmp_path: Path, name: str, text: str) -> None:
    got = seen(tmp_path, text, name=name)
    assert got.table.columns[:3] == ["id", "name", "orders"]
    assert f"{tmp_path}/{name}#orders" in got.table.notices[0]
    child = look([Path(f"{tmp_path}/{name}#orders")])
    assert child.table.columns == ["parent.id", "sku", "n", "gift.to"]
    assert child.rows == [(7, "a", 1, None), (7, "b", 2, "Bo"), (9, "c", None, None)]
    assert child.lines == [1, 1, 3]
    assert look([Path(f"{tmp_path}/{name}#tags")]).rows == [(9, "x"), (9, "y")]
    with pytest.raises(ConfigError, match="no list 'nope'"):
        look([Path(f"{tmp_path}/{name}#nope")])


def test_broken_lines_stay_rejected_where_a_list_is_read(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text(f"{ORDERS[0]}\noops\n{ORDERS[2]}\n")
    child = look([Path(f"{tmp_path}/d.jsonl#orders")])
    assert child.lines == [1, 1, 3]
    assert [line for line, _, _ in child.rejects] == [2]


def test_a_document_of_several_lists_gives_the_longest_and_names_the_others(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"a": [{"x": 1}], "b": [{"y": 1}, {"y": 2}]}')
    got = look([tmp_path / "d.json"])
    assert got.rows == [(1,), (2,)]
    assert "d.json#a" in got.table.notices[0]
    assert look([Path(f"{tmp_path}/d.json#a")]).rows == [(1,)]


def test_records_without_a_key_are_known_by_their_number(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('[{"a": 1, "l": [{"x": 1}]}, {"a": 1, "l": [{"x": 1}]}]')
    got = look([Path(f"{tmp_path}/d.json#l")])
    assert (got.table.columns, got.rows) == (["parent.record", "x"], [(1, 1), (2, 1)])
