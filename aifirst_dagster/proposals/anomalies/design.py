"""`explain`: groups of anomalies in a model's words, where the data bears them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.anomalies.task import AnomaliesTask
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.runner import run
from aifirst_dagster.quality.anomalies import Anomalies

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.quality.anomalies import Search


def explain(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    search: Search,
    *,
    llm: LLM | None = None,
    wish: Wish = Wish(),
    where: tuple[str | None, str | None] = (None, None),
) -> Outcome[Anomalies]:
    """The groups of `search` explained; nothing is kept between runs but the model's answer itself.

    Args:
        con: The session that knows `relation`, a table or view of that name.
        relation: What was searched.
        columns: What is known of its columns.
        search: The open search.
        llm: Whom to ask; None: nobody, the templates' words stand.
        wish: How it is asked.
        where: Pipeline and step, for the ledger.
    """
    instructions = wish.instructions or ""
    task = AnomaliesTask(con, relation, columns, search, instructions, samples=wish.shows(llm))
    inputs = {column.name: column.physical_type for column in columns}
    # Nothing to explain: nobody is asked.
    asked = llm if search.found.groups else None
    config = {"instructions": instructions}
    ask = asking.ask(inputs, config, wish, task=task.name, output=task.proposal, llm=asked, store=None)
    return run(task, replace(ask, pipeline=where[0], step=where[1]), None)
