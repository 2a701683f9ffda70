"""Texts looked up by their number: what a join says, with the rows as they stood."""

import pytest

from aifirst_dagster.cli.clean import Wishes, clean_files
from aifirst_dagster.repair import lookups
from aifirst_dagster.repair.compile import compiled
from aifirst_dagster_tests.repair.scene import Scene

ROWS = 300_000  # more than two of DuckDB's row groups, which two threads finish in either order
MADE = f"""
SELECT i AS id, ['Red', 'red ', 'RED', 'Blue', 'n/a', NULL][i * 7919 % 6 + 1] AS colour,
    CASE WHEN i % 5 = 0 THEN strftime(today, '%d.%m.%Y') ELSE strftime(today, '%Y-%m-%d') END AS day,
    CASE WHEN i % 5 = 0 THEN strftime(now, '%d.%m.%Y %H:%M') ELSE strftime(now, '%Y-%m-%d %H:%M') END AS "at"
FROM (SELECT i, DATE '2020-01-01' + (i % 900)::INTEGER AS today, TIMESTAMP '2020-01-01' + INTERVAL (i) MINUTE AS now
      FROM range({ROWS}) made(i))
"""


@pytest.fixture
def scene(con):
    scene = Scene(con, {"id": "string", "colour": "string", "day": "date", "at": "datetime", "none": "string"}, [])
    con.execute(f"INSERT INTO scene SELECT *, NULL, 'f.csv', id + 2, NULL FROM ({MADE})")
    return scene


def test_a_repaired_table_has_its_rows_in_the_order_of_the_file_and_says_what_a_join_says(con, scene):
    plan = scene.propose()
    with lookups.texts(con, plan, "scene") as types:
        assert {"colour", "day"} <= set(types) and "at" not in types, "of many texts each is read for itself"
    done = scene.repair(plan)
    before = f"SELECT _source_line AS line, lag(_source_line) OVER () AS before FROM {done.table}"
    assert con.execute(f"SELECT count(*) FROM ({before}) WHERE line < before").fetchall() == [(0,)]
    con.execute(f"CREATE TABLE joined AS {compiled(plan, 'scene', traced=True).sql}")
    for one, other in (("joined", done.table), (done.table, "joined")):
        assert con.execute(f"SELECT count(*) FROM (FROM {one} EXCEPT ALL FROM {other})").fetchall() == [(0,)]
    assert con.execute("SELECT count(*) FROM duckdb_types() WHERE type_name LIKE 'repair_texts%'").fetchall() == [(0,)]


def test_a_column_without_a_text_has_nothing_to_look_up(con, scene):
    plan = scene.propose()
    con.execute("UPDATE scene SET colour = NULL, day = NULL")
    done = scene.repair(plan)
    assert con.execute(f"SELECT count(*), count(colour), count(day) FROM {done.kept}").fetchall() == [(ROWS, 0, 0)]


def test_clean_writes_rows_and_repairs_in_the_order_of_the_file(con, tmp_path):
    messy, out = tmp_path / "messy.csv", tmp_path / "out.csv"
    con.execute(f"COPY ({MADE}) TO '{messy}' (HEADER)")
    for large in (10**9, 0):  # tables in memory, and in a file
        answer = clean_files([str(messy)], Wishes(output=out), large=large)
        assert answer["rows_out"] == ROWS
        for path, number in ((out, "id"), (f"{out}.repairs.csv", "source_line")):
            steps = f"SELECT {number} AS n, lag({number}) OVER () AS before FROM '{path}'"
            assert con.execute(f"SELECT count(*) FROM ({steps}) WHERE n < before").fetchall() == [(0,)], path
