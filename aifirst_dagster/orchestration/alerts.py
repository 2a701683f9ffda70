"""Failed runs and failed checks reach people: a log line always, a webhook where one is named, each trouble once."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from aifirst_dagster.observe.alerts import Alert, send
from aifirst_dagster.orchestration.intervals import interval
from aifirst_dagster.project import Project

INTERVAL_SECONDS = 30


def alert_sensors(project: Project) -> list[dg.SensorDefinition]:
    """Alerts on every run of the location: failed ones, and green ones with failed checks (silent in Dagster)."""

    @dg.run_failure_sensor(
        name="alert_on_failure",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=interval(INTERVAL_SECONDS),
        description="Logs and posts to AIFIRST_ALERT_WEBHOOK when a run fails.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        reasons = [
            data.error.message.strip()
            for event in context.get_step_failure_events()
            if (data := event.step_failure_data) and data.error
        ]
        failed = failed_checks(context.instance, run.run_id)
        text = "\n".join([*(reasons or [context.failure_event.message or ""]), *map(_worded, failed)])
        _send(project, _alert("run-failure", run, f"Run of {_name(run)} failed", text, "error"))

    @dg.run_status_sensor(
        name="alert_on_failed_checks",
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=interval(INTERVAL_SECONDS),
        description="Logs and posts to AIFIRST_ALERT_WEBHOOK when checks fail in a run that succeeded.",
    )
    def alert_on_failed_checks(context: dg.RunStatusSensorContext) -> None:
        failed = failed_checks(context.instance, context.dagster_run.run_id)
        if failed:
            run = context.dagster_run
            title = f"{len(failed)} check(s) failed in a run of {_name(run)}"
            _send(project, _alert("checks", run, title, "\n".join(map(_worded, failed)), "warning"))

    return [alert_on_failure, alert_on_failed_checks]


def failed_checks(instance: dg.DagsterInstance, run_id: str) -> Sequence[dg.AssetCheckEvaluation]:
    """The checks that failed in a run."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    found = (record.event_log_entry.dagster_event for record in records)
    return [
        event.asset_check_evaluation_data for event in found if event and not event.asset_check_evaluation_data.passed
    ]


def _alert(kind: str, run: dg.DagsterRun, title: str, text: str, severity: str) -> Alert:
    context = {"run_id": run.run_id, "pipeline": _name(run), "reason": run.tags.get("aifirst/reason", "")}
    return Alert(f"{kind}:{run.run_id}", title, text, "error" if severity == "error" else "warning", context)


def _send(project: Project, alert: Alert) -> None:
    from aifirst_dagster import state

    send(alert, state.open(project).alerts)


def _worded(check: dg.AssetCheckEvaluation) -> str:
    asset, severity = check.asset_key.to_user_string(), check.severity.value
    return f"{asset} · {check.check_name} ({severity}): {check.description or 'failed'}"


def _name(run: dg.DagsterRun) -> str:
    """What ran, for people: the pipelines of the chosen assets, else the job."""
    pipelines = sorted({key.path[0] for key in run.asset_selection or ()})
    return run.tags.get("aifirst/pipeline") or ", ".join(pipelines) or run.job_name
