"""Is a pipeline's data as fresh as it should be: by a stated age, or by its schedule once that is switched on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aifirst_dagster.observe.age import age, shown
from aifirst_dagster.observe.alerts import Alert, Change, Downstream, Since
from aifirst_dagster.orchestration.monitoring.words import key
from aifirst_dagster.pipelines.spec import PipelineSpec


@dataclass(frozen=True)
class Stale:
    """Datasets that are older than they may be.

    Attributes:
        steps: Step -> when its newest version was made; inputs before what reads them.
        due: When the data should have been made at the latest.
        expected: Why, in words.
    """

    steps: Mapping[str, datetime]
    due: datetime
    expected: str


def stale(pipeline: PipelineSpec, made: Mapping[str, datetime], now: datetime, scheduled: bool = False) -> Stale | None:
    """What is stale; None where all is fresh, or nothing is expected, or nothing was made yet.

    Args:
        pipeline: With what it expects.
        made: Step -> when its newest version was made.
        now: The moment.
        scheduled: The pipeline's schedule is switched on.
    """
    wanted = pipeline.monitoring
    if wanted.freshness is not None:
        due, expected = now - age(wanted.freshness), f"no data is to be older than {wanted.freshness}"
    elif scheduled and pipeline.schedule is not None:
        due = last_tick(pipeline.schedule.cron, pipeline.schedule.timezone, now - age(wanted.grace))
        expected = f"the schedule `{pipeline.schedule.cron}` was due at {due.isoformat(timespec='minutes')}"
    else:
        return None
    old = {step: made[step] for step in pipeline.order if step in made and made[step] < due}
    return Stale(old, due, expected) if old else None


def last_tick(cron: str, timezone: str, moment: datetime) -> datetime:
    """When a cron expression was due last, up to a moment."""
    from dagster._utils.schedules import reverse_cron_string_iterator

    found: datetime = next(reverse_cron_string_iterator(moment.timestamp(), cron, timezone))
    return found.astimezone(moment.tzinfo)


def alert(pipeline: PipelineSpec, found: Stale, now: datetime, hit: list[Downstream]) -> Alert:
    """The alert about a stale pipeline."""
    first, made = next(iter(found.steps.items()))
    late = shown(now - made) if now > made else shown(timedelta())
    name = key("freshness", pipeline.slug)
    return Alert(
        key=name,
        title=f"{pipeline.slug}: the data is {late} old",
        text=f"{first} was made last at {made.isoformat(timespec='minutes')}, and {found.expected}.",
        severity="error",
        context={"pipeline": pipeline.slug, "step": first},
        kind="freshness",
        dataset=pipeline.slug,
        changed=[
            Change(f"{pipeline.slug}/{step}", "", f"made {at.isoformat(timespec='minutes')}")
            for step, at in found.steps.items()
        ],
        since=Since(at=max(found.due, made).isoformat(timespec="seconds")),
        downstream=hit,
        todo=[
            "See whether Dagster's daemon runs (in the UI: Deployment), and the schedule and the sensors are on.",
            f"See whether its last run failed, or found no new file: the UI's runs with the tag aifirst/pipeline="
            f"{pipeline.slug}.",
            f"Make it now: `aifirst run {pipeline.slug}`.",
            f"To be left alone for a while: `aifirst alerts mute {name} --until 2d --why ...`.",
        ],
        occurrence=made.isoformat(),
    )
