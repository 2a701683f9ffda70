"""`mapping.design`: a transformation of an input onto a target schema, from its design or newly proposed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.mapping import target as targets
from aifirst_dagster.proposals.mapping.answer import MappingDesign
from aifirst_dagster.proposals.mapping.task import MappingTask
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.runner import run

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.proposals.task import Asked


def design(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    *,
    target: str | list[dict[str, Any]] | None = None,
    root: Path | None = None,
    deduplicate: bool = True,
    on_unparseable: Literal["quarantine", "null"] = "quarantine",
    store: DesignStore | None = None,
    llm: Asked | None = None,
    wish: Wish = Wish(),
) -> Outcome[MappingDesign]:
    """Map and repair `relation`; `mapping.apply` runs what comes out.

    Args:
        con: The session that knows `relation`.
        relation: Typed, with `_source`, `_source_line` and `_raw`.
        columns: What is known of its columns.
        target: A Table Schema file or its fields; None: proposed by the model, or the repaired columns as they are.
        root: What a relative target file starts from.
        deduplicate: Merge rows that are the same in every column.
        on_unparseable: What becomes of a cell that cannot be read: its row is set aside, or it stays empty.
        store: The step's designs; None: kept nowhere.
        llm: Whom to ask; None: nobody.
        wish: How it is asked.

    Raises:
        ConfigError: The target or the prompt is wrong.
    """
    fields = targets.load(target, root)
    task = MappingTask(
        con, relation, columns, fields, instructions=wish.instructions or "", deduplicate=deduplicate,
        on_unparseable=on_unparseable, samples=wish.shows(llm),
    )  # fmt: skip
    config = {
        "target": [field.said() for field in fields] if fields else None,
        "instructions": wish.instructions or "",
        "deduplicate": deduplicate,
        "on_unparseable": on_unparseable,
    }
    inputs = {column.name: f"{column.physical_type} {column.type}" for column in columns}
    ask = asking.ask(inputs, config, wish, task=task.name, output=task.proposal, llm=llm, store=store)
    outcome = run(task, ask, store)
    for name in outcome.answer.unmatched:
        outcome.notes.append(f"The target has no field for the column {name!r}: it is not in the output.")
    for field in outcome.answer.fields:
        if not field.sources:
            outcome.notes.append(f"No column fits the target's field {field.name!r}: it stays empty.")
    return outcome
