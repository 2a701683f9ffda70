"""Drift that a step only passes on: one trouble is one alert, that of the step where it came in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aifirst_dagster.datasets.store import DatasetStore
from aifirst_dagster.errors import StorageError
from aifirst_dagster.orchestration.monitoring.downstream import below
from aifirst_dagster.orchestration.watch import REPORT
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project
from aifirst_dagster.quality.drift.models import DriftReport


def inherited(
    project: Project, pipeline: PipelineSpec, step: str, partition: str, drifting: Callable[[str], bool]
) -> bool:
    """Whether a drifted step has its drift from a step above it, whose alert names this one as downstream.

    A column that is above, too, and did not drift there, has drifted here: then the drift is the step's own.

    Args:
        project: Where the drift reports lie.
        pipeline: The step's pipeline.
        step: Key of the step that drifted.
        partition: "" for none.
        drifting: Whether a step (by key) has drifted, as far as people know or are about to hear.
    """
    above = [key for key in pipeline.order if drifting(key) and step in below(pipeline, [key])]
    own = _report(project, pipeline.slug, step, partition)
    found = [_report(project, pipeline.slug, key, partition) for key in above]
    return any(own is None or report is None or not _own(own, report) for report in found)


def _own(report: DriftReport, above: DriftReport) -> set[str]:
    """Columns that drifted in `report`, and are in `above` without having drifted."""
    return _drifted(report) & ({column.name for column in above.columns} - _drifted(above))


def _drifted(report: DriftReport) -> set[str]:
    named: Iterable[str] = (name for finding in report.findings for name in finding.columns)
    return {*named, *(column.name for column in report.columns if column.drifted)}


def _report(project: Project, slug: str, step: str, partition: str) -> DriftReport | None:
    try:
        version = DatasetStore(project.datasets).current(slug, step, partition or None)
        content = version.read_json(REPORT) if version else None
    except StorageError:
        return None
    return DriftReport.model_validate(content) if content else None
