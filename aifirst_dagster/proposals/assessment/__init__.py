"""Data quality assessment: what is wrong with a table, how much of it, and what to do; each issue tried on the data."""

from aifirst_dagster.proposals.assessment.design import assess
from aifirst_dagster.proposals.assessment.findings import Findings, gather
from aifirst_dagster.proposals.assessment.proposal import Assessment, Issue
from aifirst_dagster.proposals.assessment.report import markdown

__all__ = ["Assessment", "Findings", "Issue", "assess", "gather", "markdown"]
