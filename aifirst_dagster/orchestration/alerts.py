"""Sensors that tell people: failed runs, failed checks of green runs, datasets that became worse, and what waits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus

from aifirst_dagster.observe.alerts import deliver, resolve, send
from aifirst_dagster.orchestration.intervals import interval
from aifirst_dagster.orchestration.keys import op_name, slugs_of
from aifirst_dagster.orchestration.monitoring.runs import Evaluated, Run, verdicts
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
        tell(project, state, ended(context.instance, run, context), specs)
        # The other sensor may have seen a later run's success before this one saw the failure.
        if later := succeeded_after(context.instance, run):
            tell(project, state, ended(context.instance, later), specs)

    @dg.run_status_sensor(
        name="alert_on_failed_checks",
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=interval(INTERVAL_SECONDS),
        description="Tells people when checks fail in a run that succeeded, and when what had failed is well again.",
    )
    def alert_on_failed_checks(context: dg.RunStatusSensorContext) -> None:
        tell(project, _state(project), ended(context.instance, context.dagster_run), specs)

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


def tell(project: Project, state: State, run: Run, pipelines: Mapping[str, PipelineSpec]) -> None:
    """Open, update and resolve the incidents that a run means."""
    for verdict in verdicts(project, state, run, pipelines):
        spec = pipelines.get(verdict.pipeline)
        if spec is not None and not spec.monitoring.watches(verdict.kind):
            continue
        if verdict.alert is None:
            resolve(verdict.key, state.alerts, verdict.why, at_once=False)
        elif spec is not None:
            send(verdict.alert, state.alerts, spec.monitoring.quiet, at_once=False)
        else:
            send(verdict.alert, state.alerts, at_once=False)
    deliver(state.alerts)


def ended(instance: dg.DagsterInstance, run: dg.DagsterRun, failure: dg.RunFailureSensorContext | None = None) -> Run:
    """A run as alerts need it."""
    events = dict(_by_asset(instance, run.run_id))
    reasons, failed, only_checks = _failures(run, failure) if failure is not None else ([], [], False)
    return Run(
        run_id=run.run_id,
        name=_name(run),
        success=failure is None,
        pipelines=_pipelines(run),
        partition=_partition(run),
        why=run.tags.get("aifirst/reason", ""),
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        reasons=reasons,
        failed=failed,
        made=_assets(instance, run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION) if failure is None else [],
        only_checks=only_checks,
        checks=events,
    )


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


def _failures(run: dg.DagsterRun, context: dg.RunFailureSensorContext) -> tuple[list[str], list[str], bool]:
    """Why steps failed, the assets that they were to make, and whether blocking checks were all there was."""
    planned = _assets(context.instance, run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    assets = {op_name(*asset.split("/")): asset for asset in planned}
    reasons, ours, checks = [], [], []
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data and data.error:
            worded = data.user_failure_data.description if data.user_failure_data else None
            reasons.append((worded or data.error.message).strip())
            checks.append(_innermost(data.error) == "DagsterAssetCheckFailedError")
        if event.step_key in assets:
            ours.append(assets[event.step_key])
    return reasons or [context.failure_event.message or ""], ours, bool(checks) and all(checks)


def _innermost(error: object) -> str:
    while getattr(error, "cause", None) is not None:
        error = error.cause  # type: ignore[attr-defined]
    return str(getattr(error, "cls_name", ""))


def _by_asset(instance: dg.DagsterInstance, run_id: str) -> Mapping[str, Sequence[Evaluated]]:
    """The checks that a run evaluated, by asset."""
    found: dict[str, list[Evaluated]] = defaultdict(list)
    for one in evaluations(instance, run_id):
        error = one.severity == dg.AssetCheckSeverity.ERROR
        found["/".join(slugs_of(one.asset_key))].append(
            Evaluated(one.check_name, one.passed, error, one.description or "")
        )
    return found


def evaluations(instance: dg.DagsterInstance, run_id: str) -> Sequence[dg.AssetCheckEvaluation]:
    """The checks that a run evaluated."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    found = (record.event_log_entry.dagster_event for record in records)
    return [event.asset_check_evaluation_data for event in found if event]


def _assets(instance: dg.DagsterInstance, run_id: str, kind: dg.DagsterEventType) -> list[str]:
    """The assets of a run's events of a kind."""
    events = (one.event_log_entry.dagster_event for one in instance.get_records_for_run(run_id, of_type=kind).records)
    return ["/".join(slugs_of(event.asset_key)) for event in events if event and event.asset_key]


def _state(project: Project) -> State:
    from aifirst_dagster import state

    return state.open(project)


def _pipelines(run: dg.DagsterRun) -> list[str]:
    if named := run.tags.get("aifirst/pipeline"):
        return [named]
    return sorted({slugs_of(key)[0] for key in run.asset_selection or ()})


def _partition(run: dg.DagsterRun) -> str:
    first = run.tags.get("dagster/asset_partition_range_start")
    last = run.tags.get("dagster/asset_partition_range_end")
    return run.tags.get("dagster/partition") or (f"{first}...{last}" if first else "")


def _name(run: dg.DagsterRun) -> str:
    """What ran, for people: the pipelines of the chosen assets, else the job."""
    return ", ".join(_pipelines(run)) or run.job_name
