"""A template that was checked, and how it becomes what a model reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.proposals.fingerprint import digest
from aifirst_dagster.proposals.prompts.fencing import FENCE_RULE, fence
from aifirst_dagster.proposals.prompts.front import Hints

VARIABLE = re.compile(r"\{\{\s*(?P<name>[a-z_]+)\s*\}\}")


@dataclass(frozen=True)
class Prompt:
    """A template: it uses exactly the variables that it declares, each of them fenced.

    Attributes:
        system: The standing part.
        user: What varies, with its variables.
        file: Where it was read.
        output: The model that the answer fills in; None: whatever the task asks for.
        hints: How a model is best asked.
        shipped: Whether it came with the package.
    """

    name: str
    version: str
    inputs: tuple[str, ...]
    system: str
    user: str
    file: str
    output: str | None = None
    hints: Hints = field(default_factory=Hints)
    shipped: bool = False

    @property
    def hash(self) -> str:
        """Hash of all that a model is told; part of each design's fingerprint."""
        return digest([self.system, FENCE_RULE, self.user, self.output, self.hints.model_dump(exclude_none=True)])

    @property
    def provenance(self) -> dict[str, str]:
        """What a design records of the template that it was asked for with."""
        source = "shipped" if self.shipped else "project"
        return {"name": self.name, "version": self.version, "hash": self.hash, "source": source}

    def render(self, values: dict[str, Any]) -> tuple[str, str]:
        """(system, user) with each variable in place as fenced JSON. A template may leave out what it does not need.

        Raises:
            ConfigError: It needs a value that the task does not give.
        """
        if missing := [name for name in self.inputs if name not in values]:
            raise ConfigError(
                f"The prompt {self.name!r} needs {', '.join(missing)}, which this task does not give.",
                hint=f"It gives: {', '.join(sorted(values))}.",
                file=self.file,
            )
        # One pass: text that comes in with the data is never looked at for variables again.
        user = VARIABLE.sub(lambda match: fence(match["name"], values[match["name"]]), self.user)
        return f"{self.system}\n\n{FENCE_RULE}", user

    def fits(self, output: type[Any]) -> None:
        """Do nothing where answers to it fill in an `output`.

        Raises:
            ConfigError: It was written for another task.
        """
        if self.output is not None and self.output != output.__name__:
            raise ConfigError(
                f"The prompt {self.name!r} is for answers of the kind {self.output}; here one of the kind "
                f"{output.__name__} is asked for.",
                hint="Choose another prompt, or mend `output` in its front matter.",
                file=self.file,
            )
