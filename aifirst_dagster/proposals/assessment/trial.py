"""Issues on trial: a rule must be broken by rows, a repair must change some, a count must be the count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.proposals.assessment.findings import Findings, named
from aifirst_dagster.proposals.assessment.proposal import Issue, ProposedIssue
from aifirst_dagster.proposals.masking import told
from aifirst_dagster.proposals.rules.proposal import ProposedRule
from aifirst_dagster.proposals.rules.task import parsed
from aifirst_dagster.proposals.verdict import Claim
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster.repair.actions import ACTIONS
from aifirst_dagster.repair.plan import Action, RepairPlan

if TYPE_CHECKING:
    import duckdb

#: A rule that more of the values break than this says more of itself than of the data; missing values may be the rule.
ODD = 0.9
#: How far a count may be off and still be right.
NEAR = 0.1


class Trial:
    """Tries issues on one relation, each rule and repair once."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], findings: Findings
    ) -> None:
        self._con, self._relation, self._columns, self._findings = con, relation, set(columns), findings
        self._rows: dict[str, int | None] = {}
        self._rules: dict[str, Rule] = {}

    def claims(self, subject: str, said: ProposedIssue, known: bool) -> list[Claim]:
        """What an issue claims, each with its state.

        Args:
            subject: What the claims are called.
            said: The issue.
            known: Whether the deterministic engine found one of the same kind in the same place.
        """
        if said.column and said.column not in self._columns:
            return [Claim(subject=subject, what="column", value=said.column, state="failed",
                          evidence="There is no such column.")]  # fmt: skip
        claims = []
        if said.rule_type.strip():
            claims.append(self._rule(subject, said))
        if said.repair.strip():
            claims.append(self._repair(subject, said))
        if not claims:
            claims.append(
                Claim(subject=subject, what="issue", value=said.kind, state="corroborated" if known else "untested",
                      evidence="The engine found the same." if known else "There is nothing to test it by.")
            )  # fmt: skip
        if said.rows >= 0 and (count := self._rows.get(subject)) is not None:
            near = abs(said.rows - count) <= max(1, NEAR * count)
            claims.append(Claim(subject=subject, what="rows", value=str(said.rows), evidence=f"{count} were counted.",
                                state="tested" if near else "failed"))  # fmt: skip
        return claims

    def issue(self, subject: str, said: ProposedIssue, claims: Sequence[Claim], by: str) -> Issue | str:
        """The issue with what was counted; or why it does not stand."""
        decided = [claim for claim in claims if claim.what != "rows"]
        failed = [claim for claim in decided if claim.state == "failed"]
        proved = [claim for claim in decided if claim.state == "tested"]
        if failed and not proved:
            return "; ".join(claim.evidence for claim in failed)
        rows, proved_by = self._rows.get(subject), {claim.what for claim in proved}
        rule = self._rules.get(subject) if "rule" in proved_by else None
        # What was counted speaks; the model's own words stay where nothing could be counted.
        counted = "; ".join(claim.evidence for claim in proved)
        return Issue(
            column=said.column or None,
            kind=said.kind,
            severity=said.severity,
            evidence=f"{said.evidence} ({counted})" if counted else said.evidence,
            rows_affected=rows,
            share=round(min(1.0, rows / self._findings.rows), 6) if rows is not None and self._findings.rows else None,
            rule={"type": rule.type, "kwargs": rule.kwargs} if rule else None,
            repair=said.repair.strip() if "repair" in proved_by else None,
            action=said.action if said.action != "repair" or "repair" in proved_by else "review",
            state="tested" if proved else decided[0].state,
            proposed_by=by,
        )

    def _rule(self, subject: str, said: ProposedIssue) -> Claim:
        """The suggested rule: rows must break it, but not nearly all of them."""
        from aifirst_dagster.quality.engines.duckdb import evaluate

        claim = Claim(subject=subject, what="rule", value=f"{said.rule_type} {said.rule_kwargs}"[:200], state="failed")
        severity = "error" if said.severity == "error" else "warn"
        rule, wrong = parsed(ProposedRule(type=said.rule_type.strip(), kwargs=said.rule_kwargs.strip() or "{}",
                                          severity=severity, rationale=said.evidence))  # fmt: skip
        if rule is None:
            claim.evidence = wrong
            return claim
        # `mostly` would hide the very rows that the issue is about.
        strict = Rule(**{**rule.model_dump(exclude={"id"}), "kwargs": {**rule.kwargs, "mostly": 1.0}}) if (
            "mostly" in rule.kwargs) else rule  # fmt: skip
        (result,) = evaluate(self._con, self._relation, [strict], examples=None)
        broken = result.unexpected_count
        if result.error:
            claim.evidence = f"The rule cannot be evaluated: {told(result.error, False, self._columns)}"
        elif result.success:
            claim.evidence = f"All {result.evaluated:,} values keep the rule: nothing is wrong here."
        elif broken is not None and "null" not in rule.type and broken > ODD * result.evaluated:
            claim.evidence = f"{broken:,} of {result.evaluated:,} values break the rule: it is the rule that is wrong."
        else:
            claim.state, self._rules[subject], self._rows[subject] = "tested", rule, broken
            claim.evidence = (f"{broken:,} of {result.evaluated:,} values break the rule" if broken is not None
                              else "the rule does not hold")  # fmt: skip
        return claim

    def _repair(self, subject: str, said: ProposedIssue) -> Claim:
        """The suggested repair: it must change something."""
        name = said.repair.strip()
        claim = Claim(subject=subject, what="repair", value=name, state="failed")
        if name not in ACTIONS or ACTIONS[name].kind == "finding":
            claim.evidence = "There is no such repair."
            return claim
        plan = self._findings.plan
        if plan is None:
            claim.state, claim.evidence = "untested", "The table does not carry the texts that repairs work on."
            return claim
        found = [action for action in plan.actions
                 if action.action == name and named(plan, action) == (said.column or None)]  # fmt: skip
        changed = sum(action.rows_affected for action in found) or (0 if found else self._applied(plan, name, said))
        if changed:
            claim.state, claim.evidence = "tested", f"the repair changes {changed:,} cells or rows"
            self._rows.setdefault(subject, changed)
        else:
            claim.evidence = "The repair would change nothing."
        return claim

    def _applied(self, plan: RepairPlan, name: str, said: ProposedIssue) -> int:
        """What a repair that the engine did not think of changes; 0 for those that need to be told how."""
        from aifirst_dagster.repair.run import apply

        if ACTIONS[name].kind != "text" or set(ACTIONS[name].params) - {"inner"} or not said.column:
            return 0
        column = next((one for one in plan.columns if plan.input_name(one.name) == said.column), None)
        if column is None:
            return 0
        renames = [action for action in plan.actions if action.action == "rename_column"]
        alone = plan.model_copy(
            update={"actions": [*renames, Action(column=column.name, action=name)], "deduplicate": False}
        )
        return apply(self._con, self._relation, alone).actions[-1].rows_changed
