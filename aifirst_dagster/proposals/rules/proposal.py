"""What a model fills in for rules. The arguments are JSON in a text: structured output knows no free keys."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ProposedRule(BaseModel):
    """One rule."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="The expectation's name, `expect_...`.")
    kwargs: str = Field(description="Its arguments: a JSON object as text.")
    severity: Literal["error", "warn"]
    rationale: str


class RulesProposal(BaseModel):
    """All rules."""

    model_config = ConfigDict(extra="forbid")

    rules: list[ProposedRule]
