"""A connector's `contract`: what becomes of files that drift apart, in each mode, with every row accounted for."""

from __future__ import annotations

import pytest

from aifirst_dagster.inference.contract.changes import ContractError
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
