"""Keeps what each published version came to, for trends and alerts; read off the version's own files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.store import DatasetStore, Manifest, Version, read_version
from aifirst_dagster.errors import AifirstError, StorageError

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State
    from aifirst_dagster.state.measures import Measure


def remember(
    state: Callable[[], State], store: DatasetStore, made: Manifest, log: Callable[[str], None] = lambda text: None
) -> None:
    """Keep the measure of a version just published, and of earlier ones that a killed run left out.

    Never fails: what cannot be kept now is kept with the next version.
    """
    try:
        measures = state().measures
        known = measures.versions(made.pipeline, made.step, made.partition)
        home = store.place(made.pipeline, made.step, made.partition)
        fresh = [path.parent for path in sorted(home.glob("*/manifest.json")) if path.parent.name not in known]
        measures.add_all(one for folder in fresh if (one := _measured(folder)))
    except AifirstError as error:
        log(f"This version's figures are not in the history yet: {error.message}")


def measure(version: Version) -> Measure:
    """What a version came to, from its manifest, verdict and drift report."""
    from aifirst_dagster.state.measures import Measure

    made = version.manifest
    verdict, drift = version.read_json("verdict.json") or {}, version.read_json("drift.json") or {}
    dimensions = verdict.get("dimensions") or {}
    return Measure(
        pipeline=made.pipeline,
        step=made.step,
        partition=made.partition,
        version=made.version,
        run_id=made.run_id,
        made_at=_moment(made.created),
        rows_in=made.rows_in,
        rows_out=made.rows_out,
        quarantined=made.quarantined,
        failed=made.failed,
        score=verdict.get("score"),
        dimensions={name: value for name, value in dimensions.items() if value is not None},
        rules=[_rule(result) for result in verdict.get("rules", [])],
        drifted=drift.get("drifted"),
        drift=drift.get("insight") or "",
        cost_usd=(made.details.get("llm") or {}).get("cost_usd") or 0.0,
        seconds=made.details.get("seconds") or 0.0,
    )


def _measured(folder: Path) -> Measure | None:
    """The measure of a stored version; None for one that is damaged or just being swept."""
    try:
        return measure(read_version(folder))
    except (StorageError, OSError, ValueError):
        return None


def _rule(result: dict[str, Any]) -> dict[str, Any]:
    """A rule's verdict, small."""
    from aifirst_dagster.quality.results import RuleResult
    from aifirst_dagster.quality.rules import check_name

    kept = {name: result.get(name) for name in ("id", "success", "severity", "status", "unexpected_percent")}
    return {**kept, "check": check_name(RuleResult.model_construct(**result))}


def _moment(text: str) -> datetime:
    """When a version was made; manifests say so in UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
