"""`llm_validation`: generates the rule set, judges the input by it, passes good rows on and quarantines the rest."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.run import StepResult, StepRun


class Config(StepConfig):
    """Which rules, and what follows from them."""

    rules: str | list[dict[str, Any]] = Field(
        "auto_generate", description="auto_generate, a rule-set file, or rules inline ({type, kwargs, severity})."
    )
    model: str | None = Field(None, description="Model to ask; default: the LLM resource's.")
    mode: Literal["standard", "extended_thinking"] = Field("standard", description="Let the model think first.")
    instructions: str | None = Field(None, description="What the model should mind, in your words.")
    threshold: float = Field(0.95, ge=0, le=1, description="Least quality score.")
    on_fail: Literal["block", "warn"] = Field("block", description="What a score below the threshold does.")
    quarantine: bool = Field(True, description="Set aside rows that break a rule of severity error.")


def run(step: StepRun) -> StepResult:
    """Design (or reuse) the rules, judge, split."""
    raise NotImplementedError


STEP = StepType(
    "llm_validation", Config, run, rows="filter", kinds=frozenset({"ai", "duckdb"}), uses_llm=True,
    summary="Judges its input by generated rules; bad rows go to quarantine.",
)  # fmt: skip
