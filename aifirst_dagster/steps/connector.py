"""`connector`: messy files become a losslessly typed dataset; lines that do not fit go to quarantine."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from aifirst_dagster.datasets import parquet, quarantine
from aifirst_dagster.datasets.session import literal
from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster.inference.contract.modes import Mode, Modes
from aifirst_dagster.inference.infer import field_type
from aifirst_dagster.inference.schema import Column, FieldType
from aifirst_dagster.steps import connector_contract as contracted
from aifirst_dagster.steps import connector_files as sources
from aifirst_dagster.steps import connector_postgres as server
from aifirst_dagster.steps import connector_vision as vision
from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.connector_contract import Settled
from aifirst_dagster.steps.run import StepResult, StepRun

if TYPE_CHECKING:
    from aifirst_dagster.connectors.base import ReadTable
    from aifirst_dagster.proposals.outcome import Outcome


class Config(StepConfig):
    """Where the files are and how they are read."""

    type: Literal[
        "csv", "fixed", "json", "jsonl", "parquet", "excel", "avro", "xml", "html", "sqlite", "postgres", "auto"
    ] = Field("auto", description="Format; auto: by suffix and content, for each file. postgres: a server, by `url`.")
    url: str | None = Field(None, description="For postgres: its URL; use {env: NAME}, never a literal password.")
    table: str | None = Field(
        None, description="For postgres and sqlite: the table; for html: its number, id or caption; for json: a list."
    )
    query: str | None = Field(None, description="For postgres and sqlite: a SELECT, in place of a table.")
    cursor: str | None = Field(
        None, description="For postgres with load: new_rows: a column that grows with each new row, such as an id."
    )
    path: str | list[str] | None = Field(
        None,
        description="File, folder, glob or address (https://, s3:// ...), or several; relative to the project. "
        "`#` behind a file names a sheet, a table, or files of an archive; %Y-%m-%d and the like stand for "
        "the start of a time partition. Default: the pipeline's landing folder, landing/<pipeline>/.",
    )
    llm_enhanced: bool = Field(False, description="Let the model propose types and descriptions; the data decides.")
    model: str | None = Field(None, description="Model for llm_enhanced; default: the LLM resource's.")
    mode: Literal["standard", "extended_thinking"] | None = Field(
        None, description="extended_thinking lets the model think first; default: as the prompt says."
    )
    tools: bool = Field(
        False,
        description="For llm_enhanced: let the model look into the data (SQL, profiles, tests): up to 8 calls.",
    )
    vision: bool = Field(
        False,
        description="For llm_enhanced: let the model look at the first file as a spreadsheet shows it, when columns "
        "are designed anew; what it sees is compared with the data and reported.",
    )
    load: Literal["full", "new_files", "new_rows"] = Field(
        "full",
        description="Read all files each time, or add new and changed ones to what is there; new_rows (postgres): add "
        "rows whose `cursor` is larger than the largest loaded.",
    )
    encoding: str | None = Field(None, description="Text encoding; default: found out.")
    delimiter: str | None = Field(None, description="Delimiter; default: found out.")
    header: bool | None = Field(None, description="Whether the first row holds names; default: found out.")
    sheet: str | None = Field(None, description="Sheet of a workbook; default: the one that holds most.")
    on_bad_lines: Literal["quarantine", "fail"] = Field(
        "quarantine", description="What to do with lines that do not fit."
    )
    accept_unsure: bool = Field(False, description="Go on where the reader is unsure of the dialect.")
    types: dict[str, FieldType] = Field(
        default_factory=dict, description="Column -> Table Schema type; beats any inference."
    )
    contract: Mode | Modes | None = Field(
        None,
        description="What happens to files that do not keep the schema: evolve, freeze, discard_row or discard_value, "
        "or {tables, columns, types, per_column}. The schema is designs/PIPELINE/STEP/contract.json (docs/schema.md).",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        server.check(self)
        return self


def run(step: StepRun) -> StepResult:
    """Read, type and store the files that are due.

    Raises:
        InputError: A file cannot be read, or lines do not fit and the step should fail then.
    """
    from aifirst_dagster import connectors

    config = step.config
    assert isinstance(config, Config)
    marked: dict[str, Any] = {}
    if config.type == "postgres":
        due, table, marked = server.read(step, config)
        if not table.records and due.kept_rows:
            return _carried_over(step, due)
    else:
        found, looked_in = sources.listed(step, config.path)
        if not found:
            return StepResult(skipped=f"no files yet: looked in {looked_in}")
        known, _ = contracted.contract_of(step, config.contract)
        due = sources.due(step, found, config.load == "new_files", contracted.again(step, known))
        if not due.read:
            return _carried_over(step, due)
        options = connectors.ReadOptions(
            config.encoding, config.delimiter, config.header, config.accept_unsure, config.table or config.sheet,
            query=config.query, tell=step.log,
        )  # fmt: skip
        table = connectors.read(step.con, due.read, config.type, options)
    if not table.columns:
        return StepResult(skipped=f"the files hold no columns: {', '.join(map(str, due.read))}")
    if table.rejected and config.on_bad_lines == "fail":
        raise _bad_lines(step, table)
    settled = contracted.settle(step, table, config.contract, config.types, partial(_design, step, config))
    outcome = settled.outcome
    unknown = _unknown_types(step, config, settled.columns)
    read = replace(table, relation=settled.relation, columns=[column.source_name for column in settled.columns])
    looked = vision.look(step, config, read, outcome) if _looks(step, config) else None
    columns, rows = _store(step, settled, due.part)
    window = sources.window(step, settled.columns)
    fresh = [quarantine.rejects(table.rejects) if table.rejected else "", settled.aside(window)]
    aside = _set_aside(step, due, fresh)
    outside = table.records - rows - (aside - due.kept_aside)
    return StepResult(
        rows_in=table.records - outside + due.kept_rows + due.kept_aside,
        rows_out=rows + due.kept_rows,
        quarantined=aside,
        columns=_united(step, columns) if due.kept_rows else columns,
        usage=outcome.usage + looked.usage if looked else outcome.usage,
        design_current=outcome.current,
        design_hash=outcome.content,
        notes=[
            *table.notices,
            *outcome.notes,
            *settled.notes,
            *unknown,
            *(looked.notes if looked else []),
            *([sources.outside_note(step, outside)] if outside else []),
        ],
        details={
            **(looked.details if looked else {}),
            **marked,
            "files": due.ledger,
            "format": table.format,
            "dialects": {path: dialect.model_dump() for path, dialect in table.dialects.items()},
            "design": outcome.summary(),
            **({"contract": settled.contract} if settled.contract else {}),
            "rows_added": rows,
        },
    )


def _looks(step: StepRun, config: Config) -> bool:
    """Whether a model looks at the files: not where only a design is wanted."""
    return config.vision and config.llm_enhanced and not step.scratch


def _design(
    step: StepRun, config: Config, relation: str, columns: list[str], native: dict[str, str]
) -> Outcome[list[Column]]:
    """The columns' design, from disk or proposed now."""
    from aifirst_dagster.proposals import schema

    return schema.design(
        step.con,
        relation,
        columns,
        native=native,
        types=config.types,
        store=step.designs,
        llm=step.llm if config.llm_enhanced else None,
        wish=step.wish(config),
    )


def _unknown_types(step: StepRun, config: Config, columns: list[Column]) -> list[str]:
    """What to tell of `types` for columns that these files lack.

    Raises:
        ConfigError: No file so far has such a column: a slip of the pen.
    """
    before = [Column.model_validate(column) for column in step.previous.manifest.columns] if step.previous else []
    names = {name for column in (*columns, *before) for name in (column.name, column.source_name)}
    unknown = [name for name in config.types if name not in names]
    if unknown and step.partition is None:
        known = ", ".join(column.name for column in columns)
        raise ConfigError(f"`types` names a column that is not there: {unknown[0]!r}.", hint=f"Columns: {known}.")
    return [f"`types` names {name!r}, which is no column of this file" for name in unknown]


def _set_aside(step: StepRun, due: sources.Due, fresh: list[str]) -> int:
    """Write the rows that do not fit, of the files read now and of those taken over; returns how many."""
    query = " UNION ALL BY NAME ".join(f"({part})" for part in (due.aside_query, *fresh) if part)
    return quarantine.write(step.con, query, step.writer.quarantine) if query else 0


def _united(step: StepRun, columns: list[Column]) -> list[Column]:
    """The columns of all parts, older ones first; a type that differs is the one that holds both."""
    assert step.previous is not None
    new = {column.name: column for column in columns}
    old = {column["name"]: Column.model_validate(column) for column in step.previous.manifest.columns}
    parts = ", ".join(literal(path) for path in sorted((step.writer.folder / "data").glob("*.parquet")))
    described = step.con.execute(f"DESCRIBE SELECT * FROM read_parquet([{parts}], union_by_name = true)").fetchall()
    types = {row[0]: row[1] for row in described}
    united = []
    for column in (old | new).values():
        physical = types.get(column.name, column.physical_type)
        if physical != column.physical_type:
            kind = field_type(physical)
            column = column.model_copy(update={"physical_type": physical, "type": kind, "format": "default"})
        united.append(column)
    return united


def _store(step: StepRun, settled: Settled, part: str) -> tuple[list[Column], int]:
    """Write the typed rows of the step's partition; returns columns with evidence, and rows written."""
    target, columns = step.writer.data_path(part), settled.columns
    rows = parquet.write(step.con, settled.rows(sources.window(step, columns)), target)
    failed = _failed(step, columns, target)
    return [_with_evidence(column, rows, failed) for column in columns], rows


def _failed(step: StepRun, columns: list[Column], path: Path) -> dict[str, int]:
    """Column -> cells that have text in the file and no value here, tokens for "no value" left out."""
    tokens = {column.name: set(column.null_tokens) for column in columns}
    rows = step.con.execute(
        "SELECT cell.key, cell.value, count(*) FROM (SELECT unnest(map_entries(_raw)) AS cell FROM read_parquet(?) "
        "WHERE _raw IS NOT NULL) GROUP BY ALL",
        [str(path)],
    ).fetchall()
    failed: dict[str, int] = {}
    for name, text, count in rows:
        if text.strip() not in tokens.get(name, set()) and text.strip():
            failed[name] = failed.get(name, 0) + count
    return failed


def _with_evidence(column: Column, rows: int, failed: dict[str, int]) -> Column:
    """The column with the failures counted on all rows."""
    evidence = column.evidence.model_copy(update={"failed": failed.get(column.name, 0)})
    return column.model_copy(update={"evidence": evidence, "nullable": column.nullable or bool(evidence.failed)})


def _carried_over(step: StepRun, due: sources.Due) -> StepResult:
    """No file is new or changed: the version before, linked."""
    assert step.previous is not None
    before = step.previous.manifest
    aside = _set_aside(step, due, [])
    return StepResult(
        rows_in=due.kept_rows + due.kept_aside,
        rows_out=due.kept_rows,
        quarantined=aside,
        columns=[Column.model_validate(column) for column in before.columns],
        design_current=before.details.get("design_current"),
        design_hash=before.design_hash,
        notes=["no new or changed files"],
        details={**before.details, "files": due.ledger, "rows_added": 0},
    )


def _bad_lines(step: StepRun, table: ReadTable) -> InputError:
    """The first line that does not fit, as an error."""
    row: Any = step.con.execute(
        f"SELECT _source, _source_line, reason FROM {table.rejects} ORDER BY ALL LIMIT 1"
    ).fetchone()
    return InputError(
        f"{table.rejected} line(s) do not fit; the first: {row[2]}.",
        hint="Mend the file, or set on_bad_lines: quarantine to go on without them.",
        file=row[0],
        line=row[1],
    )


STEP = StepType(
    "connector", Config, run, rows="source", kinds=frozenset({"duckdb", "parquet"}), inputs=(0, 0), uses_llm=True,
    summary="Reads messy files into a typed dataset.",
)  # fmt: skip
