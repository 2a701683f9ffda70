"""What a model fills in for an assessment, and what an assessment is once the data has judged it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.proposals.verdict import State

Kind = Literal[
    "missing", "duplicates", "format", "encoding", "whitespace", "inconsistent", "units", "outliers", "invalid",
    "contradiction", "constant", "empty_rows", "formula", "quarantined", "drift", "privacy", "meaning", "other",
]  # fmt: skip
Severity = Literal["error", "warn", "info"]
Todo = Literal["repair", "quarantine", "fix_at_source", "review", "accept"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProposedIssue(_Strict):
    """One thing that is wrong with the data."""

    column: str = Field(description="The column's name exactly as given; an empty text where it is about whole rows.")
    kind: Kind
    severity: Severity
    evidence: str = Field(description="What shows it, in a sentence with counts.")
    rows: int = Field(description="How many rows it affects; -1 where that cannot be said.")
    rule_type: str = Field(description="An expectation that bad rows break, `expect_...`; an empty text for none.")
    rule_kwargs: str = Field(description="Its arguments: a JSON object as text; an empty text for none.")
    repair: str = Field(description="A repair from the list that mends it; an empty text for none.")
    action: Todo


class AssessmentProposal(_Strict):
    """What is wrong with a table, and what to do about it."""

    summary: str = Field(description="Two or three plain sentences for the data's owner.")
    issues: list[ProposedIssue]


class Issue(_Strict):
    """An issue that stands.

    Attributes:
        column: As the table calls it; None: it is about whole rows.
        evidence: What was counted.
        rows_affected: As counted; None where nobody could.
        share: Of all rows, 0 to 1.
        rule: `{type, kwargs}` of an expectation that it breaks.
        repair: An action of the repair vocabulary that mends it.
        state: tested: a rule or a repair was tried on all rows; corroborated: the deterministic engine says the same;
            untested: a model's word alone.
        proposed_by: `offline`, or the model.
    """

    column: str | None
    kind: Kind
    severity: Severity
    evidence: str
    rows_affected: int | None = None
    share: float | None = None
    rule: dict[str, Any] | None = None
    repair: str | None = None
    action: Todo
    state: State = "tested"
    proposed_by: str = "offline"


class Assessment(_Strict):
    """What is wrong with a table, most serious first.

    Attributes:
        score: The quality score by the rules it was judged by; None where there were none.
        rejected: Issues that a model named and the data contradicts: `{issue, reason}`.
    """

    rows: int
    score: float | None
    summary: str
    issues: list[Issue] = Field(default_factory=list)
    rejected: list[dict[str, str]] = Field(default_factory=list)

    def ordered(self) -> Assessment:
        """The same, errors first, then by the rows affected."""
        rank = {"error": 0, "warn": 1, "info": 2}
        issues = sorted(self.issues, key=lambda issue: (rank[issue.severity], -(issue.rows_affected or 0)))
        return self.model_copy(update={"issues": issues})
