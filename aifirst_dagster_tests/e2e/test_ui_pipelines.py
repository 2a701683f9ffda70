"""What a data engineer sees in the UI: assets, checks that stand before and after a run, broken files, resources."""

from __future__ import annotations

import pytest

from aifirst_dagster_tests.e2e import scenes
from aifirst_dagster_tests.e2e.conftest import Scene
from aifirst_dagster_tests.e2e.graphql import LOCATION

pytestmark = pytest.mark.e2e

CUSTOMERS = {"raw", "clean", "checked", "save", "by_country", "save_summary", "publish_summary"}


def test_every_step_is_an_asset_and_a_broken_file_takes_no_other_down(scene: Scene) -> None:
    keys = scene.ui.asset_keys()
    assert {f"customers/{step}" for step in CUSTOMERS} <= keys
    assert "broken/oops" in keys
    assert {"penguins/raw", "landed/kept", "by_day/kept"} <= keys


def test_a_broken_file_is_an_asset_whose_check_says_where_and_what(scene: Scene) -> None:
    (check,) = scene.ui.checks("broken/oops").values()
    assert "oops.yaml:4" in check["description"]
    assert "connector" in check["description"], "the nearest valid type is named"


def test_a_pipeline_materialises_and_each_asset_tells_rows_schema_cost_and_lineage(scene: Scene) -> None:
    assert scene.ended("customers") == "SUCCESS", scene.ui.why(scene.runs["customers"])
    for step in CUSTOMERS:
        (made,) = scene.ui.materialisations(f"customers/{step}")
        assert made["runId"] == scene.runs["customers"]
        assert made["tags"]["dagster/data_version_is_user_provided"] == "true"
        labels = {entry["label"]: entry for entry in made["metadataEntries"]}
        assert labels["dagster/row_count"]["intValue"] > 0
        assert labels["dagster/column_schema"]["schema"]["columns"]
    clean = {entry["label"]: entry for entry in scene.ui.materialisations("customers/clean")[0]["metadataEntries"]}
    assert clean["llm cost (USD)"]["floatValue"] == 0
    assert (scene.place.root / "out/customers/customers.parquet").is_file()


def test_every_declared_check_is_reported_by_the_run_with_its_reasons(scene: Scene) -> None:
    scene.ended("customers")
    for step in CUSTOMERS:
        for check in scene.ui.checks(f"customers/{step}").values():
            if check["executionForLatestMaterialization"] is None:
                # Declared by a reload after the run: the next run reports it.
                assert "__" in check["name"]
                continue
            assert check["executionForLatestMaterialization"]["runId"] == scene.runs["customers"]
            assert check["executionForLatestMaterialization"]["status"] == "SUCCEEDED", check
    score = scene.ui.checks("customers/checked")["quality_score"]
    assert score["blocking"]
    tables = [
        entry["table"]
        for entry in score["executionForLatestMaterialization"]["evaluation"]["metadataEntries"]
        if "table" in entry
    ]
    assert len(tables[0]["records"]) > 5, "the per-rule table"


def test_rules_that_a_run_wrote_stand_as_checks_after_a_reload_and_the_next_run_reports_them(scene: Scene) -> None:
    scene.ended("customers")
    design = scene.place.root / "resources/designs/customers/checked/rules.yaml"
    assert design.is_file()
    scene.ui.reload()
    checks = scene.ui.checks("customers/checked")
    rules = {name for name in checks if "__" in name}
    assert len(rules) > 5
    run = scene.ui.launch("customers", ["checked"])
    assert scene.ui.finished(run) == "SUCCESS", scene.ui.why(run)
    for name, check in scene.ui.checks("customers/checked").items():
        execution = check["executionForLatestMaterialization"]
        assert execution["runId"] == run, name
        assert execution["status"] in ("SUCCEEDED", "FAILED"), name
        assert execution["evaluation"]["description"], name


def test_a_new_yaml_file_is_a_new_pipeline_after_a_reload(scene: Scene) -> None:
    assert "added/raw" not in scene.ui.asset_keys()
    scene.place.pipeline("added", [scenes.load("in/people.csv")])
    scene.ui.reload()
    assert "added/raw" in scene.ui.asset_keys()


def test_an_empty_landing_folder_is_a_skipped_step_that_says_where_it_looks(scene: Scene) -> None:
    assert scene.ended("customer_data_enrichment") == "SUCCESS", scene.ui.why(scene.runs["customer_data_enrichment"])
    assert scene.ui.materialisations("customer_data_enrichment/load_customer_csv") == []
    seen = scene.ui.ask(
        """{ assetOrError(assetKey: {path: ["customer_data_enrichment", "load_customer_csv"]}) { ... on Asset {
        assetObservations { metadataEntries { ... on TextMetadataEntry { text } } } } } }"""
    )["assetOrError"]["assetObservations"]
    assert "landing/customer_data_enrichment" in seen[0]["metadataEntries"][0]["text"]


def test_llm_resources_are_seen_and_can_be_overridden_for_one_run(scene: Scene) -> None:
    shown = scene.ui.ask(
        """query($s: ResourceSelector!) { topLevelResourceDetailsOrError(resourceSelector: $s) { __typename
        ... on ResourceDetails { configFields { name } configuredValues { key value } assetKeysUsing { path } } } }""",
        s={**LOCATION, "resourceName": "llm"},
    )["topLevelResourceDetailsOrError"]
    assert shown["__typename"] == "ResourceDetails", shown
    assert {"model", "budget_usd", "effort"} <= {field["name"] for field in shown["configFields"]}
    assert ["customers", "clean"] in [key["path"] for key in shown["assetKeysUsing"]]
    config = {"resources": {"llm": {"config": {"model": "claude-haiku-4-5", "budget_usd": 0.01}}}}
    run = scene.ui.launch("warned", config=config)
    assert scene.ui.finished(run) == "SUCCESS", scene.ui.why(run)
    wrong = {"resources": {"llm": {"config": {"modell": "x"}}}}
    with pytest.raises(AssertionError, match="RunConfigValidationInvalid"):
        scene.ui.launch("warned", config=wrong)
