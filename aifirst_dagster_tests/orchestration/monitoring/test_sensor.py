"""The sensor that looks at datasets: what it remembers, and schedules that are on or off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

import aifirst_dagster.state as state_package
from aifirst_dagster.orchestration.alerts import alert_sensors, ran_since
from aifirst_dagster.pipelines.load import load
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project
from aifirst_dagster.state.measures import Measure

NOW = datetime.now(UTC)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("AIFIRST_HOME", "AIFIRST_POSTGRES_URL", "AIFIRST_ALERT_WEBHOOK"):
        monkeypatch.delenv(name, raising=False)
    return Project(tmp_path)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        yield instance


@pytest.fixture
def pipeline(tmp_path: Path) -> PipelineSpec:
    step = {"name": "load", "type": "connector", "config": {"type": "csv", "path": "x.csv"}}
    file = tmp_path / "p.yaml"
    file.write_text(yaml.safe_dump({"name": "p", "schedule": "0 * * * *", "steps": [step]}))
    return load(file)


def switch(instance: dg.DagsterInstance, name: str, status: InstigatorStatus) -> None:
    target = LoadableTargetOrigin(module_name="aifirst_dagster.definitions", executable_path=None)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, "aifirst_dagster")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
    instance.add_instigator_state(
        InstigatorState(origin, InstigatorType.SCHEDULE, status, ScheduleInstigatorData("0 * * * *", 0.0))
    )


def test_it_tells_what_is_stale_only_while_the_schedule_is_on_and_remembers_what_it_judged(
    project: Project, instance: dg.DagsterInstance, pipeline: PipelineSpec
):
    state = state_package.open(project)
    state.measures.add(Measure("p", "load", None, "v1", "r", NOW - timedelta(hours=5)))
    *_, sensor = alert_sensors(project, [pipeline])
    assert sensor.name == "alert_on_degradation"
    first = sensor(dg.build_sensor_context(instance))
    assert json.loads(first.cursor) == {"p/load": "v1"}
    assert "1 datasets judged, 0 alerts" in first.skip_reason.skip_message
    switch(instance, "p__schedule", InstigatorStatus.RUNNING)
    second = sensor(dg.build_sensor_context(instance, cursor=first.cursor))
    assert "0 datasets judged, 1 alerts" in second.skip_reason.skip_message
    assert [one.key for one in state.alerts.list()] == ["freshness:p"]


def test_a_run_that_succeeded_since_the_schedule_was_due_is_enough(
    project: Project, instance: dg.DagsterInstance, pipeline: PipelineSpec
):
    since = NOW - timedelta(minutes=5)
    assert ran_since(instance, pipeline, since) is None
    switch(instance, "p__schedule", InstigatorStatus.RUNNING)
    assert ran_since(instance, pipeline, since) is False

    @dg.asset
    def nothing_new() -> None: ...

    dg.materialize([nothing_new], instance=instance, tags={"aifirst/pipeline": "p"})
    assert ran_since(instance, pipeline, since) is True
    assert ran_since(instance, pipeline, datetime.now(UTC) + timedelta(minutes=5)) is False
