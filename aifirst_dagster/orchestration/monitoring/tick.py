"""One look at every dataset: what became worse is told, what recovered is told, what waits goes out.

What is found depends on the state database alone. A look that was killed is done again: the same version, looked at
twice, counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aifirst_dagster.observe.alerts import Alert, deliver, resolve, send
from aifirst_dagster.observe.alerts.channels import channels
from aifirst_dagster.observe.alerts.sending import log
from aifirst_dagster.orchestration.monitoring import freshness, words
from aifirst_dagster.orchestration.monitoring.downstream import downstream
from aifirst_dagster.orchestration.monitoring.judge import judge
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

KINDS = ("score", "quarantine", "cost", "duration")
#: How many times `history` is read: the versions compared with, and those that are worse and do not count.
_READ = 3


@dataclass
class Looked:
    """What a look came to.

    Attributes:
        judged: Datasets that were judged: those with a new version.
        told: Keys of incidents that people are told of.
        resolved: Keys of incidents that people are told the end of.
        sent: Messages that went out, on any channel.
        waiting: Messages that did not.
        open: Keys of the incidents that were open before.
    """

    judged: int = 0
    told: list[str] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    sent: int = 0
    waiting: int = 0
    open: set[str] = field(default_factory=set)


def look(
    project: Project,
    state: State,
    pipelines: Sequence[PipelineSpec],
    seen: dict[str, str] | None = None,
    now: datetime | None = None,
    on_schedule: Callable[[PipelineSpec, datetime], bool | None] = lambda pipeline, since: None,
    seconds: float = 20.0,
) -> Looked:
    """Judge what is new, and deliver.

    Args:
        project: Where datasets lie.
        state: Measures and incidents.
        pipelines: What is watched.
        seen: Dataset -> the version that was judged last; brought up to date. None: all are judged.
        now: The moment.
        on_schedule: Whether a pipeline that was due at a moment has run since; None where its schedule is not on.
        seconds: How long deliveries may take.
    """
    now, seen, came = now or datetime.now(UTC), {} if seen is None else seen, Looked()
    newest = state.measures.newest()
    _gone(state, pipelines, came)
    for pipeline in pipelines:
        made = {step.key: newest[pipeline.slug, step.key] for step in pipeline.steps
                if (pipeline.slug, step.key) in newest}  # fmt: skip
        for step, (version, _) in made.items():
            name = f"{pipeline.slug}/{step}"
            if seen.get(name) != version:
                _judged(project, state, pipeline, step, came)
                seen[name] = version
                came.judged += 1
        _fresh(project, state, pipeline, {step: at for step, (_, at) in made.items()}, now, on_schedule, came)
    _flush(state, came, seconds)
    return came


def _gone(state: State, pipelines: Sequence[PipelineSpec], came: Looked) -> None:
    """See what is open; close what is about steps that a pipeline has no more."""
    steps = {pipeline.slug: {step.key for step in pipeline.steps} for pipeline in pipelines}
    found = state.alerts.list("open", limit=100_000)
    came.open = {incident.key for incident in found}
    for incident in found:
        slug, _, rest = incident.dataset.partition("/")
        step = rest.partition("[")[0]
        if step and slug in steps and step not in steps[slug]:
            _resolved(state, incident.key, "The pipeline has this step no more.", came)


def _judged(project: Project, state: State, pipeline: PipelineSpec, step: str, came: Looked) -> None:
    """Judge one dataset."""
    wanted, dataset = pipeline.monitoring, f"{pipeline.slug}/{step}"
    history = state.measures.across(pipeline.slug, step, wanted.history * _READ)
    found = judge(history, wanted, _accepted(state, dataset))
    for kind in KINDS:
        name = words.key(kind, dataset)
        if degraded := found.get(kind):
            _told(state, words.alert(degraded, downstream(project, pipeline, [step])), pipeline, came)
        elif kind in found:
            last = history[-1]
            _resolved(state, name, f"Version {last.version} (run {last.run_id}) is as good as before.", came)
        elif not wanted.watches(kind):
            _resolved(state, name, "The pipeline does not watch this any more.", came)


def _fresh(
    project: Project,
    state: State,
    pipeline: PipelineSpec,
    made: Mapping[str, datetime],
    now: datetime,
    on_schedule: Callable[[PipelineSpec, datetime], bool | None],
    came: Looked,
) -> None:
    """Judge a pipeline's freshness."""
    wanted, name = pipeline.monitoring, words.key("freshness", pipeline.slug)
    if not wanted.watches("freshness") or (wanted.freshness is None and pipeline.schedule is None):
        _resolved(state, name, "The pipeline does not watch this any more.", came)
        return
    found = freshness.stale(pipeline, made, now, scheduled=True)
    if found is not None and wanted.freshness is None:
        ran = on_schedule(pipeline, found.due)
        if ran is None:
            return
        found = None if ran else found
    if found is None:
        _resolved(state, name, "The data is fresh again.", came)
        return
    hit = downstream(project, pipeline, [next(iter(found.steps))])
    _told(state, freshness.alert(pipeline, found, now, hit), pipeline, came)


def _accepted(state: State, dataset: str) -> dict[str, datetime]:
    """By kind, from which moment on a person took what there is for normal."""
    keys = {words.key(kind, dataset): kind for kind in KINDS}
    since = {
        keys[key]: (incident.alert.get("since") or {}).get("at")
        for key, incident in state.alerts.accepted(list(keys)).items()
        if key in keys
    }
    return {kind: datetime.fromisoformat(at) for kind, at in since.items() if at}


def _told(state: State, alert: Alert, pipeline: PipelineSpec, came: Looked) -> None:
    if send(alert, state.alerts, pipeline.monitoring.quiet, at_once=False):
        came.told.append(alert.key)


def _resolved(state: State, key: str, why: str, came: Looked) -> None:
    if key in came.open and resolve(key, state.alerts, why, at_once=False):
        came.resolved.append(key)


def _flush(state: State, came: Looked, seconds: float) -> None:
    """Say what a mute held back, and send what waits."""
    for message in state.alerts.catch_up(list(channels())):
        log(message)
        came.told.append(str(message.alert["key"]))
    delivered = deliver(state.alerts, seconds)
    came.sent, came.waiting = delivered.sent, delivered.failed
