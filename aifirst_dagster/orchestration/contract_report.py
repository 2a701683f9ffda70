"""The schema contract of a version, as the UI shows it: a check's finding, and metadata with the diff as a table."""

from __future__ import annotations

from typing import Any

import dagster as dg

from aifirst_dagster.datasets.store import Version
from aifirst_dagster.inference.contract.changes import Change, markdown
from aifirst_dagster.orchestration.findings import Finding
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project
from aifirst_dagster.proposals.contracts import FILE


def under_contract(project: Project, pipeline: PipelineSpec, step: StepSpec) -> bool:
    """Whether a contract is in force: asked for, or there because a person pinned something."""
    if step.type != "connector":
        return False
    return bool(step.config.get("contract")) or (project.designs / pipeline.slug / step.key / FILE).is_file()


def contract_finding(version: Version) -> Finding:
    """Whether the files kept the contract; a warning, for what does not keep it was dealt with by its modes."""
    told = version.manifest.details.get("contract")
    if not told:
        return Finding(False, False, "Not evaluated: this version was made without the schema contract. Run it again.")
    changes = [Change.model_validate(change) for change in told["changes"]]
    breaking = [change for change in changes if change.breaking]
    turned = f"version {told['before']} became {told['version']}" if _grew(told) else f"version {told['version']}"
    passed = not breaking and bool(told["written"])
    if not changes:
        text = f"The files keep the schema contract, {turned}."
    elif not breaking:
        text = f"{len(changes)} difference(s) from the schema contract, none of which breaks anything; {turned}."
    else:
        shown = "; ".join(change.words for change in breaking[:3])
        more = f"; and {len(breaking) - 3} more" if len(breaking) > 3 else ""
        text = f"{turned.capitalize()}: {shown}{more}."
    if not told["written"]:
        text += " The contract could not be written: designs are frozen. `aifirst design --accept` takes it."
    return Finding(passed, False, text, contract_metadata(told))


def contract_metadata(told: dict[str, Any]) -> dict[str, Any]:
    """Version, modes, pins and diff of a contract."""
    shown: dict[str, Any] = {"schema version": told["version"], "schema contract": told["mode"]}
    if pins := told.get("pins"):
        shown["schema pins"] = ", ".join(f"{name} ({', '.join(what)})" for name, what in pins.items())
    if told["changes"]:
        changes = [Change.model_validate(change) for change in told["changes"]]
        shown["schema diff"] = dg.MetadataValue.md(markdown(changes))
    return shown


def _grew(told: dict[str, Any]) -> bool:
    return told.get("before") is not None and told["before"] != told["version"]
