"""A pipeline's partitions as Dagster's: time windows, or one for each landed file."""

from __future__ import annotations

import dagster as dg

from aifirst_dagster.pipelines.spec import FilePartitions, PipelineSpec, WindowPartitions
from aifirst_dagster.steps.run import Partition

_WINDOWS = {
    "daily": dg.DailyPartitionsDefinition,
    "weekly": dg.WeeklyPartitionsDefinition,
    "monthly": dg.MonthlyPartitionsDefinition,
}


def definition(pipeline: PipelineSpec) -> dg.PartitionsDefinition | None:
    """The partitions of all of a pipeline's assets; None where it has none."""
    chosen = pipeline.partitions
    if chosen is None:
        return None
    if isinstance(chosen, FilePartitions):
        return dg.DynamicPartitionsDefinition(name=files_name(pipeline.slug))
    return _WINDOWS[chosen.type](start_date=chosen.start.isoformat(), timezone=chosen.timezone)


def files_name(pipeline_slug: str) -> str:
    """The name of the dynamic partitions of a pipeline with one partition for each file."""
    return f"{pipeline_slug}_files"


def partition(pipeline: PipelineSpec, partitions: dg.PartitionsDefinition, key: str) -> Partition:
    """What a partition key stands for."""
    if isinstance(partitions, dg.TimeWindowPartitionsDefinition):
        window = partitions.time_window_for_partition_key(key)
        chosen = pipeline.partitions
        column = chosen.column if isinstance(chosen, WindowPartitions) else None
        return Partition(key, start=window.start, end=window.end, column=column)
    return Partition(key, file=key)
