"""A drift explained by a model, each of its claims tried on the sketches and on the rows."""

from aifirst_dagster.proposals.drift.design import explain
from aifirst_dagster.proposals.drift.proposal import DriftClaim, DriftProposal

__all__ = ["DriftClaim", "DriftProposal", "explain"]
