"""A connector's `contract`: what becomes of files that drift apart, in each mode, with every row accounted for."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster import state
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.contract.changes import ContractError
from aifirst_dagster.orchestration.checks import reconcile
from aifirst_dagster.proposals import contracts
from aifirst_dagster_tests.scenario import ORDERS, Place, aside, rows, step

DAYS = "".join(f"{n},{n:02}/01/2026,{n}.50,{'open' if n % 2 else 'paid'}\n" for n in range(1, 29))
JANUARY = "id,ordered,amount,state\n" + DAYS
#: Months first, where January wrote days first: half of its days could be either.
AMERICAN = "id,ordered,amount,state\n" + "".join(f"{n + 100},02/{n:02}/2026,{n}.00,open\n" for n in range(1, 29))


def landed(place: Place, name: str, content: str) -> None:
    place.write(f"landing/shop/{name}", content)


def loaded(place: Place, contract, **config):
    """The pipeline, and the version that its first file made."""
    landed(place, "a.csv", config.pop("first", ORDERS))
    pipeline = place.pipeline(step("raw", "connector", contract=contract, **config))
    return pipeline, place.run(pipeline)


def told(version) -> list[dict]:
    return version.manifest.details["contract"]["changes"]


def kinds(version) -> dict[str, str]:
    return {change["column"]: change["kind"] for change in told(version)}


def accounted(place: Place, version) -> None:
    found = reconcile(place.store, version)
    assert found.passed, found.description
    made = version.manifest
    assert made.rows_in == made.rows_out + made.quarantined


def on_disk(place: Place) -> dict:
    return json.loads((place.project.designs / "shop/raw/contract.json").read_text())


def names(version) -> list[str]:
    return [column["name"] for column in version.manifest.columns]


def test_without_a_contract_there_is_no_contract_file(place):
    landed(place, "a.csv", ORDERS)
    made = place.run(place.pipeline(step("raw", "connector")))
    assert "contract" not in made.manifest.details
    assert not (place.project.designs / "shop/raw/contract.json").exists()


@pytest.mark.parametrize("mode", ["evolve", "freeze", "discard_row", "discard_value"])
def test_the_first_load_makes_the_contract_and_the_same_files_keep_it(place, mode):
    pipeline, first = loaded(place, mode)
    assert [field["name"] for field in on_disk(place)["fields"]] == ["id", "ordered", "amount", "state"]
    second = place.run(pipeline)
    assert second.manifest.details["contract"]["version"] == 1
    assert told(second) == []
    assert second.manifest.content_hash == first.manifest.content_hash
    assert second.manifest.columns == first.manifest.columns


def test_an_evolving_contract_takes_a_new_column_and_a_wider_type_and_counts_its_version(place):
    pipeline, _ = loaded(place, "evolve")
    landed(place, "b.csv", "id,ordered,amount,state,note\n4.5,2026-01-08,1.00,open,hi\n")
    made = place.run(pipeline)
    assert kinds(made) == {"id": "type", "note": "new_column"}
    assert on_disk(place)["aifirst"]["version"] == made.manifest.details["contract"]["version"] == 2
    assert rows(made, "id, note") == [(1.0, None), (2.0, None), (3.0, None), (4.5, "hi")]
    accounted(place, made)
    history = contracts.versions(place_store(place))
    assert [record.fingerprint for record in history] == ["v2", "v1"]
    assert any("note" in change for change in history[0].provenance["changes"])
    assert told(place.run(pipeline)) == [], "what was taken is no change any more"


def place_store(place: Place):
    from aifirst_dagster.proposals.designs import DesignStore

    return DesignStore(place.project.designs / "shop/raw", history=state.open(place.project).designs)


def test_a_frozen_contract_fails_with_the_diff_and_what_to_do(place):
    pipeline, _ = loaded(place, "freeze")
    landed(place, "b.csv", "id,ordered,state,note\nx7,2026-01-08,open,hi\n")
    with pytest.raises(ContractError) as caught:
        place.run(pipeline)
    text = str(caught.value)
    for said in (
        "'note'",
        "new column",
        "b.csv",
        "'amount'",
        "missing",
        "'x7'",
        "line 2",
        "aifirst schema accept shop raw",
    ):
        assert said in text
    assert caught.value.exit_code == 1
    assert {change["kind"] for change in caught.value.to_dict()["changes"]} >= {"new_column", "missing_column", "cells"}
    assert place.store.current("shop", "raw").manifest.rows_out == 3, "the version before stands"


def test_discard_row_sets_aside_the_rows_of_misfits_and_of_new_columns_with_their_lines(place):
    pipeline, _ = loaded(place, "discard_row")
    landed(
        place,
        "b.csv",
        "id,ordered,amount,state,note\n4,2026-01-08,1.00,open,\n5,2026-01-09,lots,open,\n6,2026-01-10,2,paid,hi\n",
    )
    made = place.run(pipeline)
    accounted(place, made)
    assert [row[0] for row in rows(made, "id")] == [1, 2, 3, 4]
    entries = aside(made)
    assert [(entry["_source_line"], entry["reason"]) for entry in entries] == [
        (3, "amount is no number: lots"),
        (4, "the column 'note' is not in the schema: hi"),
    ]
    assert entries[0]["values"]["amount"] == "lots" and entries[1]["values"]["note"] == "hi"
    assert "note" not in names(made) and on_disk(place)["aifirst"]["version"] == 1


def test_discard_value_keeps_every_row_and_the_text_of_what_does_not_fit(place):
    pipeline, _ = loaded(place, "discard_value")
    landed(place, "b.csv", "id,ordered,amount,state,note\n5,2026-01-09,lots,open,hi\n")
    made = place.run(pipeline)
    accounted(place, made)
    assert made.manifest.quarantined == 0
    (row,) = rows(made, "id, amount, _raw", "1 DESC LIMIT 1")
    assert row == (5, None, {"amount": "lots", "note": "hi"})
    assert names(made) == ["id", "ordered", "amount", "state"]


@pytest.mark.parametrize("mode", ["discard_row", "discard_value"])
def test_a_file_of_another_table_goes_to_quarantine_whole(place, mode):
    pipeline, _ = loaded(place, mode)
    landed(place, "b.csv", "sku,colour,weight\nA1,red,3\nA2,blue,4\n")
    made = place.run(pipeline)
    accounted(place, made)
    assert [entry["reason"] for entry in aside(made)] == ["the file's table is another one"] * 2
    assert aside(made)[0]["values"]["colour"] == "red"
    assert kinds(made) == {None: "other_table"}


def test_modes_differ_by_what_they_are_about_and_by_column(place):
    modes = {
        "columns": "freeze",
        "types": "discard_value",
        "per_column": {"note": "evolve", "state": {"columns": "evolve"}},
    }
    pipeline, _ = loaded(place, modes)
    landed(place, "b.csv", "id,ordered,amount,note\n5,2026-01-09,lots,hi\n")
    made = place.run(pipeline)
    assert kinds(made) == {"note": "new_column", "state": "missing_column", "amount": "cells"}
    assert "note" in names(made)
    landed(place, "c.csv", "id,ordered,amount,state,other\n6,2026-01-09,1,open,hi\n")
    with pytest.raises(ContractError, match="'other'"):
        place.run(pipeline)


def test_a_renamed_column_is_said_and_not_taken_for_the_same(place):
    first = "id,state\n" + "".join(f"{n},{['open', 'paid', 'late'][n % 3]}\n" for n in range(60))
    pipeline, _ = loaded(place, "evolve", first=first, load="new_files")
    landed(place, "b.csv", "id,progress\n" + "".join(f"{n},{['open', 'late'][n % 2]}\n" for n in range(100, 140)))
    made = place.run(pipeline)
    by_column = {change["column"]: change["suggestion"] for change in told(made)}
    assert "looks like 'state'" in by_column["progress"] and "100% alike by values" in by_column["progress"]
    assert "called 'progress' now" in by_column["state"]
    assert "state" in names(made) and "progress" in names(made)
    accounted(place, made)


def test_unrelated_columns_are_no_rename(place):
    first = "id,state\n" + "".join(f"{n},{['open', 'paid', 'late'][n % 3]}\n" for n in range(60))
    pipeline, _ = loaded(place, "evolve", first=first, load="new_files")
    landed(place, "b.csv", "id,city\n" + "".join(f"{n},{['Bern', 'Oslo'][n % 2]}\n" for n in range(100, 140)))
    assert all(not change["suggestion"] for change in told(place.run(pipeline)))


def test_columns_in_another_order_are_matched_by_name_and_spelling_does_not_count(place):
    pipeline, _ = loaded(place, "freeze")
    landed(place, "b.csv", "State,AMOUNT,Ordered,ID\nopen,1.00,2026-01-08,4\n")
    made = place.run(pipeline)
    assert [change["kind"] for change in told(made)] == ["order"]
    assert rows(made, "id, state", "1 DESC LIMIT 1") == [(4, "open")]
    accounted(place, made)


def test_a_file_without_header_is_matched_by_position_where_its_cells_fit(place):
    pipeline, _ = loaded(place, "freeze", load="new_files")
    body = "".join(f"{n},2026-02-{n - 3:02},{n}.25,paid\n" for n in range(4, 24))
    landed(place, "b.csv", body)
    made = place.run(pipeline)
    assert kinds(made) == {None: "no_header"}
    assert made.manifest.rows_out == 23 and names(made) == ["id", "ordered", "amount", "state"]
    accounted(place, made)
    landed(place, "c.csv", "".join(f"name{n},{n}.25,2026-02-{n:02},x\n" for n in range(1, 20)))
    with pytest.raises(ContractError, match="another table"):
        place.run(pipeline)


def test_dates_written_in_another_way_are_never_misread_as_the_old_way(place):
    pipeline, _ = loaded(place, "evolve", first=JANUARY)
    landed(place, "b.csv", AMERICAN)
    made = place.run(pipeline)
    assert kinds(made)["ordered"] == "format"
    days = rows(made, "DISTINCT strftime(ordered, '%Y-%m')")
    assert sorted(days) == [("2026-01",), ("2026-02",)]
    accounted(place, made)


@pytest.mark.parametrize("mode", ["discard_row", "discard_value", "freeze"])
def test_every_date_of_a_file_written_in_another_way_is_a_misfit(place, mode):
    pipeline, _ = loaded(place, mode, first=JANUARY)
    landed(place, "b.csv", AMERICAN)
    if mode == "freeze":
        with pytest.raises(ContractError, match="written in another way"):
            place.run(pipeline)
        return
    made = place.run(pipeline)
    accounted(place, made)
    assert made.manifest.quarantined == (28 if mode == "discard_row" else 0)
    if mode == "discard_value":
        assert rows(made, "count(*), count(ordered), count(_raw['ordered'])") == [(56, 28, 28)]


def test_a_narrower_type_changes_nothing(place):
    pipeline, _ = loaded(place, "freeze")
    landed(place, "a.csv", "id,ordered,amount,state\n1,2026-01-05,10,open\n")
    made = place.run(pipeline)
    assert told(made) == []
    assert next(column for column in made.manifest.columns if column["name"] == "amount")["type"] == "number"


def test_a_pinned_type_beats_evolution_and_a_contradicting_configuration_is_an_error(place):
    pipeline, _ = loaded(place, "evolve")
    path = place.project.designs / "shop/raw/contract.json"
    content = on_disk(place)
    content["fields"][0]["aifirst"]["pins"] = ["type"]
    path.write_text(json.dumps(content))
    landed(place, "b.csv", "id,ordered,amount,state\n4.5,2026-01-08,1.00,open\n")
    made = place.run(pipeline)
    assert kinds(made) == {"id": "cells"}
    assert rows(made, "id, _raw", "_source, 1")[-1] == (None, {"id": "4.5"})
    with pytest.raises(ConfigError, match="pinned"):
        place.run(place.pipeline(step("raw", "connector", contract="evolve", types={"id": "number"})))


def test_pinned_constraints_are_tested_on_every_cell(place):
    pipeline, _ = loaded(place, "discard_row")
    path = place.project.designs / "shop/raw/contract.json"
    content = on_disk(place)
    content["fields"][0]["constraints"] = {"unique": True, "required": True}
    content["fields"][2]["constraints"] = {"minimum": 0}
    path.write_text(json.dumps(content))
    landed(
        place,
        "b.csv",
        "id,ordered,amount,state\n3,2026-01-08,1,open\n,2026-01-08,1,open\n7,2026-01-08,-1,open\n8,2026-01-08,1,open\n",
    )
    made = place.run(pipeline)
    accounted(place, made)
    assert [entry["reason"] for entry in aside(made)] == [
        "id is not unique: 3", "id must have a value", "amount is below the minimum 0: -1",
    ]  # fmt: skip
    assert [row[0] for row in rows(made, "id")] == [1, 2, 3, 8]


def test_frozen_designs_keep_the_contract_file_and_the_state_database_has_the_proposal(place):
    loaded(place, "evolve")
    pipeline = place.pipeline(step("raw", "connector", contract="evolve", types={}), designs="frozen")
    landed(place, "b.csv", "id,ordered,amount,state\n4.5,2026-01-08,1.00,open\n")
    made = place.run(pipeline)
    assert on_disk(place)["aifirst"]["version"] == 1
    assert made.manifest.details["contract"]["written"] is False
    assert contracts.versions(place_store(place))[0].status == "proposed"


def test_files_that_were_not_taken_whole_are_read_again_once_the_contract_has_changed(place):
    pipeline, _ = loaded(place, "discard_value", load="new_files")
    landed(place, "b.csv", "id,ordered,amount,state,note\n5,2026-01-09,2,open,hi\n")
    made = place.run(pipeline)
    assert names(made) == ["id", "ordered", "amount", "state"]
    content = on_disk(place)
    content["fields"].append({"name": "note", "type": "string", "aifirst": {"source_names": ["note"]}})
    content["aifirst"]["version"] = 2
    (place.project.designs / "shop/raw/contract.json").write_text(json.dumps(content))
    again = place.run(pipeline)
    assert rows(again, "id, note", "1")[-1] == (5, "hi")
    assert again.manifest.rows_out == 4
    accounted(place, again)


@pytest.mark.parametrize("mode", ["evolve", "discard_row", "discard_value"])
def test_hostile_names_and_cells_are_only_names_and_cells(place, mode):
    first = 'a"b;DROP,it\'s,"x\ny"\n' + "".join(f"{n},t{n},z\n" for n in range(20))
    pipeline, _ = loaded(place, mode, first=first)
    landed(place, "b.csv", 'a"b;DROP,it\'s,"x\ny",new"\'col\n\'; DROP TABLE x; --,"q\'""r",z,"\'""|<b>"\n')
    made = place.run(pipeline)
    accounted(place, made)
    assert made.manifest.rows_in == 21


def test_all_null_and_empty_columns_get_their_type_from_the_first_values(place):
    pipeline, _ = loaded(place, "evolve", first="id,n\n1,\n2,\n")
    landed(place, "b.csv", "id,n\n" + "".join(f"{n},{n}\n" for n in range(3, 9)))
    made = place.run(pipeline)
    assert rows(made, "sum(n)::BIGINT") == [(33,)]


def test_parquet_files_are_under_the_contract_too(place):
    import duckdb

    folder = place.root / "landing/shop"
    folder.mkdir(parents=True)
    duckdb.sql("SELECT range AS id, range::DOUBLE / 2 AS amount FROM range(5)").write_parquet(str(folder / "a.parquet"))
    pipeline = place.pipeline(step("raw", "connector", contract="discard_row"))
    place.run(pipeline)
    duckdb.sql("SELECT 7.5::DOUBLE AS id, 3::BIGINT AS amount UNION ALL SELECT 8, 4").write_parquet(
        str(folder / "b.parquet")
    )
    made = place.run(pipeline)
    accounted(place, made)
    assert [entry["reason"] for entry in aside(made)] == ["id is no integer: 7.5"]
    assert rows(made, "count(*)") == [(6,)]


def test_a_way_of_writing_that_was_taken_once_is_no_change_any_more(place):
    pipeline, _ = loaded(place, "evolve", first=JANUARY)
    landed(place, "b.csv", AMERICAN)
    place.run(pipeline)
    assert on_disk(place)["fields"][1]["aifirst"]["ways"] == ["%m/%d/%Y"]
    again = place.run(place.pipeline(step("raw", "connector", contract="freeze")))
    assert told(again) == []
    assert rows(again, "count(ordered), max(ordered)::VARCHAR") == [(56, "2026-02-28")]


def test_a_new_column_that_older_files_lack_is_no_change_once_it_was_taken(place):
    pipeline, _ = loaded(place, "evolve")
    landed(place, "b.csv", "id,ordered,amount,state,note\n4,2026-01-08,1.00,open,hi\n")
    place.run(pipeline)
    frozen = place.pipeline(step("raw", "connector", contract="freeze"))
    assert told(place.run(frozen)) == []


def test_a_time_partition_sets_aside_its_own_rows_only(place):
    from datetime import UTC, datetime

    from aifirst_dagster.steps.run import Partition

    landed(place, "a.csv", ORDERS)
    config = {"contract": "discard_row", "path": "landing/shop/*.csv"}
    window = {"type": "daily", "start": "2026-01-05", "column": "ordered"}
    pipeline = place.pipeline(step("raw", "connector", **config), partitions=window)

    def day(number: int):
        start, end = datetime(2026, 1, number, tzinfo=UTC), datetime(2026, 1, number + 1, tzinfo=UTC)
        return place.run(pipeline, partition=Partition(f"2026-01-{number:02}", start, end, "ordered"))

    assert day(5).manifest.rows_out == 1
    landed(place, "b.csv", "id,ordered,amount,state\nx,2026-01-06,1,open\ny,2026-01-07,1,open\n")
    made = day(6)
    assert [row[0] for row in rows(made, "id")] == [2]
    assert [entry["reason"] for entry in aside(made)] == ["id is no integer: x"]
    accounted(place, made)


def test_designing_without_a_run_shows_the_contract_and_writes_nothing(place):
    from aifirst_dagster.orchestration import designing

    landed(place, "a.csv", ORDERS)
    pipeline = place.pipeline(step("raw", "connector", contract="evolve"))
    answer = designing.preview(place.project, pipeline)
    assert {one["file"]: one["status"] for one in answer["designs"]} == {"schema.yaml": "new", "contract.json": "new"}
    assert not (place.project.designs / "shop/raw/contract.json").exists()
    designing.preview(place.project, pipeline, write=True)
    assert on_disk(place)["aifirst"]["version"] == 1


def test_a_person_s_edit_of_the_design_rules_over_an_unpinned_contract(place):
    pipeline, _ = loaded(place, "evolve")
    design = place.project.designs / "shop/raw/schema.yaml"
    text = design.read_text()
    at = text.index("source_name: id")
    design.write_text(text[:at] + text[at:].replace("type: integer", "type: string", 1).replace("BIGINT", "VARCHAR", 1))
    made = place.run(pipeline)
    assert next(column for column in made.manifest.columns if column["name"] == "id")["type"] == "string"
    assert on_disk(place)["fields"][0]["type"] == "string"


def test_one_row_one_column_and_a_header_alone(place):
    pipeline, _ = loaded(place, "discard_row", first="id\n1\n")
    landed(place, "b.csv", "id\n")
    landed(place, "c.csv", "id\nx\n")
    made = place.run(pipeline)
    accounted(place, made)
    assert (made.manifest.rows_out, made.manifest.quarantined) == (1, 1)
