"""Rule sets as assets: upstream of a validation, observed as it uses them, with the rules and their states."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from aifirst_dagster.orchestration.intervals import interval
from aifirst_dagster.orchestration.keys import rules_key
from aifirst_dagster.orchestration.rules import all_rules, rules_file
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project

#: Rules listed in an observation's table; characters of a reason.
LISTED, WIDTH = 200, 160
#: Dagster's own tag on an observation.
DATA_VERSION_TAG = "dagster/data_version"
#: Seconds between looks, and rule sets read in one look: a location with hundreds of them takes several.
INTERVAL_SECONDS, READ = 30, 50


def rule_set_asset(project: Project, pipeline: PipelineSpec, step: StepSpec) -> dg.SourceAsset:
    """The rule set of a validation: learned from its input, used by the step, changed by people.

    It is observed, not materialised: the step that uses it designs it. Its data version is what the rules say, so that
    a validation is out of date where a person has changed them since.
    """
    key = rules_key(pipeline.slug, step.key)

    @dg.observable_source_asset(
        key=key,
        name=None,
        description=f"The rules that {step.name!r} judges by: proposed on the data, decided by people. "
        f"Change them with: aifirst rules review {pipeline.slug} {step.key}.",
        metadata={"pipeline": pipeline.name, "step": step.name, **_place(project, pipeline, step)},
        group_name=pipeline.slug,
        tags={**pipeline.tags, "aifirst/step_type": "rules"},
    )
    def observe() -> dg.ObserveResult:
        version, metadata = observed(project, pipeline, step)
        return dg.ObserveResult(data_version=dg.DataVersion(version), metadata=metadata)

    return observe


def rule_sets_sensor(project: Project, pipelines: Sequence[PipelineSpec]) -> dg.SensorDefinition | None:
    """Observes rule sets that somebody changed, so that what was judged by them shows as out of date; None without any.

    A tick looks at when files were changed, and reads those that were.
    """
    judging = {
        f"{pipeline.slug}/{step.key}": (pipeline, step)
        for pipeline in pipelines
        for step in pipeline.steps
        if step.type == "llm_validation" and not isinstance(step.config.get("rules"), list)
    }
    if not judging:
        return None

    @dg.sensor(
        name="rule_sets",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=interval(INTERVAL_SECONDS),
        description="Observes rule sets after they were changed by a person: docs/rules.md.",
    )
    def rule_sets(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        known: dict[str, list[Any]] = json.loads(context.cursor) if context.cursor else {}
        seen: dict[str, list[Any]] = {}
        events: list[dg.AssetObservation] = []
        read = 0
        for name, (pipeline, step) in judging.items():
            touched = _touched(rules_file(project, pipeline, step))
            before = known.get(name, [None, None])
            if touched is None or touched == before[0] or read >= READ:
                seen[name] = before if touched is not None else [None, None]
                continue
            made = observation(project, pipeline, step)
            read += 1
            seen[name] = [touched, (made.tags or {})[DATA_VERSION_TAG]]
            if seen[name][1] != before[1]:
                events.append(made)
        return dg.SensorResult(asset_events=events, cursor=json.dumps(seen))

    return rule_sets


def _touched(file: Path | None) -> int | None:
    """When a file was changed last, in nanoseconds; None where there is none."""
    try:
        return file.stat().st_mtime_ns if file else None
    except OSError:
        return None


def observation(project: Project, pipeline: PipelineSpec, step: StepSpec) -> dg.AssetObservation:
    """What a run logs of the rule set that it used."""
    version, metadata = observed(project, pipeline, step)
    return dg.AssetObservation(rules_key(pipeline.slug, step.key), metadata=metadata, tags={DATA_VERSION_TAG: version})


def observed(project: Project, pipeline: PipelineSpec, step: StepSpec) -> tuple[str, dict[str, Any]]:
    """The rule set's data version and metadata."""
    from aifirst_dagster.proposals.fingerprint import digest

    rules = all_rules(project, pipeline, step)
    said = ("id", "type", "kwargs", "severity", "status")
    version = digest([rule.model_dump(mode="json", include=set(said)) for rule in rules])
    counts = {
        status: sum(rule.status == status for rule in rules) for status in ("active", "proposed", "muted", "rejected")
    }
    metadata: dict[str, Any] = {"rules": len(rules), **{f"{name} rules": count for name, count in counts.items()}}
    rows = [
        dg.TableRecord(
            {
                "rule": rule.id,
                "status": rule.status,
                "severity": rule.severity,
                "dimension": rule.dimension,
                "why": _short(rule.rationale),
                "decided": _decided(rule),
            }
        )
        for rule in rules[:LISTED]
    ]
    if rows:
        metadata["rule set"] = dg.MetadataValue.table(rows)
    return version, metadata


def _place(project: Project, pipeline: PipelineSpec, step: StepSpec) -> dict[str, Any]:
    """Where the rules stand."""
    file = rules_file(project, pipeline, step)
    return {"file": dg.MetadataValue.path(str(file)) if file else step.place.file}


def _decided(rule: Any) -> str:
    if rule.decision is None:
        return ""
    said = rule.decision
    return _short(" ".join(part for part in (said.by, said.at[:10], said.why) if part))


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
