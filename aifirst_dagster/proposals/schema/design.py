"""`schema.design`: the typed columns of a source, from its design or newly proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.runner import run
from aifirst_dagster.proposals.schema.task import SchemaTask

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.llm.client import LLM


def design(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[str],
    *,
    native: Mapping[str, str] | None = None,
    types: Mapping[str, str] | None = None,
    store: DesignStore | None = None,
    llm: LLM | None = None,
    model: str | None = None,
    mode: str = "standard",
    instructions: str | None = None,
    prompt: str = "schema",
    prompts: Path | None = None,
    run_id: str | None = None,
) -> Outcome[list[Column]]:
    """Describe the columns of `relation`, each tested on all rows.

    Args:
        con: The session that knows `relation`.
        relation: As a connector reads it: text columns (native ones typed), `_source`, `_source_line`.
        columns: The source columns, in order.
        native: Columns whose type the file itself says, with their DuckDB types.
        types: Column -> Table Schema type, set by hand.
        store: The step's designs; None: kept nowhere.
        llm: Whom to ask; None: nobody.
        model: A model in place of the resource's.
        mode: `extended_thinking` lets the model reason first.
        instructions: What it should mind.
        prompt: The template's name.
        prompts: The project's own templates.
        run_id: For provenance and the ledger.
    """
    native, types = dict(native or {}), dict(types or {})
    task = SchemaTask(con, relation, columns, native, types, instructions or "")
    config: dict[str, Any] = {"types": types, "instructions": instructions or ""}
    inputs = {column: native.get(column, "VARCHAR") for column in columns}
    ask = asking.ask(
        inputs, config, llm=llm, model=model, mode=mode, prompt=prompt, prompts=prompts, store=store, run=run_id
    )
    return run(task, ask, store)
