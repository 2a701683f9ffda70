"""What a proposal would change in the project's design files, for `aifirst design`."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from aifirst_dagster.proposals.designs import Change
from aifirst_dagster.proposals.variants import Meta


@dataclass(frozen=True)
class DesignDiff:
    """One design file of one step; `diff` is a unified diff, "" where nothing changes."""

    step: str
    file: str
    status: Literal["new", "changed", "same", "provisional"]
    diff: str


def diffs(step: str, changes: list[Change], reused: list[str]) -> list[DesignDiff]:
    """The changes of a step's store (`DesignStore.changes`) in words.

    Args:
        step: The step's key.
        changes: What was, or would be, written.
        reused: Design files that were found and stay as they are.
    """
    return [_diff(step, change) for change in changes] + [DesignDiff(step, file, "same", "") for file in reused]


def _diff(step: str, change: Change) -> DesignDiff:
    if _timeless(change.before) == _timeless(change.after):
        return DesignDiff(step, change.file, "same", "")
    lines = difflib.unified_diff(
        change.before.splitlines(keepends=True),
        change.after.splitlines(keepends=True),
        fromfile=f"a/{change.file}" if change.before else "/dev/null",
        tofile=f"b/{change.file}",
        n=2,
    )
    status: Literal["new", "changed", "provisional"] = "changed" if change.before else "new"
    return DesignDiff(step, change.file, "provisional" if change.provisional else status, "".join(lines))


def _timeless(text: str) -> list[str]:
    """The lines without those that only say when and in which run."""
    moments = tuple(f"  {name}:" for name in ("at", "run") if name in Meta.model_fields)
    return [line for line in text.splitlines() if not line.startswith(moments)]
