"""Partitions as the UI handles them: one for each landed file, one for each day, and backfills over both."""

from __future__ import annotations

from typing import Any

import pytest

from aifirst_dagster_tests.e2e.conftest import Scene
from aifirst_dagster_tests.e2e.graphql import ENDED, Client, until

pytestmark = pytest.mark.e2e


def backfill(ui: Client, assets: list[str], partitions: list[str]) -> list[dict[str, Any]]:
    """Launch a backfill as the UI does; its runs, once it has ended."""
    return ui.backfilled(ui.backfill(assets, partitions))


def test_each_landed_file_is_a_partition_and_a_backfill_over_all_is_one_run(scene: Scene) -> None:
    keys = [f"landing/each_file/{name}" for name in ("a.csv", "b.csv", "c d.csv")]

    def all_made() -> bool:
        made = {row["partition"] for row in scene.ui.materialisations("each_file/kept")}
        return made == set(keys) and all(run["status"] in ENDED for run in scene.ui.runs(aifirst__pipeline="each_file"))

    until(all_made, 90, "a materialisation of each file")
    requested = scene.ui.runs(aifirst__pipeline="each_file")
    assert {run["status"] for run in requested} == {"SUCCESS"}
    first = rows_of(scene, "each_file/kept")
    assert first == {keys[0]: 2, keys[1]: 2, keys[2]: 3}

    before = len(scene.ui.materialisations("each_file/raw"))
    runs = backfill(scene.ui, ["each_file/raw", "each_file/kept"], keys)
    assert len(runs) == 1, "one process for all files"
    assert runs[0]["status"] == "SUCCESS", scene.ui.why(runs[0]["runId"])
    again = [row for row in scene.ui.materialisations("each_file/raw") if row["runId"] == runs[0]["runId"]]
    assert sorted(row["partition"] for row in again) == keys
    assert len(scene.ui.materialisations("each_file/raw")) == before + 3
    assert rows_of(scene, "each_file/kept") == first
    versions = {folder.parent.name for folder in (scene.place.home / "datasets/each_file/raw").glob("*/current")}
    assert len(versions) == 3, "a dataset version for each partition"
    checks = scene.ui.checks("each_file/raw")
    assert checks["row_reconciliation"]["blocking"]


def test_a_day_is_a_partition_and_three_days_are_backfilled_from_their_own_files(scene: Scene) -> None:
    days = ["2026-02-01", "2026-02-02", "2026-02-03"]
    runs = scene.ui.backfilled(scene.by_day)
    assert [run["status"] for run in runs] == ["SUCCESS"], [scene.ui.why(run["runId"]) for run in runs]
    assert rows_of(scene, "by_day/raw") == {days[0]: 4, days[1]: 5, days[2]: 6}
    statuses = scene.ui.ask(
        """{ assetNodeOrError(assetKey: {path: ["by_day", "kept"]}) { ... on AssetNode {
        partitionStats { numMaterialized numFailed } } } }"""
    )["assetNodeOrError"]["partitionStats"]
    assert statuses == {"numMaterialized": 3, "numFailed": 0}


def rows_of(scene: Scene, asset: str) -> dict[str, int]:
    """Rows of the newest materialisation of each partition."""
    found: dict[str, int] = {}
    for made in scene.ui.materialisations(asset):
        labels = {entry["label"]: entry for entry in made["metadataEntries"]}
        found.setdefault(made["partition"], labels["dagster/partition_row_count"]["intValue"])
    return found
