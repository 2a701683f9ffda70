"""The comparison: every question asked, all chances corrected together, what remains put into words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aifirst_dagster.quality.drift import calibrate, statistics, table, words
from aifirst_dagster.quality.drift.calibrate import JOINT_SHARE, Judged
from aifirst_dagster.quality.drift.history import Past, Reference, reference, without
from aifirst_dagster.quality.drift.models import ColumnDrift, Compared, DriftReport, Finding, Thresholds
from aifirst_dagster.quality.drift.questions import Question, ask
from aifirst_dagster.quality.drift.sketch import POINTS, Baseline, ColumnSketch

#: With history the least effects are these shares of what they are without.
EASED = 0.2
#: What a column's own `drifted` is about.
OF_COLUMN = ("nulls", "cardinality", "categories", "distribution", "range", "format")


def compare(
    base: Baseline,
    new: Baseline,
    thresholds: Thresholds | None = None,
    *,
    history: Sequence[Past] = (),
    at: datetime | None = None,
    deliveries: bool = False,
) -> DriftReport:
    """Compare two sketches.

    Args:
        base: The baseline.
        new: Made with `like=base`.
        thresholds: When a difference counts.
        history: Earlier versions, oldest first, the baseline among them, all made like it: with enough of them,
            the new one is compared with those that are like it, and thresholds are what is normal between these.
        at: When the new data is of; default: now.
        deliveries: Time goes on between the two, so that a later date is none, while an older one is a finding.
    """
    limits = thresholds or Thresholds()
    moment = at or datetime.now(UTC)
    known = reference(history, moment)
    changes = table.schema_changes(base, new)
    findings = [table.worded(change) for change in changes]
    sure = table.certain(base, new, limits.model_copy(update={"volume": None}) if known else limits)
    against = known.sketch if known else base
    if known is not None:
        findings += sure + _by_history(known, new, limits, moment)
    else:
        findings += sure + _by_theory(base, new, limits, deliveries)
        if deliveries:
            findings += table.went_back(base, new)
    columns = _columns(against, new, findings, known is not None or deliveries)
    compared = Compared()
    if known is not None:
        compared = Compared(kind="history", versions=len(known.past), text=known.text)
    elif deliveries:
        compared = Compared(kind="baseline")
    rows = round(against.rows / len(known.past)) if known else base.rows
    report = DriftReport(
        drifted=bool(findings),
        rows=(rows, new.rows),
        schema_changes=changes,
        columns=columns,
        findings=findings,
        baseline=compared,
        false_alarms=limits.level,
    )
    report.insight = words.insight(report)
    return report


def _by_theory(base: Baseline, new: Baseline, limits: Thresholds, moving: bool) -> list[Finding]:
    """Findings by what chance makes of the rows alone."""
    questions = ask(base, new, limits, moving)
    judged = [calibrate.by_theory(one, limits.level / max(1, len(questions))) for one in questions]
    pairs = [(column, b) for column in base.columns if (b := new.column(column.name)) is not None]
    others = [one for a, b in pairs if (one := table.by_theory(a, b, limits)) is not None]
    return _significant(judged, others, limits.level)


def _by_history(known: Reference, new: Baseline, limits: Thresholds, at: datetime) -> list[Finding]:
    """Findings by what is normal between earlier versions: each of them compared with the rest."""
    eased = _eased(limits)
    questions = ask(known.sketch, new, eased, True)
    past: dict[tuple[str, ...], list[statistics.Measured]] = {}
    for version in known.past:
        for one in ask(without(known.sketch, version.sketch), version.sketch, eased, True):
            past.setdefault(one.key, []).append(one.measured)
    each = limits.level / max(1, len(questions))
    judged = []
    for one in questions:
        before = past.get(one.key, [])
        few = len(before) < len(known.past) / 2
        judged.append(calibrate.by_theory(one, each) if few else calibrate.by_history(one, before, each))
    return _significant(judged, table.by_history(new, at, known.past, eased), limits.level)


def _eased(limits: Thresholds) -> Thresholds:
    """Smaller least effects, but for those that were set."""
    names = ("distance", "association", "psi", "null_rate", "new_share", "correlation", "duplicates")
    default = {name: field.default for name, field in Thresholds.model_fields.items()}
    kept = limits.model_fields_set
    return limits.model_copy(update={name: EASED * default[name] for name in names if name not in kept})


def _significant(judged: list[Judged], others: list[tuple[Finding, bool]], level: float) -> list[Finding]:
    """What is beyond chance, all tests taken together, and large enough."""
    pairs = [one for one in judged if one.question.kind == "joint"]
    single = [one for one in judged if one.question.kind != "joint"]
    own = level * (1 - JOINT_SHARE) if pairs else level
    chances = [one.p_value for one in single] + [finding.p_value or 0.0 for finding, _ in others]
    found = statistics.holm(chances, own)
    kept = [
        _finding(one)
        for one, significant in zip(single, found, strict=False)
        if significant and one.question.measured.effect >= one.question.least
    ]
    kept += [
        finding
        for (finding, large), significant in zip(others, found[len(single) :], strict=True)
        if significant and large
    ]
    for one, significant in zip(pairs, statistics.holm([one.p_value for one in pairs], level - own), strict=True):
        if significant and one.question.measured.effect >= one.question.least:
            kept.append(_finding(one))
    return kept


def _finding(one: Judged) -> Finding:
    question = one.question
    return Finding(
        kind=question.kind,
        columns=list(question.columns),
        test=question.test,
        effect=round(question.measured.effect, 6),
        threshold=round(one.threshold, 6),
        p_value=one.p_value,
        text=question.text(),
    )


def _columns(base: Baseline, new: Baseline, findings: list[Finding], moving: bool) -> list[ColumnDrift]:
    """Each column that both tables have, with its test and what was found about it."""
    asked: dict[str, list[Question]] = {}
    for question in ask(base, new, Thresholds(), moving):
        if len(question.columns) == 1:
            asked.setdefault(question.columns[0], []).append(question)
    columns = []
    for a in base.columns:
        b = new.column(a.name)
        if b is not None:
            mine = [one for one in findings if one.columns == [a.name] and one.kind in OF_COLUMN]
            columns.append(_column(a, b, asked.get(a.name, []), mine))
    return columns


def _column(a: ColumnSketch, b: ColumnSketch, asked: list[Question], findings: list[Finding]) -> ColumnDrift:
    shapes = [one for one in asked if one.kind == "distribution"]
    found = [one for one in findings if one.kind == "distribution"]
    column = ColumnDrift(name=a.name, test="none", null_rate=(round(a.null_rate, 6), round(b.null_rate, 6)))
    main = next((one for one in shapes if any(one.test == finding.test for finding in found)), None)
    main = main or (shapes[0] if shapes else None)
    if main is not None:
        told = next((one for one in found if one.test == main.test), None)
        column.test, column.statistic = main.test, round(main.measured.effect, 6)
        column.p_value = told.p_value if told else main.measured.p_value
        column.threshold = told.threshold if told else main.least
    column.drifted = bool(findings)
    # A distribution that moved is told once, though several tests found it.
    once = {finding.text: None for finding in findings if finding.kind != "distribution" or finding is found[0]}
    column.reasons = list(once)
    if b.tally is not None and a.kind in ("category", "flag"):
        column.new_values = list(b.tally.fresh)
    column.measures = _measures(a, b, asked)
    return column


def _measures(a: ColumnSketch, b: ColumnSketch, asked: list[Question]) -> dict[str, float]:
    """Distances that other tools report."""
    measures = {one.test: round(one.measured.effect, 6) for one in asked if one.test == "psi"}
    one, two = (a.tally, b.tally) if a.kind in ("category", "flag") else (a.spread, b.spread)
    if one is not None and two is not None and len(one.counts) == len(two.counts):
        first, second = list(one.counts), list(two.counts)
        if a.tally is not None and b.tally is not None and a.kind != "text":
            first, second = [*first, a.tally.others], [*second, b.tally.others]
            if "psi" not in measures and (index := statistics.psi(first, second, len(first))) is not None:
                measures["psi"] = round(index.effect, 6)
        measures["jensen_shannon"] = round(statistics.jensen_shannon(first, second), 6)
    if a.kind in ("number", "time", "text") and a.points and b.points:
        measures["wasserstein"] = round(statistics.wasserstein(POINTS, a.points, b.points), 6)
    return measures
