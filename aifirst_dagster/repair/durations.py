"""Spans of time (`1h 30m`, `36:15:00`, `P3DT4H`) as seconds: numbers that every tool reads and can be averaged."""

from __future__ import annotations

from aifirst_dagster.inference import durations
from aifirst_dagster.repair.expressions import Context, Stages


def reading(context: Context) -> Stages:
    """SQL stages that read a span; one of months or years has no fixed length and is not read."""
    span, value = context.stage("span"), context.stage("seconds")
    seconds = f"CASE WHEN datepart('month', {span}) = 0 AND datepart('year', {span}) = 0 THEN epoch({span}) END"
    return [(span, durations.parse_sql(context.text)), (value, seconds)]
