"""What one version says about one check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """A check's result, before it is Dagster's: `error` makes a failed one an error, else it warns."""

    passed: bool
    error: bool
    description: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
