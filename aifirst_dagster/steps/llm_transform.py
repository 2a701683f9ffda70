"""`llm_transform`: maps the input onto a target schema and repairs it, by SQL that is stored, reviewable and pinned."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.run import StepResult, StepRun


class Config(StepConfig):
    """What the result should look like, and who may propose it."""

    model: str | None = Field(None, description="Model to ask; default: the LLM resource's.")
    mode: Literal["standard", "extended_thinking"] = Field("standard", description="Let the model think first.")
    prompt_template: str | None = Field(
        None, description="Prompt by name, from resources/prompts/ or the shipped ones."
    )
    instructions: str | None = Field(None, description="What the model should mind, in your words.")
    target: str | list[dict[str, Any]] | None = Field(
        None,
        description="Target schema: a Table Schema file, or its fields inline ({name, type, ...}). Default: proposed.",
    )
    deduplicate: bool = Field(True, description="Merge rows that are exact duplicates.")
    on_unparseable: Literal["quarantine", "null"] = Field(
        "quarantine", description="A cell that cannot be repaired: quarantine its row, or leave the cell empty."
    )


def run(step: StepRun) -> StepResult:
    """Design (or reuse) the transformation and apply it."""
    raise NotImplementedError


STEP = StepType(
    "llm_transform", Config, run, rows="merge", kinds=frozenset({"ai", "sql", "duckdb"}), uses_llm=True,
    summary="Maps and cleans its input onto a target schema.",
)  # fmt: skip
