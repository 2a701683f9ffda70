"""A run of Dagster that has ended, as alerts need it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg

from aifirst_dagster.orchestration.keys import op_name, slugs_of
from aifirst_dagster.orchestration.monitoring.runs import Evaluated, Run


def ended(instance: dg.DagsterInstance, run: dg.DagsterRun, success: bool) -> Run:
    """What the run came to.

    Args:
        instance: Holds its events.
        run: The run.
        success: Whether it succeeded; else it failed.
    """
    reasons, failed, only_checks = ([], [], False) if success else _failures(instance, run)
    return Run(
        run_id=run.run_id,
        name=_name(run),
        success=success,
        pipelines=_pipelines(run),
        partition=_partition(run),
        why=run.tags.get("aifirst/reason", ""),
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        reasons=reasons,
        failed=failed,
        made=_assets(instance, run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION) if success else [],
        only_checks=only_checks,
        checks=_by_asset(instance, run.run_id),
    )


def _failures(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[list[str], list[str], bool]:
    """Why steps failed, the assets that they were to make, and whether blocking checks were all there was."""
    planned = _assets(instance, run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    assets = {op_name(*asset.split("/")): asset for asset in planned}
    reasons, ours, checks = [], [], []
    for event in _events(instance, run.run_id, dg.DagsterEventType.STEP_FAILURE):
        data = event.step_failure_data
        if data and data.error:
            worded = data.user_failure_data.description if data.user_failure_data else None
            reasons.append((worded or data.error.message).strip())
            checks.append(_innermost(data.error) == "DagsterAssetCheckFailedError")
        if event.step_key in assets:
            ours.append(assets[event.step_key])
    if not reasons:
        reasons = [event.message or "" for event in _events(instance, run.run_id, dg.DagsterEventType.RUN_FAILURE)]
    return reasons, ours, bool(checks) and all(checks)


def _innermost(error: object) -> str:
    while getattr(error, "cause", None) is not None:
        error = error.cause  # type: ignore[attr-defined]
    return str(getattr(error, "cls_name", ""))


def _by_asset(instance: dg.DagsterInstance, run_id: str) -> Mapping[str, Sequence[Evaluated]]:
    """The checks that a run evaluated, by asset."""
    found: dict[str, list[Evaluated]] = defaultdict(list)
    for one in evaluations(instance, run_id):
        error = one.severity == dg.AssetCheckSeverity.ERROR
        found["/".join(slugs_of(one.asset_key))].append(
            Evaluated(one.check_name, one.passed, error, one.description or "")
        )
    return found


def evaluations(instance: dg.DagsterInstance, run_id: str) -> Sequence[dg.AssetCheckEvaluation]:
    """The checks that a run evaluated."""
    found = _events(instance, run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    return [event.asset_check_evaluation_data for event in found]


def _assets(instance: dg.DagsterInstance, run_id: str, kind: dg.DagsterEventType) -> list[str]:
    """The assets of a run's events of a kind."""
    return ["/".join(slugs_of(event.asset_key)) for event in _events(instance, run_id, kind) if event.asset_key]


def _events(instance: dg.DagsterInstance, run_id: str, kind: dg.DagsterEventType) -> list[dg.DagsterEvent]:
    found = (one.event_log_entry.dagster_event for one in instance.get_records_for_run(run_id, of_type=kind).records)
    return [event for event in found if event]


def _pipelines(run: dg.DagsterRun) -> list[str]:
    if named := run.tags.get("aifirst/pipeline"):
        return [named]
    return sorted({slugs_of(key)[0] for key in run.asset_selection or ()})


def _partition(run: dg.DagsterRun) -> str:
    first = run.tags.get("dagster/asset_partition_range_start")
    last = run.tags.get("dagster/asset_partition_range_end")
    return run.tags.get("dagster/partition") or (f"{first}...{last}" if first else "")


def _name(run: dg.DagsterRun) -> str:
    """What ran, for people: the pipelines of the chosen assets, else the job."""
    return ", ".join(_pipelines(run)) or run.job_name
