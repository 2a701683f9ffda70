"""Pipelines into Dagster definitions: a folder of YAML becomes assets, checks, schedules and sensors."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from aifirst_dagster.garbage import uncollected
from aifirst_dagster.orchestration import broken, partitions
from aifirst_dagster.orchestration.assets import IO_MANAGER, rule_checks, step_asset
from aifirst_dagster.orchestration.io_manager import ParquetDatasetIOManager
from aifirst_dagster.orchestration.resources import llm_resources
from aifirst_dagster.orchestration.retention.settings import keep_versions
from aifirst_dagster.orchestration.rulesets import rule_set_asset
from aifirst_dagster.pipelines.load import Broken, Loaded, load_folder
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project


@dataclass
class Parts:
    """What pipelines contribute to a code location."""

    assets: list[dg.AssetsDefinition | dg.SourceAsset] = field(default_factory=list)
    checks: list[dg.AssetChecksDefinition] = field(default_factory=list)


def pipeline_parts(project: Project, pipeline: PipelineSpec) -> Parts:
    """Assets and checks of one pipeline."""
    split = partitions.definition(pipeline)
    judging = [step for step in pipeline.steps if step.type == "llm_validation"]
    return Parts(
        [
            *(step_asset(project, pipeline, step, split) for step in pipeline.steps),
            *(rule_set_asset(project, pipeline, step) for step in judging),
        ],
        [rule_checks(project, pipeline, step, split) for step in judging],
    )


def definitions(project: Project, found: Sequence[Loaded | Broken] | None = None) -> dg.Definitions:
    """All definitions of a project.

    Args:
        found: Loaded pipeline files; default: those of `resources/pipelines/`, and what the project spends on models.
    """
    with _loading():
        if found is not None:
            return _definitions(project, found)
        # A component is one of several, whose keys must differ: only the whole project has assets of its own.
        return dg.Definitions.merge(_definitions(project, load_folder(project.pipelines)), _of_project(project))


def runnable(project: Project, loaded: Loaded) -> dg.Definitions:
    """What a run of one pipeline needs: assets and checks, without the schedules and sensors that would start it."""
    with _loading():
        parts = pipeline_parts(project, loaded.spec)
        return dg.Definitions(
            assets=parts.assets, asset_checks=parts.checks, resources=resources(project), executor=executor()
        )


def _of_project(project: Project) -> dg.Definitions:
    """What the project spends, its dashboard, digest and purge: assets, too."""
    from aifirst_dagster.orchestration.dashboard import dashboard_asset, dashboard_schedule
    from aifirst_dagster.orchestration.monitoring.digest_asset import digest_asset, digest_schedules
    from aifirst_dagster.orchestration.retention.asset import retention_asset, retention_schedule
    from aifirst_dagster.orchestration.spend import spend_asset, spend_schedule

    return dg.Definitions(
        assets=[
            spend_asset(project, IO_MANAGER),
            dashboard_asset(project, IO_MANAGER),
            digest_asset(project),
            retention_asset(project),
        ],
        schedules=[spend_schedule(), dashboard_schedule(), *digest_schedules(), retention_schedule()],
    )


@contextmanager
def _loading() -> Iterator[None]:
    """Definitions are being made: no warnings of what is chosen knowingly, no garbage collection."""
    with warnings.catch_warnings(), uncollected():
        # Code references, backfill policies and partitioned checks are beta or preview.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        yield


def _definitions(project: Project, found: Sequence[Loaded | Broken]) -> dg.Definitions:
    """As `definitions`."""
    from aifirst_dagster.orchestration.schedules import schedules
    from aifirst_dagster.orchestration.sensors import sensors

    specs = [one.spec for one in found if isinstance(one, Loaded)]
    parts = Parts()
    for spec in specs:
        made = pipeline_parts(project, spec)
        parts.assets += made.assets
        parts.checks += made.checks
    for one in found:
        if isinstance(one, Broken):
            asset, check = broken.placeholder(Path(one.path), one.problems)
            parts.assets.append(asset)
            parts.checks.append(check)
    return dg.Definitions(
        assets=parts.assets,
        asset_checks=parts.checks,
        schedules=schedules(specs),
        sensors=sensors(project, specs),
        resources=resources(project),
        executor=executor(),
    )


def resources(project: Project) -> dict[str, Any]:
    """The IO manager and every LLM resource."""
    return {
        IO_MANAGER: ParquetDatasetIOManager(root=str(project.datasets), keep=keep_versions(project)),
        **llm_resources(project),
    }


def executor() -> dg.ExecutorDefinition:
    """Steps in the run's own process, where DuckDB uses all cores; AIFIRST_EXECUTOR=multiprocess gives each its own."""
    chosen = os.environ.get("AIFIRST_EXECUTOR", "in_process")
    return dg.multiprocess_executor if chosen == "multiprocess" else dg.in_process_executor
