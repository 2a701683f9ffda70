"""The asset `[aifirst, retention]`: a purge by schedule, and what it came to."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from aifirst_dagster.orchestration.keys import asset_key
from aifirst_dagster.orchestration.retention.purge import Purged, purge
from aifirst_dagster.orchestration.retention.settings import FILE, retention
from aifirst_dagster.orchestration.schedules import daily
from aifirst_dagster.orchestration.spend.tables import table
from aifirst_dagster.project import Project

PIPELINE, STEP = "aifirst", "retention"
KEY = asset_key(PIPELINE, STEP)
#: At night, when few runs are under way.
CRON = "45 2 * * *"
DRY_RUN_TAG = "aifirst/dry_run"


def retention_asset(project: Project) -> dg.AssetsDefinition:
    """The asset; a run with the tag `aifirst/dry_run` only says what would go."""

    @dg.asset(
        key=KEY,
        group_name=PIPELINE,
        description=f"Deletes dataset versions, runs, records and caches that are older than resources/{FILE} says.",
        op_tags={"aifirst/step_type": STEP},
    )
    def retention_(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        import aifirst_dagster.state as state_package

        came = purge(
            project,
            state_package.open(project),
            retention(project),
            context.instance,
            dry_run=DRY_RUN_TAG in context.run.tags,
            tell=context.log.info,
        )
        for problem in came.problems:
            context.log.warning(f"Not done: {problem}")
        return dg.MaterializeResult(metadata=shown(came))

    return retention_


def retention_schedule() -> dg.ScheduleDefinition:
    """Every night; declared STOPPED like all schedules, to be switched on in the UI."""
    return daily(PIPELINE, STEP, CRON, f"Deletes what is older than resources/{FILE} says.")


def shown(came: Purged) -> dict[str, Any]:
    """What went, as metadata."""
    lines = [[one.what, one.count, one.bytes, one.setting] for one in came.gone]
    return {
        "gone": dg.MetadataValue.md(table(["what", "count", "bytes", "setting"], lines) if lines else "Nothing."),
        "bytes": came.bytes,
        "dry run": came.dry_run,
        "problems": dg.MetadataValue.md("\n".join(f"- {one}" for one in came.problems) or "None."),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
