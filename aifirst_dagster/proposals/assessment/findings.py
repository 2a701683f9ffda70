"""What is known of a table before anyone assesses it: rules' verdicts, a repair plan, drift, what was set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import HIDDEN, LINE, RAW, ident
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.assessment.proposal import Assessment, Issue, Kind, Severity
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.score import score
from aifirst_dagster.repair.actions import ACTIONS
from aifirst_dagster.repair.plan import Action, RepairPlan

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.quality.drift import DriftReport

#: The share of empty cells from which on a column is worth a word.
EMPTY = 0.5
#: The share of rows from which on what can be repaired is more than a trifle.
MUCH = 0.05
_KINDS: dict[str, Kind] = {
    "fix_encoding": "encoding", "clean_characters": "whitespace", "trim_whitespace": "whitespace",
    "null_tokens": "missing", "unify_categories": "inconsistent", "parse_booleans": "format", "parse_numbers": "format",
    "parse_dates": "format", "convert_units": "units", "split_currency": "units", "split_unit": "units",
    "quarantine_empty_rows": "empty_rows", "merge_duplicates": "duplicates", "report_repeated_rows": "duplicates",
    "report_repeated_keys": "duplicates", "report_outliers": "outliers", "report_half_empty_rows": "missing",
    "report_formula_cells": "formula", "report_unreadable": "format",
}  # fmt: skip
_SERIOUS = {"report_repeated_keys", "report_unreadable"}


@dataclass(frozen=True)
class Findings:
    """What was counted.

    Attributes:
        rows: Of the table.
        results: Rules, judged on it.
        plan: What the data itself says should be repaired; None where the table does not carry its texts.
        drift: Against an earlier table; None: there is none.
        set_aside: (reason, rows) of rows that were quarantined or rejected on the way.
        nulls: Column -> empty cells.
        distinct: Column -> distinct values, about.
    """

    rows: int
    results: Sequence[RuleResult] = ()
    plan: RepairPlan | None = None
    drift: DriftReport | None = None
    set_aside: Sequence[tuple[str, int]] = ()
    nulls: dict[str, int] = field(default_factory=dict)
    distinct: dict[str, int] = field(default_factory=dict)

    @property
    def score(self) -> float | None:
        """The quality score; None without rules."""
        return round(score(self.results), 6) if self.results else None


def gather(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    results: Sequence[RuleResult] = (),
    drift: DriftReport | None = None,
    set_aside: Sequence[tuple[str, int]] = (),
) -> Findings:
    """Count what there is to say of `relation`.

    Args:
        con: The session that knows it.
        relation: Typed, as a step or a command reads it.
        columns: What is known of its columns.
        results: Rules that were judged on it already.
        drift: A comparison with an earlier table.
        set_aside: (reason, rows) of rows that never got here.
    """
    from aifirst_dagster.repair.plan import propose

    present = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {ident(relation)}").fetchall()]
    user = [name for name in present if name not in HIDDEN]
    counts = "".join(f", count({ident(name)}), approx_count_distinct({ident(name)})" for name in user)
    rows, *found = con.execute(f"SELECT count(*){counts} FROM {ident(relation)}").fetchall()[0]
    carried = {LINE, RAW} <= set(present)
    return Findings(
        rows=rows,
        results=results,
        plan=propose(con, relation, list(columns)) if carried and rows else None,
        drift=drift,
        set_aside=set_aside,
        nulls={name: rows - found[2 * at] for at, name in enumerate(user)},
        distinct={name: found[2 * at + 1] for at, name in enumerate(user)},
    )


def offline(findings: Findings) -> Assessment:
    """The assessment that counting alone gives."""
    issues = [
        *_rules(findings), *_repairs(findings), *_columns(findings), *_aside(findings), *_drifted(findings),
    ]  # fmt: skip
    return Assessment(
        rows=findings.rows, score=findings.score, summary=_summary(findings, issues), issues=issues
    ).ordered()


def _rules(findings: Findings) -> Iterator[Issue]:
    for result in findings.results:
        if result.success is None:
            yield Issue(column=_only(result.columns), kind="other", severity="warn", action="review",
                        evidence=f"A rule could not be judged: {result.error}", rule=_rule(result))  # fmt: skip
        elif result.unexpected_count or not result.success:
            count = result.unexpected_count
            words = (f"{count:,} of {result.evaluated:,} values break it" if count is not None
                     else f"it does not hold: observed {result.observed_value!r}")  # fmt: skip
            failed = not result.success
            yield Issue(
                column=_only(result.columns), kind=_kind(result), severity=result.severity if failed else "info",
                evidence=f"{(result.rationale or result.type).rstrip('.')}: {words}.", rows_affected=count,
                share=_share(count, findings.rows), rule=_rule(result),
                action=("quarantine" if result.severity == "error" else "review") if failed else "accept",
            )  # fmt: skip


def _repairs(findings: Findings) -> Iterator[Issue]:
    if findings.plan is None:
        return
    for action in findings.plan.actions:
        if not action.rows_affected or action.action not in _KINDS:
            continue
        share = _share(action.rows_affected, findings.rows)
        reason = (action.reason or ACTIONS[action.action].summary).rstrip(".")
        yield Issue(
            column=named(findings.plan, action), kind=_KINDS[action.action], severity=_severity(action, share or 0),
            evidence=f"{action.rows_affected:,} affected: {reason}.",
            rows_affected=action.rows_affected, share=share,
            repair=None if action.kind == "finding" else action.action,
            action="review" if action.kind == "finding" else
                   "quarantine" if action.action == "quarantine_empty_rows" else "repair",
        )  # fmt: skip


def _columns(findings: Findings) -> Iterator[Issue]:
    for name, empty in findings.nulls.items():
        if findings.rows and empty >= EMPTY * findings.rows:
            yield Issue(column=name, kind="missing", severity="info", action="review", rows_affected=empty,
                        evidence=f"{empty:,} of {findings.rows:,} cells are empty.",
                        share=_share(empty, findings.rows))  # fmt: skip
        elif findings.rows > 20 and findings.distinct[name] == 1:
            yield Issue(column=name, kind="constant", severity="info", action="accept",
                        evidence="Every value is the same.")  # fmt: skip


def _aside(findings: Findings) -> Iterator[Issue]:
    for reason, rows in findings.set_aside:
        yield Issue(column=None, kind="quarantined", severity="warn", action="fix_at_source", rows_affected=rows,
                    evidence=f"{rows:,} rows were set aside: {reason}.")  # fmt: skip


def _drifted(findings: Findings) -> Iterator[Issue]:
    if findings.drift is None:
        return
    for change in findings.drift.schema_changes:
        yield Issue(column=change.column, kind="drift", severity="warn", action="review",
                    evidence=f"The column's schema changed: {change.change}.")  # fmt: skip
    for column in findings.drift.columns:
        if column.drifted:
            yield Issue(column=column.name, kind="drift", severity="warn", action="review",
                        evidence=f"{'; '.join(column.reasons)}.")  # fmt: skip


def named(plan: RepairPlan, action: Action) -> str | None:
    """The column of an action as the table calls it; a column that the repair adds counts as the one it comes from."""
    return plan.input_name(action.column) if action.column is not None else None


def _severity(action: Action, share: float) -> Severity:
    if action.action in _SERIOUS:
        return "error"
    return "warn" if share >= MUCH or action.kind == "finding" else "info"


def _kind(result: RuleResult) -> Kind:
    for part, kind in (("not_be_null", "missing"), ("unique", "duplicates"), ("pair", "contradiction")):
        if part in result.type:
            return kind  # type: ignore[return-value]
    return "invalid"


def _rule(result: RuleResult) -> dict[str, object]:
    return {"type": result.type, "kwargs": result.kwargs}


def _only(columns: Sequence[str]) -> str | None:
    return columns[0] if len(columns) == 1 else None


def _share(count: int | None, rows: int) -> float | None:
    return round(min(1.0, count / rows), 6) if count is not None and rows else None


def _summary(findings: Findings, issues: Sequence[Issue]) -> str:
    if not findings.rows:
        return "The table has no rows."
    serious = sum(issue.severity == "error" for issue in issues)
    by = f" Its quality score is {findings.score:.3f}." if findings.score is not None else ""
    if not issues:
        return f"Nothing was found to be wrong with {findings.rows:,} rows.{by}"
    return f"{len(issues)} issues in {findings.rows:,} rows, {serious} of them serious.{by}"
