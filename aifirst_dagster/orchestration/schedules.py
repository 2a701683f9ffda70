"""Cron schedules from YAML: each asks for its pipeline's assets, for the newest partition where it has time windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg

from aifirst_dagster.orchestration import partitions
from aifirst_dagster.orchestration.keys import asset_key, op_name
from aifirst_dagster.pipelines.spec import PipelineSpec, Schedule

#: Dagster's own job over all assets: a job for each schedule would multiply the location's snapshot.
JOB = "__ASSET_JOB"


def schedules(pipelines: Sequence[PipelineSpec]) -> list[dg.ScheduleDefinition]:
    """The schedule of each pipeline that has one; declared STOPPED, to be switched on in the UI."""
    return [_schedule(pipeline, pipeline.schedule) for pipeline in pipelines if pipeline.schedule]


def daily(pipeline: str, step: str, cron: str, description: str) -> dg.ScheduleDefinition:
    """A schedule of one of our own assets (`[pipeline, step]`, UTC); declared STOPPED as all are."""
    key = asset_key(pipeline, step)
    return dg.ScheduleDefinition(
        name=f"{op_name(pipeline, step)}__daily",
        cron_schedule=cron,
        execution_timezone="UTC",
        job_name=JOB,
        description=description,
        execution_fn=lambda context: dg.RunRequest(
            run_key=context.scheduled_execution_time.isoformat(),
            asset_selection=[key],
            tags={"aifirst/pipeline": pipeline, "aifirst/reason": f"schedule {cron}"},
        ),
    )


def _schedule(pipeline: PipelineSpec, wanted: Schedule) -> dg.ScheduleDefinition:
    """One pipeline's schedule."""
    split = partitions.definition(pipeline)
    assets = [asset_key(pipeline.slug, step.key) for step in pipeline.steps]

    def evaluate(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        moment = context.scheduled_execution_time
        tags = {"aifirst/pipeline": pipeline.slug, "aifirst/reason": f"schedule {wanted.cron}"}
        if isinstance(split, dg.TimeWindowPartitionsDefinition):
            with dg.partition_loading_context(effective_dt=moment):
                key = split.get_last_partition_key()
            if key is None:
                yield dg.SkipReason("No partition is complete yet.")
                return
            yield dg.RunRequest(
                run_key=f"{moment.isoformat()}:{key}", partition_key=key, tags=tags, asset_selection=assets
            )
        elif split is not None:
            yield dg.SkipReason("This pipeline has a partition for each file: its landing sensor asks for runs.")
        else:
            yield dg.RunRequest(run_key=moment.isoformat(), tags=tags, asset_selection=assets)

    return dg.ScheduleDefinition(
        name=f"{pipeline.slug}__schedule",
        cron_schedule=wanted.cron,
        execution_timezone=wanted.timezone,
        job_name=JOB,
        description=f"Runs the pipeline {pipeline.name!r}.",
        execution_fn=evaluate,
    )
