"""Drift, computed in the run: the new version's sketch against what is normal; the report lies beside the data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aifirst_dagster.orchestration.drift_explained import REPORT, explained
from aifirst_dagster.pipelines.spec import Drift
from aifirst_dagster.steps.run import StepResult, StepRun

if TYPE_CHECKING:
    from aifirst_dagster.quality.drift import Baseline, DriftReport, Past, Thresholds
    from aifirst_dagster.state.profiles import Profiles, StoredSketch

#: Run tag that makes the run's data the new baseline.
ACCEPT_TAG = "aifirst/accept_drift"
#: Versions since the baseline that count as normal though they differ from it: nothing else tells what is.
LEARNING = 8
#: Factor by which rows may differ as long as there is no history to tell.
VOLUME = 5.0


def watch(
    step: StepRun, wanted: Drift, relation: str, result: StepResult, accept: bool = False, content: str = ""
) -> None:
    """Sketch the rows just written, compare them with the baseline and its history, and store sketch and report.

    The first version of an asset is its baseline, for all of its partitions; a run with `accept` makes a later one so.

    Args:
        step: The run whose writer holds the new version.
        wanted: The pipeline's settings.
        relation: The new rows.
        result: What the step made.
        accept: The new version is the new baseline.
        content: Hash of the rows: the same data again teaches nothing.
    """
    from aifirst_dagster.quality.drift import Baseline, baseline

    asset, profiles = f"{step.pipeline}/{step.step}", step.state().profiles
    columns = [column for column in result.columns if _watched(column.name, wanted)]
    watched = None if len(columns) == len(result.columns) else [column.name for column in columns]
    stored = None if accept else profiles.get(asset, "baseline")
    base = Baseline.of_stored(stored.profile) if stored else None
    sketch = baseline(step.con, _chosen(relation, watched), columns, like=base)
    plain, version = sketch.stored(), step.writer.version
    moment = datetime.now(UTC)
    of = _data_of(step, moment)
    if base is None or stored is None:
        profiles.put(asset, "baseline", {**plain, "version": version}, run_id=step.run_id)
        _keep(profiles, step, asset, version, content, sketch, None, None, True, (of, moment))
    else:
        first = str(stored.profile["version"])
        known = profiles.normal(asset, first)
        past = _past(known, base, step, content)
        from aifirst_dagster.quality.drift import compare, traced
        from aifirst_dagster.quality.drift.history import reference

        def judged(rows: Baseline) -> DriftReport:
            return compare(base, rows, _thresholds(wanted), history=past, at=of, deliveries=True)

        def look(rows: str) -> DriftReport:
            return judged(baseline(step.con, _chosen(rows, watched), columns, like=base))

        report = judged(sketch)
        if report.drifted:
            report = traced(step.con, relation, report, look)
        if report.drifted and wanted.explain:
            usual = reference(past, of)
            sketches = (usual.sketch if usual else base, sketch)
            report = explained(step, relation, columns, sketches, report, look, result)
        learning = len(past) < LEARNING and not _broken(report)
        step.writer.write_json(REPORT, {**report.to_dict(), "version": version, "history": len(past)})
        normal = learning or not report.drifted
        _keep(profiles, step, asset, first, content, sketch, base, report.drifted, normal, (of, moment))
    profiles.put(asset, "latest", {**plain, "version": version}, run_id=step.run_id)


def _keep(
    profiles: Profiles,
    step: StepRun,
    asset: str,
    first: str,
    content: str,
    sketch: Baseline,
    base: Baseline | None,
    drifted: bool | None,
    normal: bool,
    moments: tuple[datetime, datetime],
) -> None:
    """The version's sketch into the history; of the baseline's own, the frame is in the baseline."""
    from aifirst_dagster.state.profiles import StoredSketch

    profiles.add(
        StoredSketch(
            asset=asset,
            partition=step.partition.key if step.partition else "",
            version=step.writer.version,
            baseline=first,
            content=content,
            rows=sketch.rows,
            drifted=drifted,
            normal=normal,
            data_of=moments[0],
            at=moments[1],
            sketch=sketch.pack(base or sketch),
        )
    )


def _past(known: list[StoredSketch], base: Baseline, step: StepRun, content: str) -> list[Past]:
    """Earlier versions, without this partition's own and without the same data: these say nothing of what is usual."""
    from aifirst_dagster.quality.drift import Baseline, Past

    own = step.partition.key if step.partition else None
    kept = [one for one in known if (own is None or one.partition != own) and one.content != content]
    return [Past(Baseline.unpack(one.sketch, base), one.data_of) for one in kept]


def _data_of(step: StepRun, moment: datetime) -> datetime:
    """When the data is of: the end of its time window, else now."""
    end = step.partition.end if step.partition else None
    if end is None:
        return moment
    return end if end.tzinfo else end.replace(tzinfo=UTC)


def _thresholds(wanted: Drift) -> Thresholds:
    from aifirst_dagster.quality.drift import Thresholds

    chosen: dict[str, Any] = {"level": wanted.false_alarms, "volume": VOLUME}
    if wanted.threshold is not None:
        chosen |= {"distance": wanted.threshold, "association": wanted.threshold, "psi": wanted.threshold}
    return Thresholds(**chosen)


def _broken(report: DriftReport) -> bool:
    """Whether a version is no example of what is normal, however little is known."""
    return bool(report.schema_changes) or any(finding.kind == "volume" for finding in report.findings)


def _chosen(relation: str, names: list[str] | None) -> str:
    """The relation with the watched columns only."""
    from aifirst_dagster.datasets.session import ident

    if names is None:
        return relation
    return f"(SELECT {', '.join(map(ident, names)) or 'NULL AS nothing'} FROM {relation})"


def _watched(name: str, wanted: Drift) -> bool:
    """Whether the pipeline wants this column watched."""
    return name not in wanted.ignore and (wanted.columns is None or name in wanted.columns)
