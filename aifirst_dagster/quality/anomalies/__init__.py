"""Anomalies: rows and cells that do not fit, grouped by likely cause, each explained and with a remedy."""

from aifirst_dagster.quality.anomalies.model import KINDS, Anomalies, Example, Group, Remedy, Settings
from aifirst_dagster.quality.anomalies.search import Search, find, search

__all__ = ["KINDS", "Anomalies", "Example", "Group", "Remedy", "Search", "Settings", "find", "search"]
