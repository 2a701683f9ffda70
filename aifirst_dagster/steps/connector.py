"""`connector`: messy files become a losslessly typed dataset; lines that do not fit go to quarantine."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.run import StepResult, StepRun


class Config(StepConfig):
    """Where the files are and how they are read."""

    type: Literal["csv", "json", "jsonl", "parquet", "auto"] = Field(
        "auto", description="Format; auto: by suffix and content."
    )
    path: str | list[str] | None = Field(
        None,
        description="File, folder or glob (or several). Default: the pipeline's landing folder, landing/<pipeline>/.",
    )
    llm_enhanced: bool = Field(
        False, description="Let the model propose dialect, types and descriptions; the data decides."
    )
    model: str | None = Field(None, description="Model for llm_enhanced; default: the LLM resource's.")
    mode: Literal["standard", "extended_thinking"] = Field("standard", description="Let the model think first.")
    load: Literal["full", "new_files"] = Field(
        "full", description="Read all files each time, or add new and changed ones."
    )
    encoding: str | None = Field(None, description="Text encoding; default: found out.")
    delimiter: str | None = Field(None, description="Delimiter; default: found out.")
    header: bool | None = Field(None, description="Whether the first row holds names; default: found out.")
    on_bad_lines: Literal["quarantine", "fail"] = Field(
        "quarantine", description="What to do with lines that do not fit."
    )
    accept_unsure: bool = Field(False, description="Go on where the reader is unsure of the dialect.")
    types: dict[str, str] = Field(default_factory=dict, description="Column -> Table Schema type; beats any inference.")


def run(step: StepRun) -> StepResult:
    """Read, type and store; see `docs/architecture.md`."""
    raise NotImplementedError


STEP = StepType(
    "connector", Config, run, rows="source", kinds=frozenset({"duckdb", "parquet"}), inputs=(0, 0), uses_llm=True,
    summary="Reads messy files into a typed dataset.",
)  # fmt: skip
