"""Runs and their checks as incidents: failed runs, failed checks (also of green runs), and their recovery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING, Any

from aifirst_dagster.observe.alerts import Alert, Change, Since
from aifirst_dagster.orchestration.monitoring import drifts
from aifirst_dagster.orchestration.monitoring.downstream import downstream
from aifirst_dagster.orchestration.monitoring.inherited import inherited
from aifirst_dagster.orchestration.monitoring.words import key
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State
    from aifirst_dagster.state.measures import Measure

_MOST = 20


@dataclass(frozen=True)
class Evaluated:
    """One check's result in a run."""

    check: str
    passed: bool
    error: bool
    said: str


@dataclass(frozen=True)
class Run:
    """A run that has ended, as far as alerts need it.

    Attributes:
        name: What ran, for people.
        pipelines: Slugs of the pipelines whose assets it was to make.
        partition: Its partition, or range of partitions; "" for none.
        reasons: Why its steps failed; empty for one that succeeded.
        failed: Assets (`pipeline/step`) whose step failed.
        made: Assets that were made.
        only_checks: Nothing failed but blocking checks: their own alerts say so.
        checks: Results by asset.
    """

    run_id: str
    name: str
    success: bool
    pipelines: Sequence[str] = ()
    partition: str = ""
    why: str = ""
    ended: str = ""
    reasons: Sequence[str] = ()
    failed: Sequence[str] = ()
    made: Sequence[str] = ()
    only_checks: bool = False
    checks: Mapping[str, Sequence[Evaluated]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What a run means for the incident of one key: an alert, or (None) that it is over, and why."""

    key: str
    pipeline: str
    kind: str
    alert: Alert | None = None
    why: str = ""


def verdicts(project: Project, state: State, run: Run, pipelines: Mapping[str, PipelineSpec]) -> list[Verdict]:
    """What a run means for incidents: of the run itself, and of each asset whose checks it evaluated."""
    where = f"[{run.partition}]" if run.partition else ""
    found = [_checked(project, state, run, asset, where, pipelines) for asset in run.checks]
    found += [one for asset in run.checks if (one := _drifted(project, state, run, asset, where, pipelines))]
    if not run.success and not run.only_checks:
        found += [_failed(project, run, name, where, pipelines) for name in run.pipelines or (run.name,)]
    if run.success:
        found += [one for name in run.pipelines if (one := _recovered(state, run, name, where))]
    return found


def _failed(project: Project, run: Run, name: str, where: str, pipelines: Mapping[str, PipelineSpec]) -> Verdict:
    """A failed run: the incident of its pipeline."""
    spec = pipelines.get(name)
    failed = [asset for asset in run.failed if asset.startswith(f"{name}/")]
    steps = [asset.partition("/")[2] for asset in failed]
    said = [_worded(asset, one) for asset, results in run.checks.items() for one in results if not one.passed]
    slug = quote(name)
    alert = Alert(
        key=key("run", f"{name}{where}"),
        title=f"Run of {run.name}{f' ({run.partition})' if run.partition else ''} failed",
        text="\n".join([*run.reasons, *said][:_MOST]),
        severity="error",
        context=_context(run, name) | {"failed": failed},
        kind="run",
        dataset=f"{name}{where}",
        changed=[Change(f"{asset} was not made") for asset in failed],
        since=Since(run_id=run.run_id, at=run.ended),
        downstream=downstream(project, spec, steps) if spec and steps else (),
        todo=[
            f"Read the run's log: the UI's run {run.run_id}.",
            f"Mend what the error names, then run it again: `aifirst run {slug}"
            f"{f' --partition {quote(run.partition)}' if run.partition and '...' not in run.partition else ''}`. "
            "Earlier versions stay in use until then.",
        ],
        occurrence=run.run_id,
    )
    return Verdict(alert.key, name, "run", alert)


def _recovered(state: State, run: Run, name: str, where: str) -> Verdict | None:
    """A run that succeeded ends the incident of its pipeline, if it made what had failed."""
    known = state.alerts.open_one(key("run", f"{name}{where}"))
    if known is None:
        return None
    missing = set(known.alert["context"].get("failed") or ()) - set(run.made)
    return None if missing else Verdict(known.key, name, "run", None, f"Run {run.run_id} succeeded.")


def _checked(
    project: Project, state: State, run: Run, asset: str, where: str, pipelines: Mapping[str, PipelineSpec]
) -> Verdict:
    """The incident of one asset's failed checks: those that failed now, and those not evaluated since they failed."""
    pipeline, _, step = asset.partition("/")
    name = key("checks", f"{asset}{where}")
    known = state.alerts.open_one(name)
    results = {one.check: one for one in run.checks[asset] if one.check != drifts.CHECK}
    before: dict[str, str] = dict(known.alert["context"].get("checks") or {}) if known else {}
    failing = {check: said for check, said in before.items() if check not in results}
    failing |= {check: _said(one) for check, one in results.items() if not one.passed}
    if not failing:
        return Verdict(name, pipeline, "checks", None, f"All checks passed in run {run.run_id}.")
    spec = pipelines.get(pipeline)
    history = state.measures.of(pipeline, step, run.partition or None)
    error = any(not one.passed and one.error for one in results.values())
    shown = list(failing)[:_MOST]
    count = f"{len(failing)} check{'s' if len(failing) > 1 else ''}"
    return Verdict(name, pipeline, "checks", Alert(
        key=name,
        title=f"{count} of {asset}{where} {'fail' if len(failing) > 1 else 'fails'}: {', '.join(shown)}",
        text="\n".join(f"{asset} · {check} {failing[check]}" for check in shown)
        + ("\nThe run was stopped by a blocking check: nothing below was made." if run.only_checks else ""),
        severity="error" if error else "warning",
        context=_context(run, pipeline) | {"step": step, "checks": failing},
        kind="checks",
        dataset=f"{asset}{where}",
        changed=[Change(f"check {check}", _passed_before(history, check), "fails") for check in shown],
        since=_since(history, run, set(failing)),
        downstream=downstream(project, spec, [step]) if spec else (),
        todo=[
            f"See the failing rows in the asset's checks, or `aifirst report {quote(pipeline)} --step {quote(step)}`.",
            f"See what was set aside: `aifirst quarantine list --pipeline {quote(pipeline)}`.",
            f"Repair the data at its source and run again: `aifirst run {quote(pipeline)}`; or, where a rule is "
            f"wrong: `aifirst rules review {quote(pipeline)}`.",
        ],
        occurrence=run.run_id,
    ))  # fmt: skip


def _drifted(
    project: Project, state: State, run: Run, asset: str, where: str, pipelines: Mapping[str, PipelineSpec]
) -> Verdict | None:
    """The incident of one asset's drift: of its own, for what is to be done is another thing."""
    check = next((one for one in run.checks[asset] if one.check == drifts.CHECK), None)
    if check is None:
        return None
    pipeline, _, step = asset.partition("/")
    name = key("drift", f"{asset}{where}")
    if check.passed:
        return Verdict(name, pipeline, "drift", None, f"The data of run {run.run_id} is like the baseline again.")
    spec = pipelines.get(pipeline)

    def drifting(key_of_step: str) -> bool:
        other = f"{pipeline}/{key_of_step}"
        now = next((one for one in run.checks.get(other, ()) if one.check == drifts.CHECK), None)
        return not now.passed if now else state.alerts.open_one(key("drift", f"{other}{where}")) is not None

    if spec and not state.alerts.open_one(name) and inherited(project, spec, step, run.partition, drifting):
        return None
    history = state.measures.of(pipeline, step, run.partition or None)
    alert = drifts.alert(project, asset, run.partition, check.said, run.run_id, history, spec)
    return Verdict(name, pipeline, "drift", alert)


def _since(history: Sequence[Measure], run: Run, failing: set[str]) -> Since:
    """The first version of those, up to the newest without a break, where one of the checks failed."""
    first = None
    for one in reversed(history):
        if not any(rule.get("check") in failing and rule.get("success") is False for rule in one.rules):
            break
        first = one
    if first is None:
        return Since(run_id=run.run_id, at=run.ended)
    return Since(first.version, first.run_id, first.made_at.isoformat(timespec="seconds"))


def _passed_before(history: Sequence[Measure], check: str) -> str:
    """How often a rule's check passed in the versions before the newest."""
    results = [rule.get("success") for one in history[:-1] for rule in one.rules if rule.get("check") == check]
    return f"passed in {sum(result is True for result in results)} of {len(results)} versions before" if results else ""


def _said(one: Evaluated) -> str:
    return f"({'ERROR' if one.error else 'WARN'}): {one.said or 'failed'}"[:300]


def _worded(asset: str, one: Evaluated) -> str:
    return f"{asset} · {one.check} {_said(one)}"


def _context(run: Run, pipeline: str) -> dict[str, Any]:
    named = {"partition": run.partition, "reason": run.why}
    return {"run_id": run.run_id, "pipeline": pipeline, **{name: text for name, text in named.items() if text}}
