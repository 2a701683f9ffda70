"""What the order of the rows says: a key that grows has no twins, and rows are numbered as their files have them."""

import pytest

from aifirst_dagster_tests.repair.scene import Scene, typed

KEY = typed("id", "integer", "BIGINT", unique=True, nullable=False)


def test_twins_are_found_although_the_plan_takes_their_column_for_a_key(con):
    rows = [[n, "x"] for n in range(1, 51)]
    scene = Scene(con, {"id": KEY, "t": "string"}, rows)
    plan = scene.propose()
    assert plan.deduplicate and scene.repair(plan).merged == 0
    for at, twin, first in ((51, 3, 4), (1, 50, 2)):  # behind the greatest, and before the least
        later = Scene(con, {"id": KEY, "t": "string"}, [*rows[: at - 1], [twin, "x"], *rows[at - 1 :]])
        assert later.repair(plan).merged == 1
        kept = con.execute(f"SELECT _duplicate_of FROM {later.result.duplicates}").fetchall()
        assert kept == [(first,)]


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        ("source, line", {"a": [0, 1, 2], "b": [0, 1], None: [0, 1]}),
        ("line, source", {"a": [0, 1, 2], "b": [0, 1], None: [0, 1]}),  # the sources take turns
        ("source, line DESC", {"a": [0, 1, 2], "b": [0, 1], None: [0, 1]}),
    ],
)
def test_rows_are_numbered_within_their_source_however_they_lie(con, order, numbers):
    scene = Scene(con, {"id": KEY, "t": "string"}, [])
    con.execute(
        "INSERT INTO scene SELECT row_number() OVER (), ' x', source, line, NULL FROM (VALUES ('a', 2), ('a', 3), "
        f"('a', 9), ('b', 2), ('b', 4), (NULL, 2), (NULL, 5)) rows(source, line) ORDER BY {order}"
    )
    done = scene.repair(scene.propose())
    found: dict[str | None, list[int]] = {}
    for source, row in con.execute(f'SELECT _source, "row" FROM {done.repairs} ORDER BY source_line').fetchall():
        found.setdefault(source, []).append(row)
    assert found == numbers
