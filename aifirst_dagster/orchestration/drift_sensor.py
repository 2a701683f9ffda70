"""Asks for what drift makes stale, and says why: steps below a drifted dataset, and files of another schema.

Reads the stored drift reports, and the first rows of landed files whose step has a schema contract; asks no model.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import dagster as dg

from aifirst_dagster.datasets.store import DatasetStore, Version
from aifirst_dagster.orchestration import redesign
from aifirst_dagster.orchestration.contract_report import under_contract
from aifirst_dagster.orchestration.intervals import interval
from aifirst_dagster.orchestration.keys import asset_key
from aifirst_dagster.orchestration.landed_schema import changed, reason
from aifirst_dagster.orchestration.landing_sensor import LANDED_TAG, asked_for, content_key, loaded, look
from aifirst_dagster.orchestration.watch import REPORT
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project

INTERVAL_SECONDS = 60
#: Key of the cursor that holds what was seen of files; the others are datasets, `step[partition]`.
FILES = "files"

Current = Callable[[str, str, str | None], Version | None]
"""`DatasetStore.current`, remembered for a tick: one reading of a dataset's manifest, however often it is asked for."""


def drift_sensor(project: Project, pipeline: PipelineSpec) -> dg.SensorDefinition:
    """The sensor of one pipeline with `on_drift: rematerialize | redesign`; STOPPED, to be switched on in the UI."""
    verb = "Designs anew" if _redesigns(pipeline) else "Rematerialises"

    @dg.sensor(
        name=f"{pipeline.slug}__drift",
        asset_selection=dg.AssetSelection.groups(pipeline.slug),
        minimum_interval_seconds=interval(INTERVAL_SECONDS),
        description=f"{verb} what drift makes stale in {pipeline.name!r}.",
    )
    def drift(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        handled: dict[str, Any] = json.loads(context.cursor) if context.cursor else {}
        requests = _landed(context, project, pipeline, handled)
        asked = {key.path[-1] for request in requests for key in request.asset_selection or []}
        requests += _drifted(context.instance, DatasetStore(project.datasets), pipeline, handled, asked)
        cursor = json.dumps(handled)
        if not requests:
            return dg.SensorResult(
                skip_reason="No drifted dataset has stale steps below it, and no landed file another schema.",
                cursor=cursor,
            )
        return dg.SensorResult(run_requests=requests, cursor=cursor)

    return drift


def _drifted(
    instance: dg.DagsterInstance,
    store: DatasetStore,
    pipeline: PipelineSpec,
    handled: dict[str, Any],
    asked: set[str],
) -> list[dg.RunRequest]:
    """A run for each dataset that drifted since it was looked at last; `handled` remembers the versions seen.

    Of a dataset that has no new version, one small file is read: the name of its current version.
    """
    requests, places = [], _datasets(store, pipeline)
    for place in [place for place in handled if place != FILES and place not in places]:
        del handled[place]
    taken: dict[str | None, set[str]] = {}
    current = functools.cache(store.current)
    for place, (step, key) in places.items():
        name = store.current_name(pipeline.slug, step, key)
        if name is None or handled.get(place) == name:
            continue
        version = current(pipeline.slug, step, key)
        report = version.read_json(REPORT) if version else None
        if version is None or not report or not report["drifted"]:
            handled[place] = name
            continue
        run = instance.get_run_by_id(version.manifest.run_id)
        if run is not None and not run.is_finished:
            continue  # it may be about to make the steps below anyway
        handled[place] = version.manifest.version
        done = taken.setdefault(key, set(asked))
        anew = _redesigns(pipeline) and not (run is not None and redesign.TAG in run.tags)
        stale = [one for one in _affected(current, pipeline, step, key, anew) if one not in done]
        done.update(stale)
        if stale:
            requests.append(_request(pipeline, place, step, key, version.manifest.version, report, stale, anew))
    return requests


def _affected(current: Current, pipeline: PipelineSpec, step: str, key: str | None, anew: bool) -> list[str]:
    """Steps below a drifted dataset that are made from older data, or whose designs are; and what is below these."""
    found: set[str] = set()
    for one in _below(pipeline, step):
        designed = anew and pipeline.step(one).type in redesign.DESIGNED
        if designed or found & set(pipeline.step(one).inputs) or _stale(current, pipeline, one, step, key):
            found.add(one)
    return [one for one in pipeline.order if one in found]


def _request(
    pipeline: PipelineSpec,
    place: str,
    step: str,
    key: str | None,
    version: str,
    report: dict[str, Any],
    stale: list[str],
    anew: bool,
) -> dg.RunRequest:
    designed = anew and any(pipeline.step(one).type in redesign.DESIGNED for one in stale)
    return dg.RunRequest(
        run_key=f"drift:{place}:{version}",
        asset_selection=[asset_key(pipeline.slug, one) for one in stale],
        partition_key=key,
        tags={
            "aifirst/pipeline": pipeline.slug,
            "aifirst/reason": f"drift in {step}: {report['insight']}"[:250],
            **({redesign.TAG: version} if designed else {}),
        },
    )


def _redesigns(pipeline: PipelineSpec) -> bool:
    return pipeline.drift is not None and pipeline.drift.on_drift == "redesign"


def _landed(
    context: dg.SensorEvaluationContext, project: Project, pipeline: PipelineSpec, handled: dict[str, Any]
) -> list[dg.RunRequest]:
    """A run of the connectors whose contract landed files do not keep, and of all below; `handled` remembers them.

    With partitions, the landing sensor knows which one a file is of; here nothing is asked for.
    """
    if pipeline.partitions is not None or not any(under_contract(project, pipeline, one) for one in pipeline.steps):
        return []
    seen = handled[FILES] = look(project, pipeline, handled.get(FILES, {}))
    held = loaded(project, pipeline)
    new = {
        path: entry["hash"]
        for path, entry in seen.items()
        if entry.get("hash") and entry["hash"] != entry.get("asked") and held.get(path) != entry["hash"]
    }
    for path, digest in new.items():
        seen[path]["asked"] = digest
    key = content_key(new)
    if not new or asked_for(context, key):
        return []
    found = changed(project, pipeline, list(new))
    if not found:
        return []
    steps = list(dict.fromkeys(one for step in found for one in [step, *_below(pipeline, step)]))
    why = "; ".join(reason(step, changes) for step, changes in found.items())
    return [
        dg.RunRequest(
            run_key=f"schema:{key}",
            asset_selection=[asset_key(pipeline.slug, step) for step in steps],
            tags={"aifirst/pipeline": pipeline.slug, "aifirst/reason": why[:250], LANDED_TAG: key},
        )
    ]


def _datasets(store: DatasetStore, pipeline: PipelineSpec) -> dict[str, tuple[str, str | None]]:
    """Every dataset of the pipeline (each partition is one), inputs before what reads them."""
    return {
        f"{step}[{key or ''}]": (step, key)
        for step in pipeline.order
        for key in ([None] if pipeline.partitions is None else store.partitions(pipeline.slug, step))
    }


def _below(pipeline: PipelineSpec, step: str) -> list[str]:
    """All steps downstream of `step`, in order."""
    reached = {step}
    for key in pipeline.order:
        if reached & set(pipeline.step(key).inputs):
            reached.add(key)
    return [key for key in pipeline.order if key in reached and key != step]


def _stale(current: Current, pipeline: PipelineSpec, step: str, source: str, key: str | None) -> bool:
    """Whether `step` was made from other versions than the current ones of what it reads, `source` above it."""
    made = current(pipeline.slug, step, key)
    if made is None:
        return True
    for upstream in pipeline.step(step).inputs:
        now = current(pipeline.slug, upstream, key)
        if now is None or made.manifest.inputs.get(upstream) != [now.manifest.version]:
            return True
    # What is above has to be made again first: then so has this one.
    between = [one for one in pipeline.step(step).inputs if one != source and one in _below(pipeline, source)]
    return any(_stale(current, pipeline, one, source, key) for one in between)
