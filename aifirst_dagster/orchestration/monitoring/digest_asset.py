"""The asset `[aifirst, digest]`: a period summed up and sent, by a daily or a weekly schedule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from aifirst_dagster.orchestration.keys import asset_key, op_name
from aifirst_dagster.orchestration.monitoring.digest import digest, send_digest
from aifirst_dagster.orchestration.schedules import JOB
from aifirst_dagster.project import Project

PIPELINE, STEP = "aifirst", "digest"
KEY = asset_key(PIPELINE, STEP)
PERIOD_TAG, ID_TAG = "aifirst/digest", "aifirst/digest_id"
_PERIODS = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
_CRONS = {"daily": "0 6 * * *", "weekly": "0 6 * * 1"}


def digest_asset(project: Project) -> dg.AssetsDefinition:
    """The asset; a run says by its tag `aifirst/digest` which period it sums up, else it is a day."""

    @dg.asset(
        key=KEY,
        group_name=PIPELINE,
        description="What is open, what was resolved, scores down and up, cost: sent to the alerts' channels.",
        op_tags={"aifirst/step_type": STEP},
    )
    def digest_(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        import aifirst_dagster.state as state_package

        period = context.run.tags.get(PERIOD_TAG, "daily")
        state, now = state_package.open(project), datetime.now(UTC)
        made = digest(state, now - _PERIODS.get(period, _PERIODS["daily"]), now)
        # A run that is tried again after it was killed sends nothing twice: the id is the schedule's moment.
        sent = send_digest(
            state, made, context.run.tags.get(ID_TAG) or f"digest-{context.run.root_run_id or context.run_id}"
        )
        return dg.MaterializeResult(
            metadata={
                "digest": dg.MetadataValue.md(_markdown(made.text)),
                "sent": sent,
                "open": len(made.open),
                "resolved": len(made.resolved),
                "cost (USD)": made.cost_usd,
            }
        )

    return digest_


def digest_schedules() -> list[dg.ScheduleDefinition]:
    """Every morning, and every Monday; declared STOPPED like all schedules, to be switched on in the UI."""
    return [_schedule(period, cron) for period, cron in _CRONS.items()]


def _schedule(period: str, cron: str) -> dg.ScheduleDefinition:
    def evaluate(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        moment = context.scheduled_execution_time
        tags = {
            "aifirst/pipeline": PIPELINE,
            "aifirst/reason": f"schedule {cron}",
            PERIOD_TAG: period,
            ID_TAG: f"digest-{period}-{moment:%Y%m%dT%H%M}",
        }
        return dg.RunRequest(run_key=f"{period}:{moment.isoformat()}", asset_selection=[KEY], tags=tags)

    return dg.ScheduleDefinition(
        name=f"{op_name(PIPELINE, STEP)}__{period}",
        cron_schedule=cron,
        execution_timezone="UTC",
        job_name=JOB,
        description=f"Sends the {period} digest of alerts, scores and cost.",
        execution_fn=evaluate,
    )


def _markdown(text: str) -> str:
    """Plain lines as Markdown: nothing in them is taken for more."""
    safe: Any = text.replace("&", "&amp;").replace("<", "&lt;").replace("`", "'").replace("[", "\\[")
    return str(safe)
