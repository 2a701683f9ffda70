"""A project's own prompt templates: every fault at its place, first of all those that let data speak as instruction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aifirst_dagster.pipelines.problems import Problem
from aifirst_dagster.project import Project


def templates(project: Project) -> list[Path]:
    """The project's own templates."""
    return sorted((project.resources / "prompts").glob("*.md"))


def problems(path: Path, shown: str) -> Iterator[Problem]:
    """What is wrong with the template at `path`, which messages call `shown`."""
    from aifirst_dagster.proposals.prompts import faults
    from aifirst_dagster.proposals.prompts.outputs import outputs
    from aifirst_dagster.proposals.prompts.parse import parse

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield Problem(shown, 1, 1, f"the prompt cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}")
        return
    found = faults(text, path.stem)
    for fault in found:
        yield Problem(shown, fault.line, fault.column, fault.message, fault.hint)
    if found:
        return
    output = parse(text, shown, path.stem).output
    if output is not None and output not in outputs():
        line = next((at for at, line in enumerate(text.splitlines(), 1) if line.startswith("output:")), 1)
        yield Problem(shown, line, 1, f"there is no output {output!r}", f"There are: {', '.join(outputs())}.")
