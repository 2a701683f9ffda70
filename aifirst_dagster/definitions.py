"""The code location: every pipeline of `resources/pipelines/`, for `dagster dev -w workspace.yaml` and `dg dev`."""

from __future__ import annotations

import dagster as dg

from aifirst_dagster.orchestration.build import definitions
from aifirst_dagster.project import Project


@dg.definitions
def defs() -> dg.Definitions:
    """Read the pipelines again at each load of the location."""
    return definitions(Project.find())
