"""Duplicate and empty rows, and outliers."""

from aifirst_dagster_tests.repair.scene import Scene, typed

ID = typed("id", "integer", "BIGINT")


def counts(scene):
    done = scene.result
    tables = (done.kept, done.quarantine, done.duplicates)
    kept, aside, merged = (scene.con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in tables)
    assert (kept, aside, merged) == (done.rows_out, done.quarantined, done.merged)
    assert done.rows_in == kept + aside + merged
    return kept, aside, merged


def test_every_row_is_kept_merged_or_set_aside(con):
    rows = [[n % 95, "x" if n % 7 else "bad", f"{n % 95}.5" if n % 13 else "oops"] for n in range(100)]
    scene = Scene(con, {"id": ID, "t": "string", "n": "number"}, rows)
    scene.repair()
    kept, aside, merged = counts(scene)
    assert kept and aside == 8 and merged


def test_duplicates_are_found_after_the_repair_and_say_which_row_stays(con):
    rows = [[1, "Ann", "$5"], [2, "Bob", "$6"], [1, " Ann ", "5 $"], [1, "Ann", "$5"], [3, "Cy", "$7"]]
    scene = Scene(con, {"id": ID, "t": "string", "n": "number"}, rows)
    scene.repair()
    assert counts(scene) == (3, 0, 2)
    lines = con.execute(f"SELECT _source_line, _duplicate_of FROM {scene.result.duplicates} ORDER BY 1").fetchall()
    assert lines == [(4, 2), (5, 2)]


def test_empty_rows_are_set_aside_and_say_so(con):
    scene = Scene(con, {"id": ID, "t": "string"}, [[1, "a"], [None, None], [None, "  "], [2, "b"]])
    scene.repair()
    assert scene.aside() == {3: "empty row", 4: "empty row"}
    assert counts(scene) == (2, 2, 0)


def test_a_key_with_differing_rows_is_reported_and_kept(con):
    scene = Scene(con, {"user_id": typed("user_id", "integer", "BIGINT"), "t": "string"},
                  [[n, f"name {n}"] for n in range(30)] + [[7, "someone else"]])  # fmt: skip
    scene.repair()
    assert counts(scene) == (31, 0, 0)
    (finding,) = [action for action in scene.plan.actions if action.action == "report_repeated_keys"]
    assert finding.rows_affected == 2


def test_equal_rows_without_anything_that_tells_them_apart_stay(con):
    rows = [["red", "small"], ["red", "small"], ["blue", "small"], ["red", "big"]] * 10
    scene = Scene(con, {"a": "string", "b": "string"}, rows)
    scene.repair()
    assert counts(scene) == (40, 0, 0)
    assert any(action.action == "report_repeated_rows" for action in scene.plan.actions)


def test_a_list_of_single_values_is_not_thinned_out(con):
    scene = Scene(con, {"amount": typed("amount", "number", "DOUBLE")}, [[1.5], [1.5], [2.0]])
    scene.repair()
    assert counts(scene) == (3, 0, 0)


def test_outliers_are_reported_and_stay(con):
    scene = Scene(
        con, {"id": ID, "age": typed("age", "integer", "BIGINT")}, [[n, 20 + n % 40] for n in range(200)] + [[999, 999]]
    )
    scene.repair()
    (finding,) = [
        action for action in scene.plan.actions if action.action == "report_outliers" and action.column == "age"
    ]
    assert finding.rows_affected == 1
    assert 999 in scene.values("age")


def test_half_empty_rows_are_reported_and_stay(con):
    names = ["id", "a", "b", "c", "d"]
    rows = [[n, "x", "y", "z", "w"] for n in range(50)] + [[50, "x", None, None, None]]
    scene = Scene(con, {"id": ID, **dict.fromkeys(names[1:], "string")}, rows)
    scene.repair()
    (finding,) = [action for action in scene.plan.actions if action.action == "report_half_empty_rows"]
    assert finding.rows_affected == 1
    assert scene.result.rows_out == 51


def test_yes_and_no_in_several_languages_are_booleans(con):
    scene = Scene(
        con,
        {"id": ID, "ok": "string"},
        [[n, word] for n, word in enumerate(["yes", "NO", "ja", "nein", "Y", "oui", "yxs"])],
    )
    scene.repair(scene.propose())
    assert scene.values("ok") == [
        "yes",
        "NO",
        "ja",
        "nein",
        "Y",
        "oui",
        "yxs",
    ]  # a word of unknown meaning: it stays text
    scene = Scene(
        con, {"id": ID, "ok": "string"}, [[n, word] for n, word in enumerate(["yes", "NO", "ja", "nein", "Y", "oui"])]
    )
    scene.repair()
    assert scene.values("ok") == [True, False, True, False, True, True]


def test_a_slip_in_a_typed_boolean_is_read(con):
    scene = Scene(con, {"id": ID, "ok": typed("ok", "boolean", "BOOLEAN")},
                  [[1, True], [2, False], [3, None], [4, None]], raw={4: {"ok": "yxs"}, 5: {"ok": "xo"}})  # fmt: skip
    scene.repair()
    assert scene.values("ok") == [True, False, True]
    assert scene.aside() == {5: "ok: neither yes nor no"}


def test_an_empty_table_and_a_single_row_pass(con):
    scene = Scene(con, {"id": ID, "t": "string", "n": "number"}, [])
    scene.repair()
    assert counts(scene) == (0, 0, 0)
    scene = Scene(con, {"id": ID, "t": "string", "n": "number"}, [[1, " a", "$5"]])
    scene.repair()
    assert scene.values("n") == [5]
