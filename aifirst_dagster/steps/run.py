"""What a step's run is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class StepRun:
    """Everything a step may use."""


@dataclass
class StepResult:
    """What a step did."""
