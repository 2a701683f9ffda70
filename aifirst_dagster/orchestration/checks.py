"""Asset checks: what a version's verdict, counts and drift report say, one result for each declared check.

Specs and results come from the same list, so that a run reports exactly what the definitions declare: a rule that has
changed since they were loaded is reported as a failed warning, never left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from aifirst_dagster.datasets import parquet
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.datasets.store import DatasetStore, Version
from aifirst_dagster.errors import AifirstError
from aifirst_dagster.orchestration import anomalies, drift_report
from aifirst_dagster.orchestration.contract_report import contract_finding
from aifirst_dagster.orchestration.findings import Finding
from aifirst_dagster.orchestration.rule_findings import VERSIONS, rule_finding
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.state.measures import Measure

RECONCILIATION = "row_reconciliation"
SCORE = "quality_score"
DESIGN = "design_current"
DRIFT = "drift"
CONTRACT = "schema_contract"


@dataclass(frozen=True)
class Declared:
    """A check that the definitions declare. `rule` is the rule's id where it is one."""

    name: str
    description: str
    blocking: bool = False
    rule: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def fixed(pipeline: PipelineSpec, step: StepSpec, contract: bool = False) -> list[Declared]:
    """The checks that a step's own op reports as it materialises; `contract`: a schema contract is in force."""
    checks = [
        Declared(
            RECONCILIATION,
            "Every input row is in the dataset, in quarantine, or merged: counted apart in the files themselves.",
            blocking=True,
        )
    ]
    if step.step_type.uses_llm:
        checks.append(Declared(DESIGN, "The design in use is accepted, and still fits the data."))
    if contract:
        checks.append(
            Declared(CONTRACT, "The files keep the schema contract, or differ only in ways that break nothing.")
        )
    if anomalies.wanted(step):
        checks.append(Declared(anomalies.CHECK, "No rows or cells that fit neither their column nor their row."))
    if pipeline.drift is not None:
        checks.append(Declared(DRIFT, "Schema and distributions compared with the baseline."))
    return checks


def judged(step: StepSpec, rules: list[dict[str, Any]]) -> list[Declared]:
    """The checks that report a validation's verdict.

    Args:
        rules: The accepted rules of its design: `check` (name), `id`, `description`, `metadata`.
    """
    blocking = step.config.get("on_fail", "block") == "block"
    return [
        Declared(SCORE, "The share of values that keep the rules, against the threshold.", blocking=blocking),
        *(Declared(rule["check"], rule["description"], rule=rule["id"], metadata=rule["metadata"]) for rule in rules),
    ]


def findings(
    store: DatasetStore, version: Version, checks: list[Declared], history: Sequence[Measure] = ()
) -> Iterator[tuple[Declared, Finding]]:
    """What `version` says about each of `checks`; `history`: measures of this and earlier ones, for trends."""
    verdict = version.read_json("verdict.json") or {}
    results = {result["id"]: result for result in verdict.get("rules", [])}
    for check in checks:
        if check.name == RECONCILIATION and check.rule is None:
            yield check, reconcile(store, version)
        elif check.name == SCORE and check.rule is None:
            yield check, _score(verdict)
        elif check.name == DESIGN and check.rule is None:
            yield check, _design(version)
        elif check.name == DRIFT and check.rule is None:
            yield check, drift_report.finding(version)
        elif check.name == CONTRACT and check.rule is None:
            yield check, contract_finding(version)
        elif check.name == anomalies.CHECK and check.rule is None:
            yield check, anomalies.finding(version)
        else:
            yield check, rule_finding(results.get(check.rule or ""), verdict.get("released", 0), history)


def history(project: Project, version: Version) -> list[Measure]:
    """Measures of the version's dataset up to it, the newest last; none where they cannot be read."""
    from aifirst_dagster import state

    made = version.manifest
    try:
        known = state.open(project).measures.of(made.pipeline, made.step, made.partition, VERSIONS)
    except AifirstError:
        return []
    return [measure for measure in known if measure.version <= made.version]


def reconcile(store: DatasetStore, version: Version) -> Finding:
    """Prove the row contract from counts taken apart from the step: Parquet footers of data, quarantine and inputs."""
    made = version.manifest
    if made.details.get("skipped"):
        return Finding(True, True, f"Skipped: {made.details['skipped']}.")
    with connect() as con:
        out = parquet.count(con, *version.parts)
        aside = parquet.count(con, version.quarantine)
        consumed = made.rows_in
        if made.inputs:
            # What rows are only compared with is not consumed.
            beside = made.details.get("compared_with", [])
            used = {key: names for key, names in made.inputs.items() if key not in beside}
            folders = [store.place(made.pipeline, key, made.partition) for key in used]
            parts = [
                part
                for folder, versions in zip(folders, used.values(), strict=True)
                for name in versions
                for part in (_home(folder, name) / "data").glob("*.parquet")
            ]
            consumed = parquet.count(con, *parts)
    accounted = out + aside + made.merged + made.failed
    counts = {
        "rows consumed": consumed, "rows stored": out, "rows quarantined": aside, "rows merged": made.merged,
        "rows failed": made.failed, "contract": made.row_contract,
    }  # fmt: skip
    if made.row_contract == "free":
        passed = consumed == made.rows_in and out == made.rows_out
        text = f"{consumed} rows consumed, {out} made by the query."
    else:
        passed = consumed == made.rows_in == accounted
        text = f"{consumed} rows in = {out} stored + {aside} quarantined + {made.merged} merged + {made.failed} failed."
        if not passed:
            text = f"{consumed} rows in (the step says {made.rows_in}), but {accounted} accounted for: " + text
    return Finding(passed, True, text, counts)


def _home(folder: Any, version: str) -> Any:
    """The folder of an input's version: in its own partition, or in any where partitions are fanned in."""
    direct = folder / version
    if direct.is_dir():
        return direct
    return next(iter(folder.parent.glob(f"*/{version}")), direct)


def _score(verdict: dict[str, Any]) -> Finding:
    if not verdict:
        return Finding(False, True, "This version has no verdict: materialise the step again.")
    score, threshold = verdict["score"], verdict["threshold"]
    passed = score is not None and score >= threshold
    rows = [
        {
            "rule": result["id"],
            "verdict": {True: "passed", False: "failed"}.get(result["success"], "not evaluated"),
            "severity": result["severity"],
            "unexpected": result.get("unexpected_count") or 0,
            "status": result.get("status", "active"),
        }
        for result in verdict["rules"]
    ]
    table = dg.MetadataValue.table([dg.TableRecord(row) for row in rows]) if rows else dg.MetadataValue.text("no rules")
    shown = "none" if score is None else f"{score:.4f}"
    by = {name: value for name, value in (verdict.get("dimensions") or {}).items() if value is not None}
    text = f"Quality score {shown}, threshold {threshold}."
    if verdict.get("self_learned"):
        text += (
            " Rules were learned from these very rows: the figure says how usual they are, the next version's how good."
        )
    return Finding(
        passed,
        verdict.get("on_fail", "block") == "block",
        text,
        {"score": score if score is not None else 0.0, "threshold": threshold, **by, "rules": table},
    )


def _design(version: Version) -> Finding:
    details = version.manifest.details
    design = details.get("design") or {}
    reasons = design.get("reasons") or []
    provisional = design.get("status") == "provisional"
    if provisional:
        reasons = [
            *reasons,
            "It stands in for a model that gave no answer, and is tried again.",
            *design.get("notes", []),
        ]
    passed = details.get("design_current") is not False and not provisional
    text = "The design in use is accepted and fits the data." if passed else " ".join(reasons)
    shown = {
        key: str(design[key]) for key in ("status", "proposed_by", "model", "fingerprint", "file") if design.get(key)
    }
    return Finding(passed, False, text, shown)
