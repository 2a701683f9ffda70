"""The report on a version of a pipeline's dataset; no Dagster in it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.store import DatasetStore, Version, read_version
from aifirst_dagster.errors import AifirstError, InputError

if TYPE_CHECKING:
    from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
    from aifirst_dagster.project import Project
    from aifirst_dagster.quality.report.content import Content

#: The page beside a version's data, where the step writes one.
PAGE = "report.html"


def described(pipeline: PipelineSpec, step: StepSpec) -> dict[str, Any]:
    """What a report says of the dataset as such, as plain data: it may be kept in a manifest."""
    facts = [("pipeline version", pipeline.version), ("owner", pipeline.owner)]
    return {
        "name": f"{pipeline.name}: {step.name}",
        "about": step.description or pipeline.description or "",
        "facts": [[name, str(value)] for name, value in facts if value],
    }


def content_of(project: Project, version: Version, dataset: Mapping[str, Any]) -> Content:
    """All that a report on `version` says; `dataset` as `described` gives it."""
    from aifirst_dagster import state
    from aifirst_dagster.quality.report.version import of_version

    opened, made = state.open(project), version.manifest
    asset = f"{made.pipeline}/{made.step}"
    stored = opened.profiles.get(asset, "baseline", made.partition or "") or opened.profiles.get(asset, "baseline")
    return of_version(
        DatasetStore(project.datasets),
        version,
        opened.measures.of(made.pipeline, made.step, made.partition),
        stored.profile if stored else None,
        name=dataset["name"],
        about=dataset["about"],
        facts=[(name, value) for name, value in dataset["facts"]],
    )


def write_page(
    project: Project, version: Version, dataset: Mapping[str, Any], log: Callable[[str], None] = lambda text: None
) -> Path | None:
    """The page beside the version's data; None, and a word in the log, where it could not be made."""
    from aifirst_dagster.quality.report.files import write
    from aifirst_dagster.quality.report.page import html

    try:
        write(version.folder / PAGE, html(content_of(project, version, dataset)))
    except AifirstError as error:
        log(f"The report was not written: {error.message} `{command(version)}` makes it.")
        return None
    return version.folder / PAGE


def command(version: Version) -> str:
    """What makes the report at any time."""
    made = version.manifest
    part = f" --partition {shlex.quote(made.partition)}" if made.partition is not None else ""
    return f"aifirst report {made.pipeline} {made.step}{part} --version {made.version}"


def find_version(store: DatasetStore, pipeline: str, step: str, partition: str | None, name: str | None) -> Version:
    """A stored version: the current one, or the one whose name begins with `name`.

    Raises:
        InputError: There is none, or several.
    """
    if name is None:
        version = store.current(pipeline, step, partition)
        if version is None:
            known = store.partitions(pipeline, step)
            more = f" Its partitions: {', '.join(known[:10])} (--partition)." if known else ""
            raise InputError(f"The dataset {pipeline}/{step} has no data yet.{more}", hint="Run the pipeline first.")
        return version
    home = store.place(pipeline, step, partition)
    kept = sorted(path.parent.name for path in home.glob("*/manifest.json"))
    found = [one for one in kept if one == name] or [one for one in kept if one.startswith(name)]
    if len(found) != 1:
        what = "several versions begin with" if found else "there is no version"
        raise InputError(
            f"Of {pipeline}/{step}, {what} {name!r}.", hint=f"Kept are: {', '.join(kept[-10:]) or 'none'}."
        )
    return read_version(home / found[0])
