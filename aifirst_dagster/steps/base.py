"""What a step type is: a strict configuration, a row contract, and one function from datasets to a dataset."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from aifirst_dagster.steps.run import StepResult, StepRun

RowContract = Literal["source", "one_to_one", "filter", "merge", "free"]
"""What becomes of input rows. source: read from files; one_to_one: each goes out or to quarantine; filter: out,
quarantined or left behind with a count; merge: duplicates are merged too; free (a query): accounts for inputs only."""


class StepConfig(BaseModel):
    """Base of every step type's `config`: unknown keys are errors; descriptions feed docs, editors and forms."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class StepType:
    """A step type, registered under the entry-point group `aifirst_dagster.steps`.

    Attributes:
        type: The name in YAML.
        config: Its strict configuration.
        run: Does the work.
        rows: The row contract that `row_reconciliation` proves.
        version: Raised when the same configuration would give other results; part of the asset's code version.
        kinds: Shown on the asset in the Dagster UI.
        inputs: Least and most number of inputs (None: any).
        uses_llm: Whether a model may be asked.
    """

    type: str
    config: builtins.type[StepConfig]
    run: Callable[[StepRun], StepResult]
    rows: RowContract
    version: str = "1"
    kinds: frozenset[str] = frozenset()
    inputs: tuple[int, int | None] = (1, 1)
    uses_llm: bool = False
    summary: str = ""
