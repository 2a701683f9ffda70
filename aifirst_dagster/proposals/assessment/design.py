"""`assess`: what is wrong with a table: counted, and, where a model is asked, proposed and tested on all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.assessment.findings import Findings
from aifirst_dagster.proposals.assessment.proposal import Assessment
from aifirst_dagster.proposals.assessment.task import AssessmentTask
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.runner import run

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.llm.client import LLM


def assess(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    findings: Findings,
    *,
    llm: LLM | None = None,
    wish: Wish = Wish(),
    where: tuple[str | None, str | None] = (None, None),
) -> Outcome[Assessment]:
    """Assess `relation` as it is today. It is no design: nothing is kept between runs but the model's answer itself.

    Args:
        con: The session that knows `relation`.
        relation: Typed; the hidden columns are no part of it.
        columns: What is known of its columns, under their names in it.
        findings: What was counted on it, see `gather`.
        llm: Whom to ask; None: nobody.
        wish: How it is asked.
        where: Pipeline and step, for the ledger.
    """
    instructions = wish.instructions or ""
    task = AssessmentTask(con, relation, columns, findings, instructions, samples=wish.shows(llm))
    inputs = {column.name: column.physical_type for column in columns}
    config = {"instructions": instructions}
    ask = asking.ask(inputs, config, wish, task=task.name, output=task.proposal, llm=llm, store=None)
    return run(task, replace(ask, pipeline=where[0], step=where[1]), None)
