"""What the data said about a proposal, claim by claim."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["tested", "corroborated", "untested", "failed"]
"""tested: the data confirmed it; corroborated: it cannot be tested, but a second, independent source says the same;
untested: documentation only; failed: the data contradicts it, so it is not used."""


class Claim(BaseModel):
    """One statement of a proposal.

    Attributes:
        subject: What it is about, say a column or a rule id.
        what: Which property, say `type`.
        value: What was claimed, in a word.
        state: What came of it.
        evidence: The counts or examples that decided, in a sentence.
    """

    model_config = ConfigDict(extra="forbid")

    subject: str
    what: str
    value: str = ""
    state: State = "untested"
    evidence: str = ""

    def __str__(self) -> str:
        """The claim as a line of feedback."""
        return f"{self.subject}: {self.what} = {self.value}: {self.evidence or self.state}"


class Verdict(BaseModel):
    """The claims of one proposal, each with its state."""

    model_config = ConfigDict(extra="forbid")

    claims: list[Claim] = Field(default_factory=list)

    @property
    def failed(self) -> list[Claim]:
        """Claims that the data contradicts."""
        return [claim for claim in self.claims if claim.state == "failed"]

    def lost(self, subject: str, what: str) -> bool:
        """Whether this claim failed."""
        return any(claim.subject == subject and claim.what == what for claim in self.failed)

    def summary(self) -> dict[str, Any]:
        """Counts by state, and the failed claims in words (the first ten), as designs record them."""
        counts: dict[str, Any] = {}
        for claim in self.claims:
            counts[claim.state] = counts.get(claim.state, 0) + 1
        if self.failed:
            counts["failed_claims"] = [str(claim) for claim in self.failed[:10]]
        return counts
