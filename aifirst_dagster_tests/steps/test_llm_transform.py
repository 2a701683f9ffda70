"""`llm_transform`: every row is kept, merged or set aside; what was changed can be seen and undone."""

from __future__ import annotations

import pytest

from aifirst_dagster import state
from aifirst_dagster_tests.scenario import MESSY_ORDERS, Place, aside, rows, step

RAW = step("raw", "connector", path="in/orders.csv")


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("in/orders.csv", MESSY_ORDERS)
    return place


def cleaned(shop: Place, **config):
    return shop.run(shop.pipeline(RAW, step("clean", "llm_transform", **config)))


def test_every_row_is_kept_merged_or_set_aside(shop):
    made = cleaned(shop)
    counts = made.manifest
    assert (counts.rows_in, counts.rows_out, counts.quarantined, counts.merged) == (32, 30, 1, 1)
    assert len(rows(made)) == 30 and len(aside(made)) == 1


def test_names_types_and_values_are_put_right(shop):
    made = cleaned(shop)
    found = {row[0]: row[1:] for row in rows(made, "order_id, ordered_at::VARCHAR, amount::DOUBLE, lower(state)")}
    assert found[1] == ("2026-01-05", 10.5, "open")
    assert found[2] == ("2026-01-06", 20.0, "paid")


def test_what_the_file_said_stays_reachable(shop):
    made = cleaned(shop)
    ((date, amount),) = [row[1:] for row in rows(made, "order_id, _raw['ordered_at'], _raw['amount']") if row[0] == 1]
    assert (date, amount) == ("05/01/2026", "€ 10.50")


def test_the_row_that_cannot_be_read_says_why_with_the_text_of_the_file(shop):
    (entry,) = aside(cleaned(shop))
    assert entry["_source_line"] == 4
    assert "ordered_at" in entry["reason"].lower() or "ordered at" in entry["reason"].lower()
    assert "the other day" in entry["values"].values()
    assert entry["_source"].endswith("in/orders.csv")


def test_a_released_row_passes_with_its_unread_cell_empty(shop):
    (entry,) = aside(cleaned(shop))
    state.open(shop.project).quarantine.record("shop", "clean", [entry["id"]], "release", actor="me")
    made = cleaned(shop)
    assert aside(made) == []
    assert (made.manifest.rows_out, made.manifest.quarantined, made.manifest.merged) == (31, 0, 1)
    ((date, raw),) = [row[1:] for row in rows(made, "order_id, ordered_at, _raw['ordered_at']") if row[0] == 3]
    assert (date, raw) == (None, "the other day")


def test_an_unread_cell_may_be_left_empty_instead(shop):
    made = cleaned(shop, on_unparseable="null")
    assert (made.manifest.rows_out, made.manifest.quarantined) == (31, 0)


def test_duplicates_may_be_kept(shop):
    made = cleaned(shop, deduplicate=False)
    assert (made.manifest.rows_out, made.manifest.merged) == (31, 0)


def test_a_target_decides_names_order_and_types(shop):
    target = [{"name": "state", "type": "string"}, {"name": "order_id", "type": "string"}]
    made = cleaned(shop, target=target)
    assert [column["name"] for column in made.manifest.columns][:2] == ["state", "order_id"]
    assert {row[1] for row in rows(made, "state, order_id")} >= {"1", "2", "7"}
    assert made.manifest.rows_in == made.manifest.rows_out + made.manifest.quarantined + made.manifest.merged


def test_the_second_run_uses_the_same_files_byte_for_byte(shop):
    pipeline = shop.pipeline(RAW, step("clean", "llm_transform"), step("checked", "llm_validation", threshold=0.1))
    first = shop.run(pipeline)
    before = {path: path.read_bytes() for path in shop.project.designs.rglob("*") if path.is_file()}
    assert {path.name for path in before} >= {"schema.yaml", "mapping.yaml", "transform.sql", "rules.yaml"}
    second = shop.run(pipeline)
    assert {path: path.read_bytes() for path in shop.project.designs.rglob("*") if path.is_file()} == before
    assert second.manifest.content_hash == first.manifest.content_hash
    assert second.manifest.design_hash == first.manifest.design_hash
    for key in pipeline.order:
        assert shop.store.current("shop", key).manifest.details["design"]["reused"] is True


def test_the_repairs_are_listed_with_examples(shop):
    actions = cleaned(shop).manifest.details["actions"]
    changed = [action for action in actions if action["rows_changed"]]
    assert any(["05/01/2026", "2026-01-05"] in action["examples"] for action in changed)
    assert sum(action["rows_changed"] for action in actions if action["action"] == "merge_duplicates") == 1


@pytest.mark.parametrize("content", ["a,b\n", "a\n1\n", "a,b\n,\n,\n", "a,b\n1,2\n"])
def test_small_and_empty_tables_pass_through(shop, content):
    shop.write("in/orders.csv", content)
    made = cleaned(shop)
    counts = made.manifest
    assert counts.rows_in == counts.rows_out + counts.quarantined + counts.merged
    assert [column["name"] for column in counts.columns] == content.split("\n")[0].split(",")


def test_a_target_that_is_not_there_is_an_error(shop):
    from aifirst_dagster.errors import AifirstError

    with pytest.raises(AifirstError, match="target schema cannot be read"):
        cleaned(shop, target="schemas/none.json")
