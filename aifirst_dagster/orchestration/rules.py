"""The rules that definitions declare as checks: what stands in the project's rule sets when the location is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.quality.rules import Rule

FILE = "rules.yaml"


def accepted_rules(project: Project, pipeline: PipelineSpec, step: StepSpec) -> list[dict[str, Any]]:
    """The live rules of a validation step: `check` (the check's name), `id`, `description`, `metadata`.

    A rule set that cannot be read declares no rules: the run words what is wrong, and the location still loads.
    """
    from aifirst_dagster.quality.rules import check_name

    found = []
    for rule in all_rules(project, pipeline, step):
        if rule.live:
            shown = {"rule": rule.id, "type": rule.type, "severity": rule.severity, "provenance": rule.provenance}
            shown |= {"status": rule.status, "dimension": rule.dimension}
            found.append(
                {
                    "check": check_name(rule),
                    "id": rule.id,
                    "description": rule.rationale or rule.type,
                    "metadata": shown,
                }
            )
    return found


def all_rules(project: Project, pipeline: PipelineSpec, step: StepSpec) -> list[Rule]:
    """The rules, rejected ones too, from where the step says they are; none where they cannot be read."""
    from aifirst_dagster.quality.rules import Rule, RuleSet, with_unique_ids

    source = step.config.get("rules", "auto_generate")
    try:
        if isinstance(source, list):
            return with_unique_ids([Rule.model_validate(rule) for rule in source])
        if source != "auto_generate":
            return list(RuleSet.load(project.resolve(source)))
        return with_unique_ids([Rule.model_validate(rule) for rule in _newest(project, pipeline, step)])
    except (AifirstError, ValidationError):
        return []


def rules_file(project: Project, pipeline: PipelineSpec, step: StepSpec) -> Path | None:
    """The file that a validation's rules stand in, there or not; None where they stand in the pipeline itself."""
    source = step.config.get("rules", "auto_generate")
    if isinstance(source, list):
        return None
    return project.designs / pipeline.slug / step.key / FILE if source == "auto_generate" else project.resolve(source)


def _newest(project: Project, pipeline: PipelineSpec, step: StepSpec) -> list[dict[str, Any]]:
    """The rules of the newest design that is there."""
    from aifirst_dagster.proposals.variants import parse

    path = project.designs / pipeline.slug / step.key / FILE
    if not path.is_file():
        return []
    variants = parse(path.read_text(encoding="utf-8"), str(path))
    return list(variants[0].body.get("rules") or []) if variants else []
