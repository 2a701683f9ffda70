"""`sql`: the user's own DuckDB query over the step's inputs, each a view named as its step."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.run import StepResult, StepRun


class Config(StepConfig):
    """One SELECT, inline or in a file."""

    query: str | None = Field(None, description="One SELECT; inputs are views named by step key, a single one also `input`.")
    file: str | None = Field(None, description="A file with the SELECT, instead of `query`.")
    load: Literal["full", "incremental"] = Field("full", description="Recompute all, or add rows past the cursor.")
    cursor: str | None = Field(None, description="Column that only grows; with load: incremental, rows above its highest value.")


def run(step: StepRun) -> StepResult:
    """Run the query and store its result."""
    raise NotImplementedError


STEP = StepType(
    "sql", Config, run, rows="free", kinds=frozenset({"sql", "duckdb"}), inputs=(1, None),
    summary="Runs your own DuckDB SQL over its inputs.",
)  # fmt: skip
