"""What a landing sensor makes of files where the pipeline has time windows."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import yaml

from aifirst_dagster.orchestration.landing_sensor import landing_sensor
from aifirst_dagster.pipelines.load import load
from aifirst_dagster.project import Project


@pytest.mark.parametrize("partitions", [None, {"type": "daily", "start": "2026-01-01", "column": "day"}])
def test_a_new_file_asks_for_a_run_but_never_for_one_outside_the_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, partitions: dict | None
) -> None:
    monkeypatch.setenv("AIFIRST_HOME", str(tmp_path / "state"))
    (tmp_path / "days.csv").write_text("day,n\n2026-01-01,1\n")
    step = {"name": "Load", "key": "raw", "type": "connector", "config": {"path": "days.csv"}}
    file = tmp_path / "days.yaml"
    file.write_text(
        yaml.safe_dump({"name": "days", "steps": [step]} | ({"partitions": partitions} if partitions else {}))
    )
    sensor, cursor = landing_sensor(Project(tmp_path), load(file)), None
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            found = sensor(dg.build_sensor_context(instance, cursor=cursor))
            cursor = found.cursor
    if partitions is None:
        assert [request.partition_key for request in found.run_requests] == [None]
    else:
        assert not found.run_requests
        assert "days.csv" in found.skip_reason.skip_message
        assert "backfill" in found.skip_reason.skip_message
