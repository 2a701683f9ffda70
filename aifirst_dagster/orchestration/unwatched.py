"""Runs that ended while no daemon looked: `aifirst alerts check` tells what the sensors would have told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from aifirst_dagster.orchestration.alerts import tell
from aifirst_dagster.orchestration.ended import ended
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

#: Run tag of a run that was looked at.
TAG = "aifirst/alerts_looked"
#: How far back runs are looked at; a sensor daemon whose last sign is so many seconds old is not there.
BACK, AWAKE = timedelta(days=7), 120.0
_DAEMON = "SENSOR"
_MOST = 500


def look_at_runs(
    project: Project, state: State, instance: dg.DagsterInstance, pipelines: Sequence[PipelineSpec]
) -> tuple[int, list[str], list[str]]:
    """Tell what ended runs mean, each once and in the order in which they ended.

    Where a sensor daemon is awake, or was when a run ended, that run is the sensors': it is left to them.

    Returns:
        How many runs were looked at, the incidents that people are told of, and those whose end they are told.
    """
    heard = instance.get_daemon_heartbeats().get(_DAEMON)
    since = datetime.now(UTC) - BACK
    if heard is not None:
        if time.time() - heard.timestamp < AWAKE:
            return 0, [], []
        since = max(since, datetime.fromtimestamp(heard.timestamp, UTC))
    wanted = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE], updated_after=since)
    records = [one for one in instance.get_run_records(wanted, limit=_MOST) if TAG not in one.dagster_run.tags]
    told: list[str] = []
    over: list[str] = []
    specs = {pipeline.slug: pipeline for pipeline in pipelines}
    for record in sorted(records, key=lambda one: one.end_time or 0.0):
        run = record.dagster_run
        opened, closed = tell(project, state, ended(instance, run, success=run.is_success), specs)
        told, over = told + opened, over + closed
        # After it: a look that is killed in between is done again, and the same run counts once.
        instance.add_run_tags(run.run_id, {TAG: datetime.now(UTC).isoformat(timespec="seconds")})
    return len(records), told, over
