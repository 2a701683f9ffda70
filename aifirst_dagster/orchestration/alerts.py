"""Sensors that tell people: failed runs, failed checks of green runs, datasets that became worse, and what waits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus

from aifirst_dagster.observe.alerts import deliver, resolve, send
from aifirst_dagster.observe.alerts.sending import QUIET
from aifirst_dagster.orchestration.ended import ended
from aifirst_dagster.orchestration.intervals import interval
from aifirst_dagster.orchestration.monitoring.runs import Run, verdicts
from aifirst_dagster.orchestration.monitoring.tick import look
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

INTERVAL_SECONDS = 30
_LOOK_SECONDS = 60


def alert_sensors(project: Project, pipelines: Sequence[PipelineSpec] = ()) -> list[dg.SensorDefinition]:
    """Alerts on every run of the location (failed ones, and green ones with failed checks: silent in Dagster), and on
    datasets that are worse or older than they were."""
    specs = {pipeline.slug: pipeline for pipeline in pipelines}

    @dg.run_failure_sensor(
        name="alert_on_failure",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=interval(INTERVAL_SECONDS),
        description="Tells people when a run fails: docs/monitoring.md.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
        state, run = _state(project), context.dagster_run
        tell(project, state, ended(context.instance, run, success=False), specs)
        # The other sensor may have seen a later run's success before this one saw the failure.
        if later := succeeded_after(context.instance, run):
            tell(project, state, ended(context.instance, later, success=True), specs)

    @dg.run_status_sensor(
        name="alert_on_failed_checks",
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=interval(INTERVAL_SECONDS),
        description="Tells people when checks fail in a run that succeeded, and when what had failed is well again.",
    )
    def alert_on_failed_checks(context: dg.RunStatusSensorContext) -> None:
        tell(project, _state(project), ended(context.instance, context.dagster_run, success=True), specs)

    @dg.sensor(
        name="alert_on_degradation",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=interval(_LOOK_SECONDS),
        description="Tells people when score, quarantine, cost, duration or freshness are worse than they were; sends "
        "what a channel that was down did not take.",
    )
    def alert_on_degradation(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
        came = look(
            project, _state(project), pipelines, seen,
            on_schedule=lambda pipeline, since: ran_since(context.instance, pipeline, since),
        )  # fmt: skip
        said = f"{came.judged} datasets judged, {len(came.told)} alerts, {len(came.resolved)} resolved, "
        return dg.SensorResult(
            skip_reason=said + f"{came.sent} messages sent, {came.waiting} wait.", cursor=json.dumps(seen)
        )

    return [alert_on_failure, alert_on_failed_checks, alert_on_degradation]


def tell(
    project: Project, state: State, run: Run, pipelines: Mapping[str, PipelineSpec]
) -> tuple[list[str], list[str]]:
    """Open, update and resolve the incidents that a run means; the keys that people are told of, and the end of."""
    told: list[str] = []
    over: list[str] = []
    for verdict in verdicts(project, state, run, pipelines):
        spec = pipelines.get(verdict.pipeline)
        if spec is not None and not spec.monitoring.watches(verdict.kind):
            continue
        if verdict.alert is None:
            over += [verdict.key] if resolve(verdict.key, state.alerts, verdict.why, at_once=False) else []
            continue
        quiet = spec.monitoring.quiet if spec is not None else QUIET
        told += [verdict.key] if send(verdict.alert, state.alerts, quiet, at_once=False) else []
    deliver(state.alerts)
    return told, over


def ran_since(instance: dg.DagsterInstance, pipeline: PipelineSpec, since: datetime) -> bool | None:
    """Whether a pipeline's run that began since then succeeded; None where its schedule is not switched on."""
    name = f"{pipeline.slug}__schedule"
    states = instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
    if not any(one.instigator_name == name and one.status == InstigatorStatus.RUNNING for one in states):
        return None
    wanted = dg.RunsFilter(
        tags={"aifirst/pipeline": pipeline.slug}, statuses=[dg.DagsterRunStatus.SUCCESS], created_after=since
    )
    return bool(instance.get_run_records(wanted, limit=1))


def succeeded_after(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun | None:
    """The newest run of the same pipeline and partition that began later and succeeded."""
    names = ("aifirst/pipeline", "dagster/partition", "dagster/asset_partition_range_start")
    tags = {name: run.tags[name] for name in names if name in run.tags}
    record = instance.get_run_record_by_id(run.run_id)
    if "aifirst/pipeline" not in tags or record is None:
        return None
    wanted = dg.RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.SUCCESS], created_after=record.create_timestamp)
    found = instance.get_run_records(wanted, limit=1)
    return found[0].dagster_run if found else None


def _state(project: Project) -> State:
    from aifirst_dagster import state

    return state.open(project)
