"""`llm_transform`: maps the input onto a target schema and repairs it, by SQL that is stored, reviewable and pinned."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from aifirst_dagster.datasets import parquet, quarantine
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.releases import quarantine_releases
from aifirst_dagster.steps.run import StepResult, StepRun

if TYPE_CHECKING:
    from aifirst_dagster.repair.run import Repaired

RELATION = "input"


class Config(StepConfig):
    """What the result should look like, and who may propose it."""

    model: str | None = Field(None, description="Model to ask; default: the LLM resource's.")
    mode: Literal["standard", "extended_thinking"] | None = Field(
        None, description="extended_thinking lets the model think first; default: as the prompt says."
    )
    prompt_template: str | None = Field(
        None, description="Prompt by name, from resources/prompts/ or the shipped ones."
    )
    instructions: str | None = Field(None, description="What the model should mind, in your words.")
    tools: bool = Field(
        False,
        description="Let the model look into the data by itself (SQL, profiles, tests): up to 8 calls.",
    )
    target: str | list[dict[str, Any]] | None = Field(
        None,
        description="Target schema: a Table Schema file, or its fields inline ({name, type, ...}). Default: proposed.",
    )
    deduplicate: bool = Field(True, description="Merge rows that are exact duplicates.")
    on_unparseable: Literal["quarantine", "null"] = Field(
        "quarantine", description="A cell that cannot be repaired: quarantine its row, or leave the cell empty."
    )


def run(step: StepRun) -> StepResult:
    """Design (or reuse) the transformation, apply it, and set aside what it cannot read."""
    from aifirst_dagster.proposals import mapping

    config = step.config
    assert isinstance(config, Config)
    step.input.create_view(step.con, RELATION)
    outcome = mapping.design(
        step.con,
        RELATION,
        step.input_columns(),
        target=config.target,
        root=step.project.root,
        deduplicate=config.deduplicate,
        on_unparseable=config.on_unparseable,
        store=step.designs,
        llm=step.llm,
        wish=step.wish(config, instructions=config.instructions, prompt=config.prompt_template),
    )
    done = mapping.apply(step.con, RELATION, outcome.answer)
    rows, aside = _store(step, done)
    return StepResult(
        rows_in=done.rows_in,
        rows_out=rows,
        quarantined=aside,
        merged=done.merged,
        columns=_physical(step, outcome.answer.columns, done.kept),
        usage=outcome.usage,
        design_current=outcome.current,
        design_hash=outcome.content,
        notes=outcome.notes,
        details={
            "design": outcome.summary(),
            "actions": [asdict(action) for action in done.actions],
            "findings": [
                action.model_dump(mode="json") for action in outcome.answer.plan.actions if action.kind == "finding"
            ],
        },
    )


def _store(step: StepRun, done: Repaired) -> tuple[int, int]:
    """Write the rows kept and the rows set aside; rows that a person released pass with their unread cells empty."""
    values = ident("values")
    shape = f"{quarantine.row_id(values)} AS id, {SOURCE}, {LINE}, {ident('row')}, reason, {values}"
    aside = f"SELECT {shape} FROM {done.quarantine}"
    kept = f"SELECT * FROM {done.kept}"
    if done.quarantined and (released := quarantine_releases(step)):
        listed = ", ".join(map(literal, released))
        names = [row[0] for row in step.con.execute(f"DESCRIBE {done.kept}").fetchall()]
        kept += (
            f" UNION ALL SELECT {', '.join(map(ident, names))} FROM {done.table} WHERE ({SOURCE}, {LINE}) IN "
            f"(SELECT ({SOURCE}, {LINE}) FROM ({aside}) WHERE id IN ({listed}))"
        )
        aside = f"SELECT * FROM ({aside}) WHERE id NOT IN ({listed})"
    rows = parquet.write(step.con, kept, step.writer.data_path())
    return rows, quarantine.write(step.con, aside, step.writer.quarantine) if done.quarantined else 0


def _physical(step: StepRun, columns: list[Column], relation: str) -> list[Column]:
    """The columns with the types that they have in the result."""
    types = {row[0]: row[1] for row in step.con.execute(f"DESCRIBE {relation}").fetchall()}
    return [
        column.model_copy(update={"physical_type": types.get(column.name, column.physical_type)}) for column in columns
    ]


STEP = StepType(
    "llm_transform", Config, run, rows="merge", kinds=frozenset({"ai", "sql", "duckdb"}), uses_llm=True,
    summary="Maps and cleans its input onto a target schema.",
)  # fmt: skip
