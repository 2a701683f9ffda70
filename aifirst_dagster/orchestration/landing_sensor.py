"""Watches the files that a pipeline's connectors read: new or changed content asks for a run, once.

A file counts when it has not changed over two ticks, so that one that is still being copied waits. Content that a
materialised version already holds asks for nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from aifirst_dagster.connectors.files import File, content_hash, state
from aifirst_dagster.datasets.store import DatasetStore
from aifirst_dagster.errors import InputError
from aifirst_dagster.orchestration import partitions
from aifirst_dagster.orchestration.intervals import interval
from aifirst_dagster.pipelines.spec import FilePartitions, PipelineSpec, WindowPartitions
from aifirst_dagster.project import Project
from aifirst_dagster.steps.connector_files import files_of

#: A tick may take 60 s; what is not hashed by then waits for the next one.
HASHING_SECONDS = 30.0
INTERVAL_SECONDS = 30
#: Run tag: which contents the run is for, so that two sensors do not ask for the same.
LANDED_TAG = "aifirst/landed"

Seen = dict[str, dict[str, str]]
"""Path -> {"stat": size and time, "hash": content once stable, "asked": hash a run was asked for}."""


def watched(pipeline: PipelineSpec) -> bool:
    """Whether the pipeline reads files that can land."""
    return any(step.type == "connector" for step in pipeline.steps)


def landing_sensor(project: Project, pipeline: PipelineSpec) -> dg.SensorDefinition:
    """The sensor of one pipeline; declared STOPPED, to be switched on in the UI."""

    @dg.sensor(
        name=f"{pipeline.slug}__landing",
        asset_selection=dg.AssetSelection.groups(pipeline.slug),
        minimum_interval_seconds=interval(INTERVAL_SECONDS),
        description=f"Runs {pipeline.name!r} when its files are new or changed.",
    )
    def landing(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen = look(project, pipeline, json.loads(context.cursor) if context.cursor else {})
        held = loaded(project, pipeline)
        new = {
            path: entry["hash"]
            for path, entry in seen.items()
            if entry.get("hash") and entry["hash"] != entry.get("asked") and held.get(path) != entry["hash"]
        }
        waiting = [path for path, entry in seen.items() if not entry.get("hash")]
        for path, digest in new.items():
            seen[path]["asked"] = digest
        cursor = json.dumps(seen, sort_keys=True)
        if not new:
            reason = f"{len(waiting)} file(s) may still be written to." if waiting else "No new or changed files."
            return dg.SensorResult(skip_reason=reason, cursor=cursor)
        return _requests(context, project, pipeline, new, cursor)

    return landing


def look(project: Project, pipeline: PipelineSpec, before: Seen) -> Seen:
    """What is there now; hashes only files that stand as they stood at the tick before."""
    started, seen = time.monotonic(), {}
    for path in _files(project, pipeline):
        try:
            shape, known = state(path), before.get(str(path), {})
        except (FileNotFoundError, InputError):
            continue
        entry = {"stat": shape, **({"asked": known["asked"]} if "asked" in known else {})}
        if known.get("stat") == shape:
            if known.get("hash"):
                entry["hash"] = known["hash"]
            elif time.monotonic() - started < HASHING_SECONDS:
                entry["hash"] = content_hash(path)
        seen[str(path)] = entry
    return seen


def _files(project: Project, pipeline: PipelineSpec) -> list[File]:
    """The files of all the pipeline's connectors, without time windows filled in."""
    found: list[File] = []
    for step in pipeline.steps:
        if step.type == "connector" and step.config.get("type") != "postgres":
            path = step.resolve().path  # type: ignore[attr-defined]
            if not any("%" in one for one in ([path] if isinstance(path, str) else path or [])):
                found += files_of(project, pipeline.slug, path)
    return found


def loaded(project: Project, pipeline: PipelineSpec) -> dict[str, str]:
    """Path -> content that the current versions hold."""
    store = DatasetStore(project.datasets)
    held: dict[str, str] = {}
    for step in pipeline.steps:
        if step.type != "connector":
            continue
        for key in [None, *store.partitions(pipeline.slug, step.key)]:
            version = store.current(pipeline.slug, step.key, key)
            files = (version.manifest.details.get("files") or {}) if version else {}
            held |= {path: entry["hash"] for path, entry in files.items()}
    return held


def _requests(
    context: dg.SensorEvaluationContext, project: Project, pipeline: PipelineSpec, new: dict[str, str], cursor: str
) -> dg.SensorResult:
    """One run for all that is new; with a partition for each file, a run over the range of partitions."""
    names = sorted(Path(path).name for path in new)
    why = f"{len(new)} new or changed file(s): {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
    key = content_key(new)
    tags = {"aifirst/pipeline": pipeline.slug, "aifirst/reason": why[:250], LANDED_TAG: key}
    if isinstance(pipeline.partitions, WindowPartitions):
        # Which windows a file touches is known only by reading it; a run without a partition would be none of them.
        reason = f"{why}. The pipeline has time windows: its schedule makes the newest, a backfill those before."
        return dg.SensorResult(skip_reason=reason, cursor=cursor)
    if not isinstance(pipeline.partitions, FilePartitions):
        if asked_for(context, key):
            return dg.SensorResult(skip_reason=f"{why}: the drift sensor asked for the run.", cursor=cursor)
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, tags=tags)], cursor=cursor)
    split = partitions.files_name(pipeline.slug)
    present = context.instance.get_dynamic_partitions(split)
    keys = [_partition_key(project, path) for path in sorted(new)]
    fresh = [one for one in keys if one not in present]
    requests = [
        dg.RunRequest(run_key=f"{one}:{new[path]}", partition_key=one, tags=tags)
        for one, path in zip(keys, sorted(new), strict=True)
        if one in present
    ]
    if len(fresh) == 1:
        requests.append(dg.RunRequest(run_key=key, partition_key=fresh[0], tags=tags))
    elif fresh:  # added together, so they are one range: one process for all of them
        whole = {ASSET_PARTITION_RANGE_START_TAG: fresh[0], ASSET_PARTITION_RANGE_END_TAG: fresh[-1]}
        requests.append(dg.RunRequest(run_key=key, tags={**tags, **whole}))
    added = [dg.DynamicPartitionsDefinition(name=split).build_add_request(fresh)] if fresh else []
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=added, cursor=cursor)


def content_key(new: Mapping[str, str]) -> str:
    """One key for a set of files and their contents: the run that another sensor asked for carries it as a tag."""
    return hashlib.blake2b(json.dumps(sorted(new.items())).encode(), digest_size=12).hexdigest()


def asked_for(context: dg.SensorEvaluationContext, key: str) -> bool:
    """Whether a run for these contents was asked for already, by whichever sensor."""
    return context.instance.get_runs_count(dg.RunsFilter(tags={LANDED_TAG: key})) > 0


def _partition_key(project: Project, path: str) -> str:
    """A file's partition: its path from the project's root."""
    file = Path(path)
    return str(file.relative_to(project.root)) if file.is_relative_to(project.root) else path
