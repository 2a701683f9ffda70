"""Missing values and outliers: left alone by default, dealt with where a plan asks for it, every cell listed."""

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.repair.plan import Action, RepairPlan
from aifirst_dagster_tests.repair.scene import Scene, typed

ID = typed("id", "integer", "BIGINT")
AGE = typed("age", "integer", "BIGINT")
ROWS = [[1, "8001", "Zurich", 30], [2, "8001", None, None], [3, "1201", "Geneva", 40], [4, "1201", "Geneva", 50],
        [5, None, None, 60], [6, "8001", "Zurich", None]]  # fmt: skip


@pytest.fixture
def scene(con):
    return Scene(con, {"id": ID, "zip": "string", "city": "string", "age": AGE}, ROWS)


def with_action(scene, column, action, **params):
    plan = scene.propose()
    plan = RepairPlan.parse(plan.dump())
    extra = Action(column=column, action=action, params=params)
    return RepairPlan.model_validate({**plan.model_dump(), "actions": [*plan.model_dump()["actions"], extra]})


def repaired(scene, column, action, **params):
    scene.repair(with_action(scene, column, action, **params))
    return scene.values(column)


def listed(scene, column):
    rows = scene.con.execute(f'SELECT source_line, before, after, "column" FROM {scene.result.repairs}').fetchall()
    return [(line, before, after) for line, before, after, name in rows if name == column]


def test_by_default_nothing_is_filled(scene):
    scene.repair()
    assert scene.values("age") == [30, None, 40, 50, 60, None]
    assert scene.values("city") == ["Zurich", None, "Geneva", "Geneva", None, "Zurich"]
    assert any(action.action == "report_missing" for action in scene.plan.actions)


@pytest.mark.parametrize(
    ("strategy", "more", "expected"),
    [
        ("constant", {"value": 7}, [30, 7, 40, 50, 60, 7]),
        ("median", {}, [30, 40, 40, 50, 60, 40]),
        ("mode", {}, [30, 30, 40, 50, 60, 30]),
        ("forward", {}, [30, 30, 40, 50, 60, 60]),
        ("backward", {}, [30, 40, 40, 50, 60, None]),
        ("forward", {"by": ["zip"]}, [30, 30, 40, 50, 60, 30]),
        ("forward", {"order": ["zip"]}, [30, 30, 40, 50, 60, 30]),
        ("dependency", {"by": ["zip"]}, [30, 30, 40, 50, 60, 30]),
    ],
)
def test_numbers_are_filled_as_the_plan_says(scene, strategy, more, expected):
    assert repaired(scene, "age", "fill_missing", strategy=strategy, **more) == expected


def test_what_depends_on_another_column_is_filled_where_its_rows_agree(scene):
    assert repaired(scene, "city", "fill_missing", strategy="dependency", by=["zip"])[1] == "Zurich"
    assert scene.values("city")[4] is None


def test_a_dependency_that_any_row_contradicts_fills_nothing(con):
    scene = Scene(con, {"id": ID, "zip": "string", "city": "string", "age": AGE}, [*ROWS, [7, "8001", "Wil", 1]])
    assert repaired(scene, "city", "fill_missing", strategy="dependency", by="zip")[1] is None


def test_each_filled_cell_is_listed_and_can_be_marked(scene):
    repaired(scene, "age", "fill_missing", strategy="median", into="age_filled")
    assert listed(scene, "age") == [(3, "", "40"), (7, "", "40")]
    assert scene.values("age_filled") == [False, True, False, False, False, True]


def test_the_fill_that_a_finding_suggests_works_as_it_is(con):
    rows = [[n, zip_, city, 1] for n, (zip_, city) in enumerate([("1", "A"), ("2", "B"), ("3", "C")] * 4)]
    scene = Scene(con, {"id": ID, "zip": "string", "city": "string", "age": AGE}, [*rows, [99, "2", None, 1]])
    (finding,) = [a for a in scene.propose().actions if a.action == "report_missing" and a.column == "city"]
    assert repaired(scene, "city", "fill_missing", **finding.params["fill"])[-1] == "B"


@pytest.mark.parametrize(
    ("params", "word"),
    [({"strategy": "guess"}, "unknown strategy"), ({"strategy": "constant"}, "no value"),
     ({"strategy": "dependency"}, "depends on"), ({"strategy": "forward", "by": ["nowhere"]}, "nowhere")],
)  # fmt: skip
def test_a_fill_that_cannot_work_is_an_error_that_says_why(scene, params, word):
    with pytest.raises(ConfigError, match=word):
        repaired(scene, "age", "fill_missing", **params)


def test_outliers_are_set_aside_emptied_or_clipped_as_the_plan_says(con):
    rows = [[n, "z", "c", 20 + n] for n in range(20)] + [[50, "z", "c", 999]]
    scene = Scene(con, {"id": ID, "zip": "string", "city": "string", "age": AGE}, rows)
    assert repaired(scene, "age", "treat_outliers", high=100, how="null")[-1] is None
    assert listed(scene, "age") == [(22, "999", None)]
    assert repaired(scene, "age", "treat_outliers", low=22, high=100, how="clip")[-1] == 100
    assert scene.values("age")[:3] == [22, 22, 22]
    assert len(repaired(scene, "age", "treat_outliers", high=100)) == 20
    assert scene.aside() == {22: "age: far outside the others"}
    assert scene.result.rows_in == scene.result.rows_out + scene.result.quarantined


def test_an_outlier_without_a_bound_is_an_error(scene):
    with pytest.raises(ConfigError, match="bound"):
        repaired(scene, "age", "treat_outliers")
