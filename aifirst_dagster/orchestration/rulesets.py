"""Rule sets as assets: upstream of a validation, observed as it uses them, with the rules and their states."""

from __future__ import annotations

from typing import Any

import dagster as dg

from aifirst_dagster.orchestration.keys import rules_key
from aifirst_dagster.orchestration.rules import FILE, all_rules
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project

#: Rules listed in an observation's table; characters of a reason.
LISTED, WIDTH = 200, 160


def rule_set_asset(project: Project, pipeline: PipelineSpec, step: StepSpec) -> dg.AssetsDefinition:
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


def observation(project: Project, pipeline: PipelineSpec, step: StepSpec) -> dg.AssetObservation:
    """What a run logs of the rule set that it used."""
    version, metadata = observed(project, pipeline, step)
    return dg.AssetObservation(
        rules_key(pipeline.slug, step.key), metadata=metadata, tags={"dagster/data_version": version}
    )


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
    source = step.config.get("rules", "auto_generate")
    if isinstance(source, list):
        return {"file": step.place.file}
    path = project.designs / pipeline.slug / step.key / FILE if source == "auto_generate" else project.resolve(source)
    return {"file": dg.MetadataValue.path(str(path))}


def _decided(rule: Any) -> str:
    if rule.decision is None:
        return ""
    said = rule.decision
    return _short(" ".join(part for part in (said.by, said.at[:10], said.why) if part))


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
