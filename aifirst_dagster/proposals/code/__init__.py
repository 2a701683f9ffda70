"""Columns made by a Python function: written by a person or a model, tested on rows, run in the sandbox."""

from aifirst_dagster.proposals.code.answer import CodeDesign
from aifirst_dagster.proposals.code.apply import apply
from aifirst_dagster.proposals.code.design import design
from aifirst_dagster.repair.derive import Computed, Output

__all__ = ["CodeDesign", "Computed", "Output", "apply", "design"]
