"""`output`: writes the dataset where its users look: a file, a DuckDB or a PostgreSQL table; all of it or nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.run import StepResult, StepRun


class Config(StepConfig):
    """The target and how rows meet what is there."""

    format: Literal["parquet", "csv", "duckdb", "postgres"] = Field("parquet", description="What to write.")
    path: str | None = Field(None, description="Target file (parquet, csv, duckdb). Default: out/<pipeline>/<step>.<suffix>.")
    url: str | None = Field(None, description="PostgreSQL URL; use {env: NAME}, never a literal password.")
    table: str | None = Field(None, description="Table (duckdb, postgres); default: the pipeline's slug.")
    mode: Literal["replace", "append", "upsert"] = Field("replace", description="How rows meet what is there.")
    key: str | list[str] | None = Field(None, description="Columns that identify a row, for upsert.")

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        if self.mode == "upsert" and not self.key:
            raise ValueError("mode upsert needs `key`")
        if self.format == "postgres" and not self.url:
            raise ValueError("format postgres needs `url`, say {env: WAREHOUSE_URL}")
        return self


def run(step: StepRun) -> StepResult:
    """Verify the verdict of the exact input version, then write."""
    raise NotImplementedError


STEP = StepType(
    "output", Config, run, rows="one_to_one", kinds=frozenset({"parquet"}),
    summary="Writes the dataset to a file or a database table.",
)  # fmt: skip
