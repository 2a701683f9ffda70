"""`aifirst anomalies` and `aifirst remediate`: on a file, and on a step's dataset with a way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aifirst_dagster.datasets.session import connect, literal
from aifirst_dagster.orchestration.storage import open_instance
from aifirst_dagster_tests.quality.anomalies.sales import made
from aifirst_dagster_tests.scenario import Place, rows, step

PLANTED = {
    "price": "CASE WHEN i BETWEEN 600 AND 690 THEN price * 100 ELSE price END",
    "city": "CASE WHEN i IN (8, 80) THEN 'Basle' WHEN i = 800 THEN 'Pairs' ELSE city END",
    "currency": "CASE WHEN i IN (5, 900) THEN 'JPY' ELSE currency END",
    "qty": "CASE WHEN i IN (20, 300) THEN 350 + i ELSE qty END",
}
RULES = [
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "price", "min_value": 1, "max_value": 120}},
]


@pytest.fixture
def sales(place: Place) -> Path:
    path = place.root / "sales.csv"
    with connect() as con:
        made(con, **PLANTED)
        con.execute(f"COPY (SELECT * EXCLUDE (_source, _source_line, total) FROM data) TO {literal(str(path))}")
    return path


@pytest.fixture
def shop(place: Place, sales: Path) -> Place:
    place.file(
        step("raw", "connector", path="sales.csv"),
        step("clean", "llm_transform"),
        step("check", "llm_validation", rules=RULES, threshold=0.1, anomalies=True),
    )
    return place


def test_a_file_is_told_in_groups_and_remedied_into_another(place: Place, sales: Path, aifirst) -> None:
    answer = aifirst("anomalies", sales, "--rows", "--json").json
    kinds = {group["kind"]: group for group in answer["groups"]}
    assert {"scale", "spelling", "rare"} <= set(kinds) and answer["rows"] == 1200
    keys = {"id", "kind", "columns", "rows", "score", "cause", "explanation", "evidence", "examples", "remediation"}
    assert keys <= set(kinds["scale"])
    listed = [cell for cell in answer["cells_listed"] if cell["group"] == kinds["rare"]["id"]]
    assert [(cell["row"], cell["source_line"], cell["value"]) for cell in listed] == [(5, 7, "JPY"), (900, 902, "JPY")]
    text = aifirst("anomalies", sales, "-o", "out.json")
    assert "to do: map_values" in text.out
    assert json.loads((place.root / "out.json").read_text())["groups"] == answer["groups"]

    seen = aifirst("remediate", sales, "--group", kinds["spelling"]["id"], "--json").json
    assert seen["applied"] is False and seen["effects"][0]["cells"] == 3
    place.write("rules.json", json.dumps({"rules": RULES}))
    done = aifirst("remediate", sales, "-o", "fixed.csv", "--rules", "rules.json", "--json").json
    assert done["applied"] and done["score"]["after"] > done["score"]["before"]
    with connect() as con:
        fixed = con.execute(
            "SELECT count(*), max(price) < 120, count(*) FILTER (city = 'Basle') FROM 'fixed.csv'"
        ).fetchall()
    assert fixed == [(1198, True, 0)], "the two quantities far outside are set aside"


def test_what_cannot_be_is_said(place: Place, sales: Path, aifirst) -> None:
    assert aifirst("remediate", sales, "--apply").code == 2
    assert "never overwritten" in aifirst("remediate", sales, "--apply").err
    same = aifirst("remediate", sales, "-o", "sales.csv")
    assert same.code == 2 and "The output is the input" in same.err
    unknown = aifirst("remediate", sales, "--group", "nope", "--json")
    assert unknown.code == 2 and unknown.json["error"]["type"] == "InputError"
    assert aifirst("anomalies", "nosuch.csv").code == 2


def test_a_dataset_is_remedied_as_a_new_version_told_to_dagster_and_put_back(shop: Place, aifirst) -> None:
    ran = aifirst("run", "shop", "--json").json
    (check,) = [one for one in ran["checks"] if one["name"] == "anomalies"]
    assert (check["passed"], check["severity"], check["blocking"]) == (False, "warn", False) and ran["success"]

    found = aifirst("anomalies", "shop", "clean", "--json").json
    (wrong,) = [group for group in found["groups"] if group["kind"] == "scale"]
    assert wrong["cells"] == 91, "one cause is one group, though it begins before its month does"
    scaled = ("--group", wrong["id"])
    before = shop.store.current("shop", "clean")
    assert found["version"] == before.manifest.version
    seen = aifirst("remediate", "shop", "clean", *scaled, "--json").json
    assert seen["score"]["before"] < seen["score"]["after"] and seen["score"]["judged_by"] == "the rules of check"
    assert aifirst("remediate", "shop", "clean", "--apply").code == 2, "a reason is wanted"

    say = ("--by", "ann", "--why", "july was in cents")
    done = aifirst("remediate", "shop", "clean", *scaled, "--apply", *say, "--json").json
    after = shop.store.current("shop", "clean")
    assert (done["version"], done["before"]) == (after.manifest.version, before.manifest.version)
    assert done["stale"] == ["check"] and rows(after, "max(price) < 120") == [(True,)]
    with open_instance() as instance:
        from dagster import AssetKey

        event = instance.get_latest_materialization_event(AssetKey(["shop", "clean"])).asset_materialization
    assert "ann" in event.description and event.metadata["version"].value == after.manifest.version
    again = aifirst("remediate", "shop", "clean", *scaled, "--apply", *say, "--json").json
    assert again["already"] and shop.store.current("shop", "clean").manifest.version == after.manifest.version

    assert aifirst("remediate", "shop", "clean", "--undo", *say, "--json").json["undone"] is True
    assert shop.store.current("shop", "clean").manifest.version == before.manifest.version
    assert aifirst("remediate", "shop", "clean", "--undo", *say, "--json").json["undone"] is False


def test_what_is_expected_is_told_no_more_and_what_is_remembered_is_done_again(shop: Place, aifirst) -> None:
    aifirst("run", "shop", "--json")
    kinds = {group["kind"]: group["id"] for group in aifirst("anomalies", "shop", "clean", "--json").json["groups"]}
    say = ("--by", "ann", "--why", "we sell to Japan")
    kept = aifirst(
        "remediate", "shop", "clean", "--group", kinds["rare"], "--action", "keep", "--apply", *say, "--json"
    )
    assert kept.code == 0, kept.text
    assert kept.json["expected"] == [kinds["rare"]] and kept.json["applied"] is False
    found = aifirst("anomalies", "shop", "clean", "--json").json
    assert kinds["rare"] not in {group["id"] for group in found["groups"]}
    assert [(one["by"], one["why"]) for one in found["expected"]] == [("ann", "we sell to Japan")]
    aifirst("remediate", "shop", "clean", "--undo", "--group", kinds["rare"], *say)
    assert kinds["rare"] in {one["id"] for one in aifirst("anomalies", "shop", "clean", "--json").json["groups"]}

    done = aifirst(
        "remediate", "shop", "clean", "--group", kinds["outlier"], "--apply", "--remember", *say, "--json"
    ).json
    assert done["remembered"][0]["action"] == "treat_outliers"
    aifirst("run", "shop", "--step", "clean", "--json")
    version = shop.store.current("shop", "clean")
    assert "remediation" not in version.manifest.details, "a run's own version"
    assert rows(version, "max(qty)") == [(9,)] and version.manifest.quarantined == 2, "the plan does it now"
