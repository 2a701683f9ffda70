"""The rules task: quality rules that the data bears out and that can fail, from the engine and from a model."""

from aifirst_dagster.proposals.rules.design import design, propose_for_file

__all__ = ["design", "propose_for_file"]
