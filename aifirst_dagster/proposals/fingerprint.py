"""What a design was made for: the input's schema, the prompt, the model and the step's relevant configuration."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

OFFLINE = "offline"


def digest(value: object) -> str:
    """A short stable hash of any JSON-like value; the order of mapping keys does not matter."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True)
class Fingerprint:
    """The four things that a design depends on.

    Attributes:
        columns: Input column name -> DuckDB type, in order.
        prompt: Hash of the prompt template.
        model: The model that was asked, or `offline`.
        config: The configuration that shapes the answer (target schema, instructions, given rules, ...).
    """

    columns: dict[str, str]
    prompt: str
    model: str = OFFLINE
    config: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def schema(self) -> str:
        """Hash of the column names and types. Their order counts: positions decide in files without a header."""
        return digest(list(self.columns.items()))

    @cached_property
    def parts(self) -> dict[str, str]:
        """Each part by its short value, as designs record it: says *what* changed when a design no longer matches."""
        prompt = "" if self.model == OFFLINE else self.prompt
        return {"schema": self.schema, "prompt": prompt, "model": self.model, "config": digest(self.config)}

    @cached_property
    def id(self) -> str:
        """The fingerprint itself."""
        return digest(self.parts)

    def differs(self, parts: dict[str, str]) -> list[str]:
        """Names of the parts that differ from those that a design recorded."""
        return [name for name, value in self.parts.items() if parts.get(name) != value]
