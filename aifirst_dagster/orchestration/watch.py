"""Drift, computed in the run: the new version's profile against the baseline; the report lies beside the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.pipelines.spec import Drift
from aifirst_dagster.steps.run import StepResult, StepRun

if TYPE_CHECKING:
    from aifirst_dagster.quality.baseline import Baseline

REPORT = "drift.json"
#: Run tag that makes the run's data the new baseline.
ACCEPT_TAG = "aifirst/accept_drift"


def watch(step: StepRun, wanted: Drift, relation: str, result: StepResult) -> None:
    """Profile the rows just written, compare them with the baseline, and store profile and report.

    The first version of an asset (or partition) is its baseline; `aifirst drift --accept` makes a later one so.
    """
    from aifirst_dagster.quality.baseline import Baseline
    from aifirst_dagster.quality.drift import baseline, compare

    columns = [column for column in result.columns if _watched(column.name, wanted)]
    profile: Baseline = baseline(step.con, relation, columns)
    asset = f"{step.pipeline}/{step.step}"
    profiles = step.state().profiles
    stored = profiles.get(asset, "baseline")
    if stored is None:
        profiles.put(asset, "baseline", profile.model_dump(mode="json"), run_id=step.run_id)
    else:
        report = compare(Baseline.model_validate(stored.profile), profile, threshold=wanted.threshold)
        step.writer.write_json(REPORT, {**report.model_dump(mode="json"), "version": step.writer.version})
    profiles.put(asset, "latest", profile.model_dump(mode="json"), run_id=step.run_id)


def _watched(name: str, wanted: Drift) -> bool:
    """Whether the pipeline wants this column watched."""
    return name not in wanted.ignore and (wanted.columns is None or name in wanted.columns)
