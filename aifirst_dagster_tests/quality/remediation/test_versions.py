"""Remedies: previewed with their effect on the score, applied as a new version that says so, undone, and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aifirst_dagster.datasets import parquet, quarantine
from aifirst_dagster.datasets.session import connect, literal
from aifirst_dagster.datasets.store import Dataset, DatasetStore, Manifest, Version
from aifirst_dagster.errors import ConfigError, InputError, QualityError
from aifirst_dagster.quality.anomalies import Settings, search
from aifirst_dagster.quality.remediation import Choice, apply, done_already, preview, remediation_of, undo
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster_tests.quality.anomalies.sales import made

QUICK = Settings(multivariate=False)
PLANTED = {
    "price": "CASE WHEN _source = 'sales_07.csv' THEN price * 100 ELSE price END",
    "sold": "CASE WHEN i % 150 = 3 THEN DATE '1900-01-01' ELSE sold END",
    "city": "CASE WHEN i % 250 = 9 THEN country ELSE city END",
    "country": "CASE WHEN i % 250 = 9 THEN city ELSE country END",
    "currency": "CASE WHEN i IN (5, 900) THEN 'JPY' ELSE currency END",
}
RULES = [
    Rule(type="expect_column_values_to_be_between", kwargs={"column": "price", "min_value": 1, "max_value": 120},
         severity="error"),
    Rule(type="expect_column_values_to_be_in_set",
         kwargs={"column": "city", "value_set": ["Bern", "Basel", "Paris", "Lyon"]}),
]  # fmt: skip


@pytest.fixture
def con():
    with connect() as con:
        yield con


def written(con, store: DatasetStore, gate: dict | None = None, **planted: str) -> Version:
    """A version of a step, as a run makes it, with one row in quarantine already."""
    made(con, **planted)
    writer = store.write("shop", "clean")
    raw = "CASE WHEN id = 2 THEN MAP {'price': '9,99'} END::MAP(VARCHAR, VARCHAR)"
    rows = parquet.write(con, f"SELECT *, {raw} AS _raw FROM data", writer.data_path())
    quarantine.write(
        con, quarantine.select("(SELECT * FROM data WHERE id = 1)", ["id"], "'no date'"), writer.quarantine
    )
    writer.write_json("verdict.json", {"rules": [], "score": 0.9})
    return writer.publish(
        Manifest("shop", "clean", None, writer.version, "2026-01-01T00:00:00+00:00", "run-1", rows + 1, rows, 1,
                 row_contract="filter", gate=gate or {})
    )  # fmt: skip


def relation(version: Version) -> str:
    return Dataset("clean", (version,)).scan()


def cells(con, version: Version, sql: str) -> list[tuple]:
    return con.execute(f"SELECT {sql} FROM {relation(version)}").fetchall()


def chosen(done, kind: str, action: str | None = None) -> Choice:
    return Choice.of(next(one for one in done.found.groups if one.kind == kind), action)


def test_a_preview_shows_cells_before_and_after_and_the_score_by_the_same_rules(con, tmp_path: Path) -> None:
    version = written(con, DatasetStore(tmp_path), **PLANTED)
    with search(con, relation(version), [], QUICK) as done:
        told = preview(done, relation(version), [chosen(done, "scale"), chosen(done, "swapped")], RULES, "mine")
    scale, swap = told.effects
    assert (scale.action, scale.cells, swap.action, swap.cells) == ("scale", 100, "swap", 10)
    change = scale.changes[0]
    assert float(change.after) == pytest.approx(float(change.before) / 100) and change.source == "sales_07.csv"
    assert told.score.before < told.score.after == 1.0 and told.score.rules == 2
    assert told.score.dimensions["validity"][0] < told.score.dimensions["validity"][1]
    assert cells(con, version, "max(price)") != [(0,)], "nothing was written"
    assert (told.rows_before, told.rows_after) == (1200, 1200)


def test_what_is_applied_is_a_new_version_that_keeps_the_text_and_says_who_and_why(con, tmp_path: Path) -> None:
    store = DatasetStore(tmp_path)
    version = written(con, store, **PLANTED)
    with search(con, relation(version), [], QUICK) as done:
        choices = [chosen(done, kind) for kind in ("scale", "default", "swapped")]
        choices.append(chosen(done, "rare", "quarantine"))
        after, told = apply(store, version, done, relation(version), choices, by="ann", why="july was in cents")
    assert store.current("shop", "clean").manifest.version == after.manifest.version != version.manifest.version
    counts = "max(price) < 120, count(*) FILTER (sold < DATE '2000-01-01'), count(*) FILTER (sold IS NULL)"
    assert cells(con, after, counts) == [(True, 0, 8)]
    assert cells(
        con, after, "count(*) FILTER (city IN ('CH', 'FR')), count(*) FILTER (country IN ('Bern', 'Paris'))"
    ) == [(0, 0)]
    ((raw, price),) = cells(con, after, "_raw['price'], price")[600:601]
    assert float(raw) == pytest.approx(price * 100), "the text that was there is kept"
    first = con.execute(f"SELECT _raw['price'] FROM {relation(after)} WHERE id = 2").fetchall()
    assert first == [("9,99",)], "what the file said comes before what the step made of it"
    made_ = after.manifest
    assert (made_.rows_out, made_.quarantined, made_.rows_in) == (1198, 3, 1201)
    aside = quarantine.read(con, after.quarantine)
    assert sorted(entry["reason"].split(":")[0] for entry in aside) == ["anomaly", "anomaly", "no date"]
    said = remediation_of(after)
    assert (said["by"], said["why"], said["from"]) == ("ann", "july was in cents", version.manifest.version)
    assert [change["action"] for change in said["changes"]] == ["scale", "set_null", "swap", "quarantine"]
    assert after.read_json("verdict.json") == version.read_json("verdict.json")
    assert told.effects[3].quarantined == 2 and done_already(after, choices)
    json.dumps(said)


def test_an_undo_is_a_switch_back_and_may_be_said_twice(con, tmp_path: Path) -> None:
    store = DatasetStore(tmp_path)
    version = written(con, store, **PLANTED)
    with search(con, relation(version), [], QUICK) as done:
        after, _ = apply(store, version, done, relation(version), [chosen(done, "scale")], by="ann", why="cents")
    assert undo(store, "shop", "clean")[1] is True
    assert store.current("shop", "clean").manifest.version == version.manifest.version
    assert undo(store, "shop", "clean")[1] is False, "said twice, done once"
    assert after.folder.is_dir(), "nothing is deleted by an undo"


def test_a_newer_version_a_blocked_one_and_no_change_are_refused(con, tmp_path: Path) -> None:
    store = DatasetStore(tmp_path)
    old = written(con, store, **PLANTED)
    new = written(con, store, **PLANTED)
    with search(con, relation(old), [], QUICK) as done, pytest.raises(InputError, match="newer version"):
        apply(store, old, done, relation(old), [chosen(done, "scale")], by="ann", why="late")
    assert store.current("shop", "clean").manifest.version == new.manifest.version
    with pytest.raises(InputError, match="no remedy to undo"):
        undo(store, "shop", "clean")
    with search(con, relation(new), [], QUICK) as done, pytest.raises(InputError, match="Nothing would change"):
        apply(store, new, done, relation(new), [chosen(done, "rare", "keep")], by="ann", why="fine")
    blocked = written(con, store, {"status": "blocked", "by": "check", "reason": "its score is low"}, **PLANTED)
    with search(con, relation(blocked), [], QUICK) as done, pytest.raises(QualityError, match="blocked by check"):
        apply(store, blocked, done, relation(blocked), [chosen(done, "scale")], by="ann", why="x")
    folders = [path for path in store.place("shop", "clean").iterdir() if path.is_dir()]
    assert len(folders) == 3, "what was refused leaves nothing behind"


def test_an_action_that_cannot_be_done_about_a_group_is_said(con) -> None:
    with search(con, made(con, **PLANTED), [], QUICK) as done, pytest.raises(ConfigError, match="cannot be done"):
        chosen(done, "swapped", "scale")


def test_hostile_names_and_texts_are_remedied_as_they_are(con, tmp_path: Path) -> None:
    con.execute("""CREATE TABLE data AS SELECT i AS id, CASE WHEN i IN (7, 70, 99) THEN 'x'' ; DROP" TABLEA' ELSE
        ['x'' ; DROP" TABLE', 'other ''name''', 'third one'][1 + i % 3] END AS "a""b '; --" FROM range(600) r(i)""")
    path = literal(str(tmp_path / "x.parquet"))
    with search(con, "data", [], QUICK) as done:
        told = preview(done, "data", [Choice.of(group) for group in done.found.groups])
        assert [effect.action for effect in told.effects] == ["map_values"]
        assert {change.after for change in told.effects[0].changes} == {"x' ; DROP\" TABLE"}
    assert path
