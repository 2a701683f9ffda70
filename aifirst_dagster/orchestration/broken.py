"""A pipeline file that cannot be loaded: one placeholder asset whose check says what is wrong and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from aifirst_dagster.pipelines.problems import Problem
from aifirst_dagster.pipelines.slugs import slug

CHECK = "pipeline_file"


def placeholder(path: Path, problems: Sequence[Problem]) -> tuple[dg.AssetsDefinition, dg.AssetChecksDefinition]:
    """The asset `[broken, <file>]`: materialising it fails with all problems of the file, and so does its check."""
    key = dg.AssetKey(["broken", slug(path.stem)])
    text = "\n".join(f"- {problem}" for problem in problems)
    summary = f"{path.name} cannot be loaded: {len(problems)} problem(s)."
    metadata = {"file": dg.MetadataValue.path(str(path)), "problems": dg.MetadataValue.md(text)}

    @dg.asset(key=key, group_name="broken", description=f"**{summary}**\n\n{text}", metadata=metadata, kinds={"yaml"})
    def broken_pipeline() -> None:
        raise dg.Failure(summary, metadata=metadata, allow_retries=False)

    @dg.multi_asset_check(
        name=f"broken__{slug(path.stem)}__checks",
        specs=[dg.AssetCheckSpec(CHECK, asset=key, description=f"{summary}\n\n{text}")],
        can_subset=True,
    )
    def broken_check() -> Iterator[dg.AssetCheckResult]:
        yield dg.AssetCheckResult(check_name=CHECK, asset_key=key, passed=False, description=summary, metadata=metadata)

    return broken_pipeline, broken_check
