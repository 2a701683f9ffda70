"""A connector's `contract` from load to load: pins, partitions, frozen designs, odd files, what was taken once."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.proposals import contracts
from aifirst_dagster_tests.scenario import ORDERS, aside, rows, step
from aifirst_dagster_tests.steps.contract_scene import (
    AMERICAN,
    JANUARY,
    accounted,
    kinds,
    landed,
    loaded,
    names,
    on_disk,
    place_store,
    told,
)


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
