"""`aifirst design`: what would be proposed for a pipeline, on its real input, without a run and without an output."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aifirst_dagster.datasets.store import Dataset, DatasetStore, Version
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.llm.types import Usage
from aifirst_dagster.orchestration.execute import Work, execute
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project
from aifirst_dagster.proposals.designs import Change, DesignStore
from aifirst_dagster.proposals.diff import diffs


def preview(
    project: Project,
    pipeline: PipelineSpec,
    *,
    provider: str | None = None,
    write: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Work through the steps on scratch datasets; returns the answer of `aifirst design`.

    Args:
        provider: LLM resource in place of the pipeline's.
        write: Keep the designs in the project; else nothing is written.
        tell: Told what is going on.
    """
    llm = choose(provider or pipeline.llm, project, pipeline=pipeline.slug, budget_usd=pipeline.budget)
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="aifirst-design-") as folder:
        store, made = DatasetStore(Path(folder)), dict[str, Version]()
        for key in pipeline.order:
            step = pipeline.step(key)
            if step.type == "output" or any(name not in made for name in step.inputs):
                continue
            tell(f"  {step.name}")
            designs = DesignStore(project.designs / pipeline.slug / key, False, None, None, preview=not write)
            version, skipped = _work(project, pipeline, key, store, made, llm, designs)
            if skipped:
                tell(f"    skipped: {skipped}")
                continue
            made[key] = version
            design = version.manifest.details.get("design") or {}
            reused = [Path(design["file"]).name] if design.get("file") and design.get("reused") else []
            changed = {change.file for change in designs.changes}
            entries = diffs(key, designs.changes, [name for name in reused if name not in changed])
            found += [asdict(entry) for entry in entries]
    return {"designs": found, "llm": Usage.model_validate(llm.usage).model_dump(mode="json")}


def accept(project: Project, pipeline: PipelineSpec) -> list[dict[str, Any]]:
    """Write the proposals that a frozen project could not take into its designs; returns what was written."""
    from aifirst_dagster import state
    from aifirst_dagster.proposals import accept as accepting

    home = project.designs / pipeline.slug
    designs = (path for kind in ("yaml", "json") for path in home.glob(f"*/*.{kind}"))
    before = {path: path.read_text(encoding="utf-8") for path in designs}
    written = accepting.accept(project.designs, pipeline.slug, state.open(project).designs)
    entries = [
        entry
        for path in dict.fromkeys(written)
        for entry in diffs(
            path.parent.name, [Change(path.name, before.get(path, ""), path.read_text(encoding="utf-8"))], []
        )
    ]
    return [asdict(entry) for entry in entries]


def _work(
    project: Project,
    pipeline: PipelineSpec,
    key: str,
    store: DatasetStore,
    made: dict[str, Version],
    llm: LLM,
    designs: DesignStore,
) -> tuple[Version, str | None]:
    """Execute one step on the scratch store."""
    step = pipeline.step(key)
    inputs = {name: Dataset(name, (made[name],)) for name in step.inputs}
    done = execute(Work(project, pipeline, step, store, inputs, llm, "design", designs=designs, scratch=True))
    return done.writer.publish(done.manifest), done.skipped
