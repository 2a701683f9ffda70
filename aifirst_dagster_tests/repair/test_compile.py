"""A plan compiles to one deterministic SELECT that accounts for every row."""

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.repair.compile import select
from aifirst_dagster.repair.plan import Action, RepairPlan
from aifirst_dagster.repair.run import apply
from aifirst_dagster_tests.repair.scene import Scene, typed

ROWS = [
    [1, " Ann ", "$1,234.50", "01.02.2024", "Canada"],
    [2, "MÃ¼ller", "(12)", "13.02.2024", "canada"],
    [3, "Bob", "€12", "2024-03-04", "Canada"],
    [3, "Bob", "€12", "2024-03-04", "Canada"],
    [4, "Cy", "oops", "2024-03-05", "Canada"],
    [5, "Di", "7", "2024-03-06", "France"],
    [6, "Ed", "8", "2024-03-06", "France"],
    [7, "Flo", "9", "2024-03-06", "France"],
]
COLUMNS = {
    "id": typed("id", "integer", "BIGINT"),
    "name": "string",
    "price": "number",
    "day": "date",
    "country": "string",
}


def test_the_select_alone_gives_what_apply_gives(con):
    scene = Scene(con, COLUMNS, ROWS)
    done = scene.repair()
    names = ", ".join(f'"{column.name}"' for column in scene.plan.columns)
    fields = f"{names}, _source, _source_line, _raw, _reasons, _duplicate_of"
    alone = con.execute(f"SELECT {fields} FROM ({select(scene.plan, 'scene')}) ORDER BY _source_line").fetchall()
    assert alone == con.execute(f"SELECT {fields} FROM {done.table} ORDER BY _source_line").fetchall()
    assert [row[-1] for row in alone] == [None, None, None, 4, None, None, None, None]


def test_cleaning_a_clean_dataset_changes_nothing(con):
    scene = Scene(con, COLUMNS, ROWS)
    first = scene.repair()
    con.execute(f"CREATE TABLE once AS SELECT * FROM {first.kept}").fetchall()
    from aifirst_dagster.repair.plan import propose

    again = propose(con, "once", scene.plan.columns)
    second = apply(con, "once", again)
    assert second.rows_out == second.rows_in == first.rows_out
    assert [done for done in second.actions if done.rows_changed] == []
    assert con.execute(f"SELECT * FROM {second.kept} EXCEPT SELECT * FROM once").fetchall() == []


def test_the_same_plan_applied_twice_changes_nothing_more(con):
    scene = Scene(con, COLUMNS, ROWS)
    first = scene.repair()
    con.execute(f"CREATE TABLE once AS SELECT * EXCLUDE (price_currency) FROM {first.kept}").fetchall()
    second = apply(con, "once", scene.plan)
    names = "id, name, price, day, country, _raw"
    assert (
        con.execute(f"SELECT {names} FROM {second.kept} ORDER BY id").fetchall()
        == con.execute(f"SELECT {names} FROM once ORDER BY id").fetchall()
    )


def test_the_files_text_stays_reachable_for_each_changed_cell(con):
    scene = Scene(con, COLUMNS, ROWS)
    done = scene.repair()
    raw = con.execute(f"SELECT id, _raw FROM {done.kept} ORDER BY id LIMIT 2").fetchall()
    assert raw == [
        (1, {"name": " Ann ", "price": "$1,234.50", "day": "01.02.2024"}),
        (2, {"name": "MÃ¼ller", "price": "(12)", "day": "13.02.2024", "country": "canada"}),
    ]


def test_a_renamed_column_takes_its_known_texts_along(con):
    scene = Scene(con, {"Alt Name": typed("Alt Name", "integer", "BIGINT"), "t": "string"}, [[1, "a"], [None, "b"]],
                  raw={3: {"Alt Name": "N/A"}})  # fmt: skip
    scene.columns[0] = scene.columns[0].model_copy(update={"name": "alt_name"})
    done = scene.repair()
    assert con.execute(f"SELECT alt_name, _raw FROM {done.kept} ORDER BY _source_line").fetchall() == [
        (1, None),
        (None, {"alt_name": "N/A"}),
    ]


@pytest.mark.parametrize("name", ['say "hi"', "a'b", "select", "x\ny", "{text}", "#1", "rowid", "at", "text", "n"])
def test_columns_with_hostile_names_are_repaired(con, name):
    scene = Scene(
        con, {name: "number", "t": "string"}, [["$5", "{text}"], ["$6", "'; DROP TABLE scene; --"], ["bad", " {n} "]]
    )
    done = scene.repair(RepairPlan(
        columns=[scene.columns[0].model_copy(update={"physical_type": "DOUBLE"}), scene.columns[1]],
        actions=[Action(column=name, action="parse_numbers", params={"decimal": "point", "affixes": ["$"]}),
                 Action(column="t", action="trim_whitespace"),
                 Action(column="t", action="unify_categories", params={"mapping": {"{text}": "a'b {n}"}}),
                 Action(action="quarantine_empty_rows"), Action(action="merge_duplicates")],
    ))  # fmt: skip
    assert (done.rows_out, done.quarantined) == (2, 1)
    assert scene.values(name) == [5, 6]
    assert scene.values("t") == ["a'b {n}", "'; DROP TABLE scene; --"]
    assert con.execute(f'SELECT "column", "value" FROM {done.quarantine}').fetchall() == [(name, "bad")]
    assert len(con.execute(f"SELECT * FROM {done.repairs}").fetchall()) == 3


def test_a_cell_that_cannot_be_read_may_be_left_empty_instead(con):
    scene = Scene(con, COLUMNS, ROWS)
    done = scene.repair(scene.propose().model_copy(update={"on_unparseable": "null"}))
    assert done.quarantined == 0
    assert con.execute(f"SELECT price, _raw['price'] FROM {done.kept} WHERE id = 4").fetchall() == [(None, "oops")]


def test_rows_and_answers_are_the_same_under_any_number_of_threads(con):
    answers = []
    for threads in (1, 4):
        with connect() as session:
            session.execute(f"SET threads = {threads}").fetchall()
            session.execute(
                "CREATE TABLE scene AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN ' x' || i ELSE 'x' || (i % 50) END "
                "AS name, "
                "'$' || (i % 1000) || '.50' AS price, CASE WHEN i % 2 = 0 THEN strftime(DATE '2020-01-01' + "
                "(i % 900)::INT, '%d.%m.%Y') ELSE (DATE '2020-01-01' + (i % 900)::INT)::VARCHAR END AS day, "
                "['a', 'A', 'b'][1 + i % 3] AS country, 'f' AS _source, "
                "i + 2 AS _source_line, NULL::MAP(VARCHAR, VARCHAR) AS _raw FROM range(250000) t(i)"
            ).fetchall()
            scene = object.__new__(Scene)
            scene.con, scene.columns = session, Scene(connect(), COLUMNS, []).columns
            done = scene.repair()
            rows = session.execute(
                f"SELECT md5(string_agg(k::VARCHAR, '|' ORDER BY k._source_line)) FROM {done.kept} k"
            ).fetchall()
            answers.append((scene.plan.dump(), rows, done.actions))
    assert answers[0] == answers[1]


def test_a_plan_survives_being_written_and_read(con, tmp_path):
    plan = Scene(con, COLUMNS, ROWS).propose()
    plan.save(tmp_path / "plan.yaml")
    assert RepairPlan.load(tmp_path / "plan.yaml") == plan


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("columns: []\nactions: [{action: trim_whitespaces}]", "did you mean 'trim_whitespace'"),
        ("columns: []\nactions: [{acton: trim_whitespace}]", "did you mean 'action'"),
        ("columns: []\ndedupe: true", "deduplicate"),
        ("columns: [{name: a, source_name: a}]\nactions: [{column: b, action: trim_whitespace}]", "unknown column 'b'"),
        (
            "columns: [{name: a, source_name: a}]\nactions: [{column: a, action: trim_whitespace, params: {iner: 1}}]",
            "'inner'",
        ),
        ("columns: [", "not valid YAML"),
        ("- 1", "mapping"),
    ],
)
def test_a_plan_that_is_wrong_says_where_and_what_was_meant(text, says):
    with pytest.raises(ConfigError) as caught:
        RepairPlan.parse(text, "plan.yaml")
    assert says in str(caught.value)


def test_the_documentation_lists_every_action():
    from pathlib import Path

    from aifirst_dagster.repair.actions import table

    page = Path(__file__).parents[2] / "docs" / "repair.md"
    assert table() in page.read_text(encoding="utf-8")
