"""`output`: writes the dataset where its users look: a file, a DuckDB or a PostgreSQL table; all of it or nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from aifirst_dagster.connectors.targets import Load, Written
from aifirst_dagster.connectors.write_duckdb import write_duckdb
from aifirst_dagster.connectors.write_files import write_file
from aifirst_dagster.connectors.write_postgres import write_postgres
from aifirst_dagster.datasets.store import Manifest, name_for
from aifirst_dagster.errors import QualityError
from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.run import StepResult, StepRun


class Config(StepConfig):
    """The target and how rows meet what is there."""

    format: Literal["parquet", "csv", "duckdb", "postgres"] = Field("parquet", description="What to write.")
    path: str | None = Field(
        None, description="Target file (parquet, csv, duckdb). Default: out/<pipeline>/<step>.<suffix>."
    )
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
        if self.format == "csv" and self.mode == "append":
            raise ValueError("a csv file cannot be appended to safely; use mode: upsert, or format: parquet or duckdb")
        return self


def run(step: StepRun) -> StepResult:
    """Verify the verdict of the exact input version, then write.

    Raises:
        QualityError: The input failed its blocking checks.
    """
    config = step.config
    assert isinstance(config, Config)
    dataset = step.input
    for version in dataset.versions:
        if version.manifest.gate.get("status") == "blocked":
            gate = version.manifest.gate
            raise QualityError(
                f"Nothing was written: version {version.manifest.version} of {dataset.step!r} is blocked by "
                f"{gate.get('by', 'a check')}: {gate.get('reason', 'its quality is too low')}.",
                hint="Look at the failing rules in the check's metadata; repair the data, the rules or the threshold.",
            )
    columns = [column["name"] for column in dataset.columns]
    written = _write(step, config, columns)
    for version in dataset.versions:
        for number, part in enumerate(version.parts):
            step.writer.link(part, f"{version.manifest.version}-{number}")
    return StepResult(
        rows_in=dataset.rows,
        rows_out=dataset.rows,
        columns=step.input_columns(),
        details={"output": {"format": config.format, "location": written.location, "rows": written.rows}},
    )


def _write(step: StepRun, config: Config, columns: list[str]) -> Written:
    """Write to the target that the configuration names."""
    dataset, con = step.input, step.con
    relation = dataset.create_view(con, "_outgoing")
    load = Load(
        relation=relation,
        columns=columns,
        mode=config.mode,
        key=[config.key] if isinstance(config.key, str) else list(config.key or []),
        load_id="+".join(_identity(version.manifest) for version in dataset.versions),
        partition=step.partition.key if step.partition else None,
    )
    table = config.table or step.pipeline
    if config.format == "postgres":
        return write_postgres(con, load, config.url or "", table)
    suffix = {"parquet": ".parquet", "csv": ".csv", "duckdb": ".duckdb"}[config.format]
    path = step.project.resolve(config.path or f"out/{step.pipeline}/{step.step}{suffix}")
    if config.format == "duckdb":
        return write_duckdb(con, load, path, table)
    if load.partition is not None:  # a file for each partition, in a folder named as the file would be
        path = path.with_suffix("") / f"{name_for(load.partition)}{suffix}"
    return write_file(con, load, path, config.format)


def _identity(made: Manifest) -> str:
    """What tells one load from another: two partitions of the same content are two."""
    return made.content_hash if made.partition is None else f"{made.partition}:{made.content_hash}"


STEP = StepType(
    "output", Config, run, rows="one_to_one", kinds=frozenset({"parquet"}),
    summary="Writes the dataset to a file or a database table.",
)  # fmt: skip
