"""A dataset that drifted, as an incident: what changed, since which version, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.store import DatasetStore
from aifirst_dagster.errors import StorageError
from aifirst_dagster.observe.alerts import Alert, Change, Since
from aifirst_dagster.orchestration.monitoring.downstream import downstream
from aifirst_dagster.orchestration.monitoring.words import key, since
from aifirst_dagster.orchestration.watch import REPORT
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.state.measures import Measure

#: The fixed check that says so.
CHECK = "drift"
_MOST = 12


def alert(
    project: Project,
    asset: str,
    partition: str,
    said: str,
    run_id: str,
    history: Sequence[Measure],
    pipeline: PipelineSpec | None,
) -> Alert:
    """The alert about a drifted dataset.

    Args:
        project: Where the drift report lies.
        asset: `pipeline/step`.
        partition: "" for none.
        said: What the check said.
        run_id: The run that made the version.
        history: The dataset's versions, newest last.
        pipeline: Its pipeline, where it is known.
    """
    slug, _, step = asset.partition("/")
    where = f"[{partition}]" if partition else ""
    report = _report(project, slug, step, partition, run_id)
    findings = report.get("findings") or []
    names = list(dict.fromkeys(name for one in findings for name in one["columns"]))
    about = f": {', '.join(names[:6])}{'…' if len(names) > 6 else ''}" if names else ""
    return Alert(
        key=key("drift", f"{asset}{where}"),
        title=f"{asset}{where} drifted{about}",
        text=str(report.get("insight") or said),
        severity="warning",
        context={"pipeline": slug, "step": step, "run_id": run_id, **({"partition": partition} if partition else {})},
        kind="drift",
        dataset=f"{asset}{where}",
        changed=[_change(one) for one in findings[:_MOST]],
        since=_since(history, run_id),
        downstream=downstream(project, pipeline, [step]) if pipeline else (),
        todo=[
            *((report.get("explanation") or {}).get("todo") or ()),
            "See the explanation with plots' figures in the asset's `drift` check and metadata; compare two files: "
            "`aifirst drift BASE NEW`.",
            "Ask the sender whether the change is meant: a new unit, currency, source or population.",
            f"If this is how the data is from now on: `aifirst run {quote(slug)} --accept-drift`.",
        ],
        occurrence=run_id,
    )


def _change(finding: dict[str, Any]) -> Change:
    columns = ", ".join(finding["columns"]) or "the table"
    return Change(f"{columns} ({finding['kind']}): {finding['text']}")


def _since(history: Sequence[Measure], run_id: str) -> Since:
    """The first of the versions that drifted, up to the newest without a break."""
    first = None
    for one in reversed(history):
        if one.drifted is not True:
            break
        first = one
    return since(first) if first else Since(run_id=run_id)


def _report(project: Project, slug: str, step: str, partition: str, run_id: str) -> dict[str, Any]:
    """The drift report of the version that the run made; {} where another one stands by now."""
    try:
        version = DatasetStore(project.datasets).current(slug, step, partition or None)
    except StorageError:
        return {}
    if version is None or version.manifest.run_id != run_id:
        return {}
    return version.read_json(REPORT) or {}
