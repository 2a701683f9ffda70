"""All sensors of a project: landing folders, drift, rule sets, and alerts."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from aifirst_dagster.orchestration.alerts import alert_sensors
from aifirst_dagster.orchestration.drift_sensor import drift_sensor
from aifirst_dagster.orchestration.landing_sensor import landing_sensor, watched
from aifirst_dagster.orchestration.rulesets import rule_sets_sensor
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project


def sensors(project: Project, pipelines: Sequence[PipelineSpec]) -> list[dg.SensorDefinition]:
    """A landing sensor for each pipeline that reads files, a drift sensor for each that watches it; rules, alerts."""
    landing = [landing_sensor(project, pipeline) for pipeline in pipelines if watched(pipeline)]
    drifting = [
        drift_sensor(project, pipeline)
        for pipeline in pipelines
        if pipeline.drift is not None and pipeline.drift.on_drift != "alert"
    ]
    ruled = rule_sets_sensor(project, pipelines)
    return [*landing, *drifting, *([ruled] if ruled else []), *alert_sensors(project, pipelines)]
