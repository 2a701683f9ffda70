"""Anomalies of datasets: looked for in a version, told in its asset's metadata and by a warning check; remedied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.datasets.store import Dataset, DatasetStore, Version
from aifirst_dagster.errors import InputError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.orchestration.findings import Finding
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.quality.anomalies import Search
    from aifirst_dagster.quality.remediation import Choice, Preview
    from aifirst_dagster.quality.rules import Rule

#: What a version of a step that looks for anomalies holds beside its data, and the check that reports it.
FILE, CHECK = "anomalies.json", "anomalies"
#: The name of a dataset's view in a session.
VIEW = "data"


@dataclass(frozen=True)
class Target:
    """One partition of a step's dataset, as it stands."""

    project: Project
    pipeline: PipelineSpec
    step: StepSpec
    version: Version

    @property
    def store(self) -> DatasetStore:
        """Where datasets are."""
        return DatasetStore(self.project.datasets)

    @property
    def designs(self) -> Path:
        """The folder of the step's designs."""
        return self.project.designs / self.pipeline.slug / self.step.key

    @property
    def columns(self) -> list[Column]:
        """The dataset's columns."""
        return [Column.model_validate(column) for column in self.version.manifest.columns]

    @property
    def below(self) -> list[str]:
        """Steps that read this one's dataset, directly or not, in order."""
        found = {self.step.key}
        for key in self.pipeline.order:
            if found & set(self.pipeline.step(key).inputs):
                found.add(key)
        return [key for key in self.pipeline.order if key in found and key != self.step.key]


def target(project: Project, pipeline: PipelineSpec, step: str, partition: str | None = None) -> Target:
    """The current dataset of a step.

    Raises:
        ConfigError: There is no such step.
        InputError: It holds no data yet.
    """
    spec = pipeline.step(step)
    store = DatasetStore(project.datasets)
    version = store.current(pipeline.slug, spec.key, partition)
    if version is None:
        known = store.partitions(pipeline.slug, spec.key)
        raise InputError(
            f"The dataset {pipeline.slug}/{spec.key} has no data{f' for {partition}' if partition else ''} yet.",
            hint=f"Name a partition: {', '.join(known[:10])}." if known and partition is None else "Run it first.",
        )
    if not version.parts:
        raise InputError(f"The version {version.manifest.version} holds no rows: its step had nothing to do.")
    return Target(project, pipeline, spec, version)


@contextmanager
def searched(one: Target) -> Iterator[tuple[duckdb.DuckDBPyConnection, Search]]:
    """The dataset searched for anomalies, as the view `data` of a session."""
    from aifirst_dagster.quality.anomalies import search

    with connect() as con:
        Dataset(one.step.key, (one.version,)).create_view(con, VIEW)
        with search(con, VIEW, one.columns) as done:
            yield con, done


def judges(one: Target) -> tuple[list[Rule], str]:
    """The rules that the score's change is told by, and where they come from: its own verdict, or that of a step below.

    Rules come from the step's rule set as it stands; none where no step judges this dataset.
    """
    from aifirst_dagster.orchestration.rules import all_rules

    names = {column.name for column in one.columns}
    for key in [one.step.key, *one.below]:
        step = one.pipeline.step(key)
        if step.type != "llm_validation":
            continue
        rules = [rule for rule in all_rules(one.project, one.pipeline, step) if rule.live]
        # Steps between may have renamed columns: only rules about what is here can judge it.
        able = [rule for rule in rules if set(rule.columns) <= names]
        if able:
            return able, f"the rules of {key}"
    return [], "no rules: no step judges this dataset, or its rules are about other columns"


def remedy(one: Target, search: Search, choices: Sequence[Choice], by: str, why: str) -> tuple[Version, Preview]:
    """Apply the choices as a new version, recorded in Dagster as a materialisation by a person."""
    from aifirst_dagster.quality.remediation import apply

    rules, judged_by = judges(one)
    version, told = apply(
        one.store, one.version, search, VIEW, choices, by=by, why=why, rules=rules, judged_by=judged_by
    )
    _record(one, version, f"Remedied by {by}: {why}")
    return version, told


def undone(one: Target, partition: str | None, by: str, why: str) -> tuple[Version, bool]:
    """Go back to the version before the newest remedy; (version, whether anything changed)."""
    from aifirst_dagster.quality.remediation import undo

    version, changed = undo(one.store, one.pipeline.slug, one.step.key, partition)
    if changed:
        _record(one, version, f"Remedy undone by {by}: {why}")
    return version, changed


def _record(one: Target, version: Version, description: str) -> None:
    """Tell Dagster: what stands below is stale now."""
    import dagster as dg
    from dagster._core.definitions.data_version import DATA_VERSION_TAG

    from aifirst_dagster.orchestration.keys import asset_key
    from aifirst_dagster.orchestration.storage import dagster_home, open_instance

    dagster_home(one.project)
    made = version.manifest
    count = "dagster/row_count" if made.partition is None else "dagster/partition_row_count"
    event = dg.AssetMaterialization(
        asset_key(one.pipeline.slug, one.step.key),
        description=description,
        partition=made.partition,
        metadata={
            count: made.rows_out, "quarantined": made.quarantined, "version": made.version,
            "path": dg.MetadataValue.path(str(version.folder)), "reason": description,
            **({"remediation": dg.MetadataValue.json(made.details["remediation"])}
               if "remediation" in made.details else {}),
        },
        tags={DATA_VERSION_TAG: f"{made.content_hash}.{made.design_hash}"},
    )  # fmt: skip
    with open_instance() as instance:
        instance.report_runless_asset_event(event)


def wanted(step: StepSpec) -> bool:
    """Whether the step's configuration asks for anomalies."""
    return bool(step.config.get("anomalies", False))


def finding(version: Version) -> Finding:
    """What the check `anomalies` says: passed where there is none that nobody expects."""
    found = version.read_json(FILE)
    if found is None:
        return Finding(False, False, "Not evaluated: this version was not searched. Materialise the step again.")
    groups = found["groups"]
    shown: dict[str, Any] = {"rows affected": found["rows_affected"], "cells": found["cells"],
                             "groups": found["groups_in_all"]}  # fmt: skip
    if not groups:
        return Finding(True, False, "No anomalies were found.", shown)
    first = groups[0]
    more = f" And {found['groups_in_all'] - 1} more groups." if found["groups_in_all"] > 1 else ""
    shown["causes"] = " · ".join(f"{', '.join(one['columns']) or 'rows'}: {one['cause']} ({one['rows']:,})"
                                 for one in groups[:8])  # fmt: skip
    return Finding(False, False, f"{first['explanation']}{more}", shown)


def markdown(found: dict[str, Any]) -> str:
    """The groups as a table for an asset's metadata."""

    def cell(text: str) -> str:
        return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")[:200]

    lines = ["| Score | Columns | Rows | Cause | Explanation |", "|---|---|---|---|---|"]
    lines += [
        f"| {one['score']:.2f} | {cell(', '.join(one['columns']) or '(rows)')} | {one['rows']:,} | "
        f"{cell(one['cause'])} "
        f"| {cell(one['explanation'])} |"
        for one in found["groups"]
    ]
    rest = found["groups_in_all"] - len(found["groups"])
    return "\n".join(lines) + (f"\n\n... and {rest} more." if rest > 0 else "")
