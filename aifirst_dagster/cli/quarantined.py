"""Quarantined rows of the current datasets, and what a person decides about them."""

from __future__ import annotations

import os
from typing import Any

from aifirst_dagster.datasets import quarantine
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.datasets.store import DatasetStore
from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster.project import Project


def entries(pipeline: str | None = None, step: str | None = None) -> list[dict[str, Any]]:
    """Every quarantined row of the current versions, in the order of pipeline, step, partition and source."""
    store, found = DatasetStore(Project.find().datasets), []
    with connect() as con:
        for home in sorted(store.root.glob(f"{pipeline or '*'}/{step or '*'}")):
            names = home.parent.name, home.name
            for key in [None, *store.partitions(*names)]:
                version = store.current(*names, key)
                if version is None or not version.quarantine.is_file():
                    continue
                for row in quarantine.read(con, version.quarantine):
                    found.append(
                        {
                            "id": row["id"], "pipeline": names[0], "step": names[1], "partition": key,
                            "row": row["row"], "source": row["_source"] or "", "source_line": row["_source_line"],
                            "reason": row["reason"], "values": row["values"],
                        }
                    )  # fmt: skip
    return found


def record_release(chosen: list[dict[str, Any]], actor: str, why: str) -> None:
    """Remember that a person lets these rows pass.

    Raises:
        InputError: A row is a line that no table could be made of: there is nothing to let pass.
    """
    from aifirst_dagster import state

    project = Project.find()
    specs = _specs(project)
    for entry in chosen:
        spec = specs.get(entry["pipeline"])
        if spec and spec.step(entry["step"]).type == "connector":
            raise InputError(
                f"Row {entry['id']} is a line that does not fit its table: it cannot pass as it is.",
                hint="Mend the line in its file, then `aifirst quarantine retry`.",
                file=entry["source"],
                line=entry["source_line"],
            )
    actions = state.open(project).quarantine
    for entry in chosen:
        actions.record(
            entry["pipeline"], entry["step"], [entry["id"]], "release", actor=actor, partition=entry["partition"] or "",
            detail={"why": why, "reason": entry["reason"], "values": entry["values"]},
        )  # fmt: skip


def rerun(chosen: list[dict[str, Any]], reason: str) -> tuple[list[str], int]:
    """Run the rows' steps and all below them again; returns run ids and 1 where a run failed.

    A retry begins at the files: it is there that a row was mended. A release takes the rows as they are stored.
    """
    from aifirst_dagster.cli.running import exit_code
    from aifirst_dagster.orchestration.report import report
    from aifirst_dagster.orchestration.runner import run_pipeline
    from aifirst_dagster.pipelines.load import Loaded, load_folder

    project = Project.find()
    os.environ["AIFIRST_PROJECT"] = str(project.root)
    files = {one.spec.slug: one for one in load_folder(project.pipelines) if isinstance(one, Loaded)}
    runs, worst = [], 0
    for pipeline, partition in sorted({(entry["pipeline"], entry["partition"]) for entry in chosen}, key=str):
        if pipeline not in files:
            raise ConfigError(f"The pipeline {pipeline!r} is not in {project.pipelines}.", hint="Run its file again.")
        spec = files[pipeline].spec
        steps = {entry["step"] for entry in chosen if (entry["pipeline"], entry["partition"]) == (pipeline, partition)}
        above = set(steps) if reason == "retry" else set()
        for key in reversed(spec.order):
            if key in above:
                above.update(spec.step(key).inputs)
        for key in spec.order:
            if steps & set(spec.step(key).inputs):
                steps.add(key)
        steps |= above
        wanted = [key for key in spec.order if key in steps]
        spec, ran = run_pipeline(project, files[pipeline].path, partition=partition, steps=wanted, reason=reason)
        answer = report(spec, ran, DatasetStore(project.datasets), partition, "")
        runs.append(ran.run_id)
        worst = max(worst, exit_code(answer))
    return runs, worst


def _specs(project: Project) -> dict[str, Any]:
    """Loaded pipelines by slug."""
    from aifirst_dagster.pipelines.load import Loaded, load_folder

    return {one.spec.slug: one.spec for one in load_folder(project.pipelines) if isinstance(one, Loaded)}
