"""Drift, computed in the run: the new version's profile against the baseline; the report lies beside the data."""

from __future__ import annotations

from aifirst_dagster.pipelines.spec import Drift
from aifirst_dagster.steps.run import StepResult, StepRun

REPORT = "drift.json"
#: Run tag that makes the run's data the new baseline.
ACCEPT_TAG = "aifirst/accept_drift"


def watch(step: StepRun, wanted: Drift, relation: str, result: StepResult, accept: bool = False) -> None:
    """Profile the rows just written, compare them with the baseline, and store profile and report.

    The first version of an asset is its baseline, for all of its partitions; a run with `accept` makes a later one so.
    """
    from aifirst_dagster.quality.baseline import Baseline
    from aifirst_dagster.quality.drift import Thresholds, baseline, compare

    asset, profiles = f"{step.pipeline}/{step.step}", step.state().profiles
    columns = [column for column in result.columns if _watched(column.name, wanted)]
    stored = None if accept else profiles.get(asset, "baseline")
    before = Baseline.model_validate(stored.profile) if stored else None
    profile = baseline(step.con, relation, columns, like=before)
    plain = profile.model_dump(mode="json")
    if before is None:
        profiles.put(asset, "baseline", plain, run_id=step.run_id)
    else:
        limits = Thresholds(distance=wanted.threshold) if wanted.threshold else None
        report = compare(before, profile, limits).to_dict()
        step.writer.write_json(REPORT, {**report, "version": step.writer.version})
    profiles.put(asset, "latest", plain, run_id=step.run_id)


def _watched(name: str, wanted: Drift) -> bool:
    """Whether the pipeline wants this column watched."""
    return name not in wanted.ignore and (wanted.columns is None or name in wanted.columns)
