"""The assessment task: what was counted as evidence, each issue tested on all rows, and the answer without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import samples
from aifirst_dagster.proposals.assessment.findings import Findings, offline
from aifirst_dagster.proposals.assessment.proposal import Assessment, AssessmentProposal, Issue, ProposedIssue
from aifirst_dagster.proposals.assessment.trial import Trial
from aifirst_dagster.proposals.masking import mask, names_people, told
from aifirst_dagster.proposals.tools.material import Material
from aifirst_dagster.proposals.verdict import Verdict
from aifirst_dagster.repair.actions import ACTIONS

if TYPE_CHECKING:
    import duckdb


class AssessmentTask:
    """Bound to one typed relation and what was counted on it."""

    name = "assessment"
    file = "assessment.yaml"
    sql_file: str | None = None
    proposal = AssessmentProposal

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        columns: Sequence[Column],
        findings: Findings,
        instructions: str = "",
        *,
        samples: bool = True,
    ) -> None:
        self._con, self._relation, self._columns = con, relation, list(columns)
        self._findings, self._instructions, self._samples = findings, instructions, samples
        self._trial = Trial(con, relation, [column.name for column in columns], findings)

    def evidence(self) -> dict[str, Any]:
        """Instructions, the columns with masked values, what was counted, and the repairs that there are."""
        return {
            "instructions": self._instructions or "(nothing in particular)",
            "columns": samples.describe(self._con, self._relation, self._columns, "name", samples=self._samples),
            "counted": {
                "rows": self._findings.rows,
                "score": self._findings.score,
                "rules_that_hold": sum(1 for result in self._findings.results if result.success),
                "issues": [self._shown(issue) for issue in self.deterministic().issues[:80]],
            },
            "repairs": {name: action.summary for name, action in ACTIONS.items() if action.kind != "finding"},
        }

    @property
    def expected_tokens(self) -> int:
        """See `Task.expected_tokens`."""
        return 400 + 120 * min(len(self._columns), 20)

    @contextmanager
    def material(self) -> Iterator[Material]:
        """The table itself."""
        yield Material(self._con, self._relation, self._columns, "name", samples=self._samples)

    def deterministic(self) -> Assessment:
        """What counting alone says."""
        return offline(self._findings)

    def judge(self, proposal: AssessmentProposal, baseline: Assessment) -> Verdict:
        """Each issue's rule and repair tried on all rows, and its count compared."""
        known = {(issue.column, issue.kind) for issue in baseline.issues}
        return Verdict(
            claims=[
                claim for nth, said in enumerate(proposal.issues)
                for claim in self._trial.claims(subject(nth, said), said, (said.column or None, said.kind) in known)
            ]
        )  # fmt: skip

    def merge(self, proposal: AssessmentProposal, verdict: Verdict, baseline: Assessment, by: str) -> Assessment:
        """The model's issues that stand, and each of the engine's that they do not tell already."""
        kept: list[Issue] = []
        rejected: list[dict[str, str]] = []
        for nth, said in enumerate(proposal.issues):
            name = subject(nth, said)
            found = self._trial.issue(name, said, [claim for claim in verdict.claims if claim.subject == name], by)
            if isinstance(found, Issue):
                kept.append(found)
            else:
                rejected.append({"issue": f"{said.column or 'rows'}: {said.kind}: {said.evidence}", "reason": found})
        told_of = {(issue.column, issue.kind) for issue in kept}
        rest = [issue for issue in baseline.issues if (issue.column, issue.kind) not in told_of]
        summary = proposal.summary.strip() or baseline.summary
        update = {"summary": summary, "issues": [*kept, *rest], "rejected": rejected}
        return baseline.model_copy(update=update).ordered()

    def measure(self, answer: Assessment) -> tuple[Assessment, dict[str, float]]:
        """Nothing: it was counted on today's data."""
        return answer, {}

    def dump(self, answer: Assessment) -> tuple[dict[str, Any], str | None]:
        """The assessment as plain data."""
        return answer.model_dump(mode="json"), None

    def load(self, body: dict[str, Any], sql: str | None) -> Assessment:
        """The assessment from plain data."""
        return Assessment.model_validate(body)

    def _shown(self, issue: Issue) -> dict[str, Any]:
        """An issue that was counted, without what may identify people or, where that is forbidden, any value."""
        person = names_people(issue.column or "")
        names = [column.name for column in self._columns]
        plain = issue.model_dump(mode="json", exclude={"proposed_by", "state", "share", "rule"}, exclude_none=True)
        # Reasons quote values, learned rules name them: where none may be shown the counts have to say it.
        plain["evidence"] = mask(told(issue.evidence, True, names), person) if self._samples else "counted"
        if issue.rule:
            plain["rule"] = issue.rule["type"]
        return plain


def subject(number: int, said: ProposedIssue) -> str:
    """What an issue's claims are called."""
    return f"{number + 1}. {said.column or 'rows'}: {said.kind}"
