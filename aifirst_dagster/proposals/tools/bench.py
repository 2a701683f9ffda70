"""The tools that a task's model gets, over one snapshot of its material that is gone with the conversation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aifirst_dagster.llm.tools import Bounds, Tool
from aifirst_dagster.proposals.tools import pages, pattern, profile, query, rows, rule
from aifirst_dagster.proposals.tools.material import Material
from aifirst_dagster.proposals.tools.snapshot import Snapshot

#: What one round of a proposal may take with tools in hand.
BOUNDS = Bounds(turns=8, seconds=300, usd=0.25)


@contextmanager
def opened(material: Material) -> Iterator[tuple[Tool, ...]]:
    """The tools for `material`: those that show values only where it allows that."""
    with tempfile.TemporaryDirectory(prefix="aifirst-tools-") as folder:
        snapshot = Snapshot(material, Path(folder))
        found = [profile.tool(snapshot), rule.tool(snapshot), pattern.tool(snapshot)]
        if material.samples:
            found += [query.tool(snapshot), rows.tool(snapshot)]
            if material.documents:
                found.append(pages.tool(material))
        yield tuple(found)
