"""`sql`: the user's own DuckDB query over the step's inputs, each a view named as its step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from aifirst_dagster.datasets import parquet
from aifirst_dagster.datasets.session import HIDDEN, LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.columns import described
from aifirst_dagster.steps.run import StepResult, StepRun

if TYPE_CHECKING:
    import duckdb


class Config(StepConfig):
    """One SELECT, inline or in a file."""

    query: str | None = Field(
        None,
        description="One SELECT. Inputs are views named by step key (a single one also `input`); KEY__rows has the "
        "hidden columns _source, _source_line and _raw too, which the result keeps where it selects them.",
    )
    file: str | None = Field(None, description="A file with the SELECT, instead of `query`.")
    load: Literal["full", "incremental"] = Field("full", description="Recompute all, or add rows past the cursor.")
    cursor: str | None = Field(
        None, description="Column that only grows; with load: incremental, rows above its highest value."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        if (self.query is None) == (self.file is None):
            raise ValueError("give either `query` or `file`")
        if self.load == "incremental" and not self.cursor:
            raise ValueError("load: incremental needs `cursor`, a column of the result that only grows")
        return self


def run(step: StepRun) -> StepResult:
    """Run the query and store its result.

    Raises:
        ConfigError: The query is not one SELECT, or DuckDB refuses it.
    """
    import duckdb

    config = step.config
    assert isinstance(config, Config)
    con, query = step.con, _query(step, config)
    for key, dataset in step.inputs.items():
        dataset.create_view(con, f"{key}__rows")
        visible = f"SELECT * EXCLUDE ({', '.join(HIDDEN)}) FROM {ident(key + '__rows')}"
        con.execute(f"CREATE OR REPLACE VIEW {ident(key)} AS {visible}")
    if len(step.inputs) == 1 and (only := next(iter(step.inputs))).lower() != "input":
        con.execute(f"CREATE OR REPLACE VIEW input AS FROM {ident(only)}")
    try:
        con.execute(f"CREATE OR REPLACE VIEW _result AS\n{query}")
        names = [row[0] for row in con.execute("DESCRIBE _result").fetchall()]
        condition, parts = _increment(step, config, names)
        rows = parquet.write(con, _with_identity(step, names, condition), step.writer.data_path(f"part-{parts}"))
    except duckdb.Error as error:
        raise _worded(step, config, error) from error
    carried = [column for dataset in step.inputs.values() for column in dataset.columns]
    kept = step.previous.manifest.rows_out if parts and step.previous else 0
    return StepResult(
        rows_in=sum(dataset.rows for dataset in step.inputs.values()),
        rows_out=rows + kept,
        columns=described(con, "_result", carried),
        details={"query": query, "rows_added": rows} if config.load == "incremental" else {"query": query},
    )


def _worded(step: StepRun, config: Config, error: duckdb.Error) -> ConfigError:
    """What DuckDB says of the query, its lines counted as in the query."""
    import duckdb

    said = re.sub(r"^LINE (\d+):", lambda found: f"LINE {int(found[1]) - 1}:", str(error).strip(), flags=re.MULTILINE)
    if isinstance(error, duckdb.ConversionException):
        return ConfigError(
            f"The query of step {step.step!r} meets a value that it cannot convert: {said.splitlines()[0]}",
            hint="TRY_CAST gives NULL instead.",
            file=config.file,
        )
    return ConfigError(
        f"The query of step {step.step!r} fails: {said}",
        hint=f"Inputs are the views {', '.join(step.inputs)}.",
        file=config.file,
    )


def one_select(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """`text` without its closing semicolon.

    Raises:
        ConfigError: It is not exactly one SELECT.
    """
    import duckdb

    try:
        statements = con.extract_statements(text)
    except duckdb.ParserException as error:
        raise ConfigError(f"This is no SQL that DuckDB reads: {str(error).strip()}") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ConfigError(
            f"A `sql` step takes exactly one SELECT; this holds {len(statements)} statement(s).",
            hint="Split it into several steps; WITH ... SELECT is one statement.",
        )
    return statements[0].query.strip().rstrip(";")


def _query(step: StepRun, config: Config) -> str:
    """The step's query, read from its file where it has one."""
    if config.query is not None:
        try:
            return one_select(step.con, config.query)
        except ConfigError as error:
            raise ConfigError(f"The query of step {step.step!r}: {error.message}", hint=error.hint) from error
    path = step.project.resolve(config.file or "")
    try:
        return one_select(step.con, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read the query: {error.strerror}.", file=str(path)) from error
    except ConfigError as error:
        error.file = str(path)
        raise


def _increment(step: StepRun, config: Config, names: list[str]) -> tuple[str, int]:
    """A WHERE clause for rows past the cursor, and how many parts the previous version lends (0: start afresh)."""
    if config.load == "full":
        return "", 0
    if config.cursor not in names:
        raise ConfigError(
            f"The cursor {config.cursor!r} is no column of the query of step {step.step!r}.",
            hint=f"Its columns are {', '.join(names)}.",
        )
    if not step.previous:
        return "", 0
    files = ", ".join(map(literal, step.previous.parts))
    column = ident(config.cursor or "")
    now = [row[:2] for row in step.con.execute("DESCRIBE _result").fetchall() if row[0] not in HIDDEN]
    then = step.con.execute(f"DESCRIBE SELECT * EXCLUDE ({', '.join(HIDDEN)}) FROM read_parquet([{files}])").fetchall()
    if now != [row[:2] for row in then]:
        step.log("The query's columns have changed: all rows are computed again.")
        return "", 0
    highest = step.con.execute(f"SELECT max({column}), typeof(max({column})) FROM read_parquet([{files}])").fetchone()
    for part in step.previous.parts:
        step.writer.link(part)
    if not highest or highest[0] is None:
        return "", len(step.previous.parts)
    return f" WHERE {column} > {literal(highest[0])}::{highest[1]}", len(step.previous.parts)


def _with_identity(step: StepRun, names: list[str], condition: str) -> str:
    """The result with hidden columns: those it selects, else a row number in this version."""
    user = ", ".join(ident(name) for name in names if name not in HIDDEN)
    if not user:
        raise ConfigError(f"The query of step {step.step!r} has no columns but hidden ones.", hint="Select some more.")
    source = SOURCE if SOURCE in names else literal(f"{step.pipeline}/{step.step}@{step.writer.version}")
    line = LINE if LINE in names else "row_number() OVER ()"
    raw = RAW if RAW in names else "NULL::MAP(VARCHAR, VARCHAR)"
    return f"SELECT {user}, {source} AS {SOURCE}, {line}::BIGINT AS {LINE}, {raw} AS {RAW} FROM _result{condition}"


STEP = StepType(
    "sql", Config, run, rows="free", kinds=frozenset({"sql", "duckdb"}), inputs=(1, None),
    summary="Runs your own DuckDB SQL over its inputs.",
)  # fmt: skip
