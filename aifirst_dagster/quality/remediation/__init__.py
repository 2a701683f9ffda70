"""Remedies for anomalies: previewed, applied to a dataset as a new version, and undone."""

from aifirst_dagster.quality.remediation.model import ACTIONS, Choice, Effect, Preview, ScoreEffect
from aifirst_dagster.quality.remediation.preview import preview
from aifirst_dagster.quality.remediation.versions import apply, done_already, remediation_of, undo

__all__ = [
    "ACTIONS",
    "Choice",
    "Effect",
    "Preview",
    "ScoreEffect",
    "apply",
    "done_already",
    "preview",
    "remediation_of",
    "undo",
]
