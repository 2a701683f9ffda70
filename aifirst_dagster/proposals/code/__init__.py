"""Columns made by a Python function: written by a person or a model, tested on rows, run in the sandbox."""

from aifirst_dagster.proposals.code.answer import CodeDesign, Output
from aifirst_dagster.proposals.code.apply import Computed, apply
from aifirst_dagster.proposals.code.design import design

__all__ = ["CodeDesign", "Computed", "Output", "apply", "design"]
