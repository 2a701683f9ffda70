"""`explain`: a drift in a model's words, where the data bears them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.drift.task import DriftTask
from aifirst_dagster.proposals.drift.trial import Trial
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.runner import run
from aifirst_dagster.quality.drift import Baseline, DriftReport

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.llm.client import LLM


def explain(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    sketches: tuple[Baseline, Baseline],
    report: DriftReport,
    again: Callable[[str], DriftReport],
    *,
    llm: LLM | None = None,
    wish: Wish = Wish(),
    where: tuple[str | None, str | None] = (None, None),
) -> Outcome[DriftReport]:
    """The report with an explanation; as it was where nobody is asked, or what is said does not stand.

    Args:
        con: The session that holds the new rows.
        relation: The new rows.
        columns: What is known of their columns.
        sketches: Of what was compared with, and of the new rows.
        report: What changed.
        again: Compares other rows of the same shape with the same.
        llm: Whom to ask; None: nobody.
        wish: How it is asked.
        where: Pipeline and step, for the ledger.
    """
    instructions = wish.instructions or ""
    trial = Trial(con, relation, *sketches, report, again)
    task = DriftTask(con, relation, columns, *sketches, report, trial, instructions, samples=wish.shows(llm))
    inputs = {column.name: column.physical_type for column in columns}
    # Nothing to explain: nobody is asked.
    asked = llm if report.drifted else None
    config = {"instructions": instructions}
    ask = asking.ask(inputs, config, wish, task=task.name, output=task.proposal, llm=asked, store=None)
    return run(task, replace(ask, pipeline=where[0], step=where[1]), None)
