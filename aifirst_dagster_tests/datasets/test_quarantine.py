"""Quarantined rows: one shape, stable ids, every value kept."""

from __future__ import annotations

from aifirst_dagster.datasets import quarantine
from aifirst_dagster.datasets.session import connect

ROWS = """(SELECT * FROM (VALUES
    (1, 'a "quoted" £', NULL, 'f.csv', 2), (2, NULL, [1, 2], 'f.csv', 9), (3, 'x', NULL, 'e.csv', 4)
) t(id, "na'me", nested, _source, _source_line))"""
NAMES = ["id", "na'me", "nested", "_source", "_source_line"]


def stored(path, relation=ROWS, names=NAMES):
    with connect() as con:
        count = quarantine.write(con, quarantine.select(relation, names, "'no ' || id"), path)
        return count, quarantine.read(con, path) if count else []


def test_rows_are_kept_whole_in_the_order_of_their_source(tmp_path):
    count, entries = stored(tmp_path / "q.parquet")
    assert count == 3
    assert [(entry["_source"], entry["_source_line"]) for entry in entries] == [
        ("e.csv", 4), ("f.csv", 2), ("f.csv", 9)
    ]  # fmt: skip
    assert entries[1]["values"] == {"id": 1, "na'me": 'a "quoted" £', "nested": None}
    assert entries[2]["values"]["nested"] == [1, 2]
    assert [entry["reason"] for entry in entries] == ["no 3", "no 1", "no 2"]


def test_the_id_of_a_row_stays_the_same_as_long_as_the_row_does(tmp_path):
    _, first = stored(tmp_path / "a.parquet")
    _, again = stored(tmp_path / "b.parquet", f"(SELECT * FROM {ROWS} ORDER BY id DESC)")
    _, moved = stored(tmp_path / "c.parquet", f"(SELECT * REPLACE (_source_line + 1 AS _source_line) FROM {ROWS})")
    ids = [entry["id"] for entry in first]
    assert len(set(ids)) == 3
    assert [entry["id"] for entry in again] == ids
    assert not set(ids) & {entry["id"] for entry in moved}


def test_no_rows_leave_no_file(tmp_path):
    path = tmp_path / "q.parquet"
    assert stored(path, f"(SELECT * FROM {ROWS} WHERE false)") == (0, [])
    assert not path.exists()


def test_lines_that_no_table_could_be_made_of_keep_their_text(tmp_path):
    relation = "(SELECT 'f.csv' AS _source, 3::BIGINT AS _source_line, 'too many' AS reason, 'a,b,c' AS text)"
    with connect() as con:
        quarantine.write(con, quarantine.rejects(relation), tmp_path / "q.parquet")
        (entry,) = quarantine.read(con, tmp_path / "q.parquet")
    assert entry["values"] == {"line": "a,b,c"}
    assert (entry["_source_line"], entry["reason"]) == (3, "too many")
