"""`schema.design`: the typed columns of a source, from its design or newly proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.runner import run
from aifirst_dagster.proposals.schema.task import SchemaTask

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.proposals.task import Asked


def design(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[str],
    *,
    native: Mapping[str, str] | None = None,
    types: Mapping[str, str] | None = None,
    store: DesignStore | None = None,
    llm: Asked | None = None,
    wish: Wish = Wish(),
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
        wish: How it is asked.
    """
    native, types = dict(native or {}), dict(types or {})
    instructions = wish.instructions or ""
    task = SchemaTask(con, relation, columns, native, types, instructions, samples=wish.shows(llm))
    config: dict[str, Any] = {"types": types, "instructions": instructions}
    inputs = {column: native.get(column, "VARCHAR") for column in columns}
    ask = asking.ask(inputs, config, wish, task=task.name, output=task.proposal, llm=llm, store=store)
    return run(task, ask, store)
