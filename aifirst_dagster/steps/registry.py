"""Step types by name, as installed packages register them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from aifirst_dagster.steps.base import StepType

GROUP = "aifirst_dagster.steps"


@cache
def step_types() -> dict[str, StepType]:
    """Every registered step type, by its name in YAML."""
    return {point.name: point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}
