"""Groups of anomalies explained by a model, each claim tested on the cells; and what people said of groups."""

from aifirst_dagster.proposals.anomalies.design import explain
from aifirst_dagster.proposals.anomalies.proposal import AnomaliesProposal, ExplainedGroup

__all__ = ["AnomaliesProposal", "ExplainedGroup", "explain"]
