"""A degraded dataset in words: title, what changed, and what to do."""

from __future__ import annotations

from shlex import quote
from statistics import median
from typing import TYPE_CHECKING

from aifirst_dagster.observe.alerts import Alert, Change, Downstream, Since
from aifirst_dagster.observe.alerts.alert import Severity
from aifirst_dagster.orchestration.monitoring.judge import Degraded, set_aside

if TYPE_CHECKING:
    from aifirst_dagster.state.measures import Measure

_NAMES = {"score": "quality score", "quarantine": "rows set aside", "cost": "cost", "duration": "duration"}
_MOST = 8


def key(kind: str, dataset: str) -> str:
    """The stable key of an incident."""
    return f"{kind}:{dataset}"


def alert(found: Degraded, downstream: list[Downstream]) -> Alert:
    """The alert about a degraded dataset."""
    one = found.newest
    dataset, where = f"{one.pipeline}/{one.step}", f" ({one.partition})" if one.partition else ""
    before, after = figure(found.kind, found.usual.median), figure(found.kind, found.value)
    verb = "fell" if found.kind == "score" else "rose"
    severity: Severity = "error" if found.kind == "score" else "warning"
    text = (
        f"The median of the {found.usual.versions} versions before is {before}; worse than "
        f"{figure(found.kind, found.usual.limit)} counts as degraded."
    )
    return Alert(
        key=key(found.kind, dataset),
        title=f"{dataset}{where}: {_NAMES[found.kind]} {verb} from {before} to {after}",
        text=text + (f"\n{note}" if (note := rules_note(found)) else ""),
        severity=severity,
        context={
            "pipeline": one.pipeline,
            "step": one.step,
            "run_id": one.run_id,
            "version": one.version,
            **({"partition": one.partition} if one.partition else {}),
        },
        kind=found.kind,
        dataset=dataset,
        changed=changes(found),
        since=since(found.since),
        downstream=downstream,
        todo=todo(found.kind, one.pipeline, one.step),
        occurrence=one.version,
    )


def since(one: Measure) -> Since:
    """Where something was seen first."""
    return Since(one.version, one.run_id, one.made_at.isoformat(timespec="seconds"))


def figure(kind: str, value: float) -> str:
    """A value as people read it."""
    if kind == "cost":
        return f"${value:,.4f}" if value < 1 else f"${value:,.2f}"
    if kind == "duration":
        return f"{value:,.1f} s" if value < 600 else f"{value / 60:,.0f} min"
    return f"{value:.1%}" if kind == "quarantine" else f"{value:.3f}"


def changes(found: Degraded) -> list[Change]:
    """What is not as it was: the figure itself, and what goes with it."""
    made = [Change(_NAMES[found.kind], figure(found.kind, found.usual.median), figure(found.kind, found.value))]
    if found.kind == "score":
        made += dimensions(found) + rules(found)
    rows = median(one.rows_in for one in found.before)
    if rows and not 0.8 <= found.newest.rows_in / rows <= 1.25:
        made.append(Change("rows read", f"{rows:,.0f}", f"{found.newest.rows_in:,}"))
    if found.kind != "quarantine" and (now := set_aside(found.newest)) is not None:
        usual = median(set_aside(one) or 0.0 for one in found.before)
        if now - usual > 0.01:
            made.append(Change("rows set aside", f"{usual:.1%}", f"{now:.1%}"))
    if found.newest.drifted and found.newest.drift:
        made.append(Change("drift", "", found.newest.drift))
    return made


def dimensions(found: Degraded) -> list[Change]:
    """The dimensions of quality that fell, the deepest fall first."""
    falls = []
    for name, now in found.newest.dimensions.items():
        values = [one.dimensions[name] for one in found.before if one.dimensions.get(name) is not None]
        if values and now is not None and median(values) - now > 0.005:
            falls.append((median(values) - now, Change(name, f"{median(values):.3f}", f"{now:.3f}")))
    return [change for _, change in sorted(falls, key=lambda fall: -fall[0])]


def rules(found: Degraded) -> list[Change]:
    """The rules that fail now and mostly held before, the most broken first."""
    broken = []
    for rule in found.newest.rules:
        if rule.get("success") is not False or rule.get("status") in ("muted", "proposed"):
            continue
        earlier = [one for old in found.before for one in old.rules if one.get("id") == rule.get("id")]
        held = sum(one.get("success") is True for one in earlier)
        if earlier and 2 * held >= len(earlier):
            share = rule.get("unexpected_percent") or 0.0
            after = f"fails for {share:.3g} % of the rows" if share else "fails"
            broken.append((share, Change(f"rule {rule.get('check') or rule.get('id')}", "holds", after)))
    return [change for _, change in sorted(broken, key=lambda one: -one[0])][:_MOST]


def rules_note(found: Degraded) -> str:
    """That the rules are not the same: a score by other rules is another figure."""
    if found.kind != "score":
        return ""
    now, then = ({rule.get("id") for rule in one.rules} for one in (found.newest, found.before[-1]))
    if now == then:
        return ""
    added, gone = len(now - then), len(then - now)
    return f"The rules changed, too: {added} are new and {gone} are gone; a part of the change may be theirs."


def todo(kind: str, pipeline: str, step: str) -> list[str]:
    """What to do, in order."""
    slug, key_ = quote(pipeline), quote(step)
    name = quote(key(kind, f"{pipeline}/{step}"))
    looks = {
        "score": [
            f"See which rules fail, and on which rows: the asset's checks, or `aifirst report {slug} --step {key_}`.",
            f"See what was set aside: `aifirst quarantine list --pipeline {slug} --step {key_}`.",
            "Compare the newest input with an earlier one: `aifirst drift BASE NEW`; ask its sender where it changed.",
        ],
        "quarantine": [
            f"See the rows and why they were set aside: `aifirst quarantine list --pipeline {slug} --step {key_}`.",
            f"After mending source or design, try them again: `aifirst quarantine retry --pipeline {slug}`.",
        ],
        "cost": [
            "See where the money went: `aifirst costs --since 7d --by pipeline,step,model`.",
            f"See whether designs are made anew each time: `aifirst design {slug}`, and `aifirst estimate {slug}`.",
            "Set `budget` in the pipeline if it must not go on.",
        ],
        "duration": [
            "Look at the run's timeline in the UI: did the step wait for a model, a place or other runs?",
            "See whether the data grew, and whether the machine had memory and disk to spare.",
        ],
    }
    return [
        *looks.get(kind, []),
        f"If this is how it should be from now on: `aifirst alerts resolve {name} --why ...`; "
        f"to be left alone for a while: `aifirst alerts mute {name} --until 2d --why ...`.",
    ]
