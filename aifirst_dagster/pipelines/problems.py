"""What is wrong in a pipeline file: where exactly, and what to do. All problems of a file travel together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aifirst_dagster.errors import ConfigError


@dataclass(frozen=True)
class Place:
    """A position in a file; `line` and `column` are 1-based and count characters."""

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or (as a warning) suspicious, in a pipeline file."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """`file:line:column: message hint`."""
        return f"{self.file}:{self.line}:{self.column}: {self.message} {self.hint}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """The problem as `aifirst lint --json` prints it."""
        return asdict(self)


class PipelineErrors(ConfigError):
    """A pipeline file is wrong; `problems` holds everything that is, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        first = self.problems[0]
        more = len(self.problems) - 1
        note = f"(and {more} more: run `aifirst lint {first.file}`)" if more else ""
        super().__init__(
            first.message,
            hint=f"{first.hint} {note}".strip(),
            file=first.file,
            line=first.line,
            column=first.column,
        )

    def to_dict(self) -> dict[str, Any]:
        """The first problem as the error object, all of them under `problems`."""
        return {**super().to_dict(), "problems": [problem.to_dict() for problem in self.problems]}
