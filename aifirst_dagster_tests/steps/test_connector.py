"""`connector`: every file read once as said, every line kept or set aside, types that lose nothing."""

from __future__ import annotations

import pytest

from aifirst_dagster.errors import ConfigError, InputError, UnsureError
from aifirst_dagster_tests.scenario import ORDERS, Place, aside, rows, step

NEW = {"load": "new_files"}


def landed(place: Place, name: str, content: str) -> None:
    place.write(f"landing/shop/{name}", content)


def ids(version) -> list[int]:
    return [row[0] for row in rows(version, "id")]


def test_all_files_of_the_landing_folder_are_one_typed_dataset(place):
    landed(place, "a.csv", ORDERS)
    landed(place, "b.csv", "state;id;amount\nopen;4;1,5\n")
    made = place.run(place.pipeline(step("raw", "connector")))
    assert ids(made) == [1, 2, 3, 4]
    types = {column["name"]: column["type"] for column in made.manifest.columns}
    assert types["ordered"] == "date" and types["id"] == "integer"
    assert (made.manifest.rows_in, made.manifest.rows_out) == (4, 4)
    places = rows(made, "_source, _source_line")
    assert [line for _, line in places] == [2, 3, 4, 2]
    assert all(source.endswith(("a.csv", "b.csv")) for source, _ in places)


def test_an_empty_landing_folder_is_a_skipped_step_that_says_where_it_looks(place):
    done = place.execute(place.pipeline(step("raw", "connector")), "raw")
    assert done.skipped == f"no files yet: looked in {place.root / 'landing' / 'shop'}"
    assert (place.root / "landing" / "shop").is_dir()


def test_a_step_below_a_skipped_one_is_skipped_too(place):
    pipeline = place.pipeline(step("raw", "connector"), step("kept", "sql", query="FROM raw"))
    place.run(pipeline, "raw")
    assert place.execute(pipeline, "kept").skipped == "its input 'raw' holds nothing"


def test_a_missing_file_is_an_error_with_its_place(place):
    with pytest.raises(InputError, match="no such file") as caught:
        place.run(place.pipeline(step("raw", "connector", path="in/orders.csv")))
    assert caught.value.file == str(place.root / "in" / "orders.csv")


def test_a_glob_that_matches_nothing_is_skipped(place):
    done = place.execute(place.pipeline(step("raw", "connector", path="in/*.csv")), "raw")
    assert done.skipped == f"no files yet: looked in {place.root / 'in' / '*.csv'}"


def test_an_empty_file_is_skipped_by_name(place):
    landed(place, "a.csv", "")
    done = place.execute(place.pipeline(step("raw", "connector")), "raw")
    assert "hold no columns" in done.skipped and "a.csv" in done.skipped


def test_a_full_load_holds_what_the_files_hold_now(place):
    landed(place, "a.csv", ORDERS)
    pipeline = place.pipeline(step("raw", "connector"))
    first = place.run(pipeline)
    assert place.run(pipeline).manifest.content_hash == first.manifest.content_hash
    landed(place, "a.csv", ORDERS.replace("3,2026-01-07,7.25,paid\n", ""))
    assert ids(place.run(pipeline)) == [1, 2]


def test_only_new_and_changed_files_are_read(place):
    landed(place, "a.csv", ORDERS)
    pipeline = place.pipeline(step("raw", "connector", **NEW))
    place.run(pipeline)
    landed(place, "b.csv", "id,ordered,amount,state\n4,2026-01-08,1.00,open\n")
    second = place.run(pipeline)
    assert ids(second) == [1, 2, 3, 4]
    assert second.manifest.details["rows_added"] == 1
    assert second.manifest.rows_in == second.manifest.rows_out == 4

    landed(place, "a.csv", "id,ordered,amount,state\n1,2026-01-05,10.50,closed\n")
    third = place.run(pipeline)
    assert rows(third, "id, state") == [(1, "closed"), (4, "open")]

    same = place.run(pipeline)
    assert same.manifest.details["notes"] == ["no new or changed files"]
    assert same.manifest.content_hash == third.manifest.content_hash
    assert {part.stat().st_ino for part in same.parts} == {part.stat().st_ino for part in third.parts}, "linked"


def test_a_file_that_was_touched_is_not_read_again(place):
    landed(place, "a.csv", ORDERS)
    pipeline = place.pipeline(step("raw", "connector", **NEW))
    place.run(pipeline)
    (place.root / "landing/shop/a.csv").touch()
    assert place.run(pipeline).manifest.details["rows_added"] == 0


def test_a_file_that_is_gone_keeps_its_rows(place):
    landed(place, "a.csv", ORDERS)
    landed(place, "b.csv", "id,ordered,amount,state\n4,2026-01-08,1.00,open\n")
    pipeline = place.pipeline(step("raw", "connector", **NEW))
    place.run(pipeline)
    (place.root / "landing/shop/a.csv").unlink()
    assert ids(place.run(pipeline)) == [1, 2, 3, 4]


def test_lines_set_aside_stay_in_quarantine_when_other_files_are_added(place):
    landed(place, "a.csv", ORDERS + "9,2026-01-09\n")
    pipeline = place.pipeline(step("raw", "connector", **NEW))
    first = place.run(pipeline)
    landed(place, "b.csv", "id,ordered,amount,state\n4,2026-01-08,1.00,open\n5,x,y\n")
    second = place.run(pipeline)
    third = place.run(pipeline)
    for made, count in ((first, 1), (second, 2), (third, 2)):
        assert len(aside(made)) == made.manifest.quarantined == count
        assert made.manifest.rows_in == made.manifest.rows_out + count
    assert [entry["id"] for entry in aside(third)] == [entry["id"] for entry in aside(second)]
    landed(place, "a.csv", ORDERS)
    assert [entry["values"]["line"] for entry in aside(place.run(pipeline))] == ["5,x,y"]


def test_a_column_that_a_new_file_lacks_or_adds_is_kept(place):
    landed(place, "a.csv", "id,old\n1,foo\n2,bar\n")
    pipeline = place.pipeline(step("raw", "connector", **NEW), step("kept", "sql", query="SELECT * FROM raw"))
    place.run(pipeline)
    landed(place, "b.csv", "id,new\n3,7\n4,8\n")
    made = place.run(pipeline)
    assert [column["name"] for column in made.manifest.columns] == ["id", "old", "new"]
    assert rows(made, "id, old, new") == [(1, "foo", None), (2, "bar", None), (3, None, 7), (4, None, 8)]


def test_a_design_that_reads_a_new_file_badly_is_told_and_loses_no_text(place):
    landed(place, "a.csv", "id,code\n1,100\n2,200\n")
    pipeline = place.pipeline(step("raw", "connector", **NEW))
    place.run(pipeline)
    landed(place, "b.csv", "id,code\n3,A7\n4,B8\n")
    made = place.run(pipeline)
    assert rows(made, "id, code, _raw['code']") == [(1, 100, None), (2, 200, None), (3, None, "A7"), (4, None, "B8")]
    assert made.manifest.details["design_current"] is False
    assert any("code" in reason for reason in made.manifest.details["design"]["reasons"])


def test_a_column_that_two_files_type_differently_holds_both(place):
    landed(place, "a.csv", "id,code\n1,100\n2,200\n")
    pipeline = place.pipeline(step("raw", "connector", **NEW), step("kept", "sql", query="SELECT * FROM raw"))
    place.run(pipeline)
    landed(place, "b.csv", "id,code,more\n3,A7,x1\n4,B8,x2\n")
    made = place.run(pipeline)
    assert rows(made, "id, code") == [(1, "100"), (2, "200"), (3, "A7"), (4, "B8")]
    code = next(column for column in made.manifest.columns if column["name"] == "code")
    assert (code["type"], code["physical_type"]) == ("string", "VARCHAR")


def test_lines_that_do_not_fit_are_set_aside_with_their_text(place):
    landed(place, "a.csv", ORDERS + "4,2026-01-09\n")
    made = place.run(place.pipeline(step("raw", "connector")))
    (entry,) = aside(made)
    assert (entry["_source_line"], entry["values"]) == (5, {"line": "4,2026-01-09"})
    assert (made.manifest.rows_in, made.manifest.rows_out, made.manifest.quarantined) == (4, 3, 1)


def test_lines_that_do_not_fit_may_fail_the_step_at_their_place(place):
    landed(place, "a.csv", ORDERS + "4,2026-01-09\n")
    pipeline = place.pipeline(step("raw", "connector", on_bad_lines="fail"))
    with pytest.raises(InputError, match="1 line") as caught:
        place.run(pipeline)
    assert (caught.value.file, caught.value.line) == (str(place.root / "landing/shop/a.csv"), 5)
    assert place.store.current("shop", "raw") is None
    assert not list(place.project.datasets.rglob("*.parquet")), "nothing is left behind"


def test_a_cell_that_does_not_fit_its_column_keeps_its_text(place):
    body = "".join(f"{number},{number * 2}\n" for number in range(500))
    landed(place, "a.csv", "id,value\n" + body + "500,12 or so\n")
    made = place.run(place.pipeline(step("raw", "connector", types={"value": "integer"})))
    assert rows(made, "value, _raw['value']", "id DESC")[0] == (None, "12 or so")
    column = next(column for column in made.manifest.columns if column["name"] == "value")
    assert (column["evidence"]["failed"], column["nullable"]) == (1, True)


def test_a_type_given_by_hand_beats_inference(place):
    landed(place, "a.csv", ORDERS)
    made = place.run(place.pipeline(step("raw", "connector", types={"id": "string"})))
    assert rows(made, "id") == [("1",), ("2",), ("3",)]


def test_a_type_given_for_a_column_that_is_not_there_is_an_error_that_lists_columns(place):
    landed(place, "a.csv", ORDERS)
    pipeline = place.pipeline(step("raw", "connector", types={"amuont": "number"}))
    with pytest.raises(ConfigError, match="amuont") as caught:
        place.run(pipeline)
    assert "amount" in str(caught.value)


def test_a_reader_that_is_unsure_stops_unless_told_to_go_on(place):
    landed(place, "a.csv", "ab|cd;ef\ngh|ij;kl\nmn|op;qr\n")
    with pytest.raises(UnsureError) as caught:
        place.run(place.pipeline(step("raw", "connector")))
    assert caught.value.file.endswith("a.csv")
    made = place.run(place.pipeline(step("raw", "connector", accept_unsure=True)))
    assert made.manifest.rows_in >= 2
    assert any("delimiter" in note.lower() for note in made.manifest.details["notes"])


def test_the_dialect_may_be_given(place):
    place.write("in/x.txt", "1|a,b\n2|c,d\n".encode("utf-16"))
    config = {"path": "in/x.txt", "delimiter": "|", "header": False, "encoding": "utf-16"}
    made = place.run(place.pipeline(step("raw", "connector", **config)))
    assert [row[1] for row in rows(made)] == ["a,b", "c,d"]


def test_another_file_may_be_read_for_once(place):
    landed(place, "a.csv", ORDERS)
    other = place.write("elsewhere/try.csv", "id,ordered,amount,state\n77,2026-02-02,1.00,open\n")
    done = place.execute(place.pipeline(step("raw", "connector")), "raw", override=other)
    assert done.manifest.rows_out == 1


def test_json_and_parquet_files_are_read_together(place):
    landed(place, "a.json", '[{"id": 1, "tags": ["x"]}, {"id": 2, "tags": []}]')
    landed(place, "b.jsonl", '{"id": 3, "tags": null}\n')
    made = place.run(place.pipeline(step("raw", "connector")))
    assert [row[0] for row in rows(made, "id")] == [1, 2, 3]


def test_a_damaged_version_before_does_not_stand_in_the_way(place):
    landed(place, "a.csv", ORDERS)
    pipeline = place.pipeline(step("raw", "connector", **NEW))
    before = place.run(pipeline)
    (before.folder / "manifest.json").write_text("{")
    assert ids(place.run(pipeline)) == [1, 2, 3]
    assert "damaged" in " ".join(place.notes)
