"""`code.design`: the function of a step, from its design or newly proposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import DesignError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.code.answer import CodeDesign
from aifirst_dagster.proposals.code.task import CodeTask
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.runner import run
from aifirst_dagster.repair.derive import Output

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.proposals.task import Asked


def design(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    *,
    outputs: list[Output] | None = None,
    store: DesignStore | None = None,
    llm: Asked | None = None,
    wish: Wish = Wish(),
) -> Outcome[CodeDesign]:
    """A function that does what `wish.instructions` say, tried on rows of `relation`.

    Args:
        con: The session that knows `relation`.
        relation: Typed, with the hidden columns.
        columns: What is known of its columns.
        outputs: Columns to make; None: the model's choice.
        store: The step's designs; None: kept nowhere.
        llm: Whom to ask; None: nobody.
        wish: How it is asked.

    Raises:
        DesignError: There is no function: nobody was asked, or none that was proposed stood the trial.
    """
    task = CodeTask(con, relation, columns, outputs, wish.instructions or "", samples=wish.shows(llm))
    config: dict[str, Any] = {
        "instructions": wish.instructions or "",
        "outputs": [output.model_dump() for output in outputs] if outputs else None,
    }
    inputs = {column.name: f"{column.physical_type} {column.type}" for column in columns}
    ask = asking.ask(inputs, config, wish, task=task.name, output=task.proposal, llm=llm, store=store)
    outcome = run(task, ask, store)
    if not outcome.answer.code:
        why = " ".join(outcome.notes[-3:]) or "No model was asked: no engine writes code by itself."
        raise DesignError(
            f"There is no function for this step. {why}",
            hint="Name a model (AIFIRST_LLM=claude, or the pipeline's `llm`), or give the step its `code`.",
        )
    return outcome
