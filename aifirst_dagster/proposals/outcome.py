"""What designing a step came to: the answer to use, who gave it, what the data said, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aifirst_dagster.proposals.variants import Status
from aifirst_dagster.proposals.verdict import Verdict

if TYPE_CHECKING:
    from aifirst_dagster.llm.types import Usage

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True)
class Outcome(Generic[AnswerT]):
    """A design that is ready to use.

    Attributes:
        answer: What the step works with: columns, a transformation, a rule set.
        file: The design's file; None where designs are not kept (a bare file on the command line).
        fingerprint: What the design in use was made for.
        content: Hash of the design itself, a person's edits included: what a step's result depends on.
        status: accepted; provisional: stands in for a provider that was down, tried again; pinned: a person's.
        proposed_by: `offline`, the model, or `both` where some of the model's claims lost.
        model: The model whose answer is in it, or None.
        reused: Found on disk; nothing was proposed.
        current: Whether the design still fits: its input, its prompt and what it was measured to do.
        reasons: Why it is not current.
        verdict: What the data said of each claim of the model (empty where none was asked).
        usage: What the model work took.
        notes: What the user should see.
        prompt: Name, version and hash of the template that a model was asked with; empty where none was.
        learned_on: Hash of the rows that the design was made from; "": not known.
        transcripts: Ids of the conversations that a model held with tools, see `aifirst prompts transcript`.
    """

    answer: AnswerT
    file: Path | None
    fingerprint: str
    content: str
    status: Status
    proposed_by: str
    model: str | None
    reused: bool
    usage: Usage
    current: bool = True
    reasons: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)
    notes: list[str] = field(default_factory=list)
    prompt: dict[str, str] = field(default_factory=dict)
    transcripts: list[str] = field(default_factory=list)
    learned_on: str = ""

    def summary(self) -> dict[str, Any]:
        """The outcome without its answer, for metadata and manifests."""
        return {
            "file": str(self.file) if self.file else None,
            "fingerprint": self.fingerprint,
            "content": self.content,
            "status": self.status,
            "proposed_by": self.proposed_by,
            "model": self.model,
            "prompt": self.prompt,
            "transcripts": self.transcripts,
            "reused": self.reused,
            "current": self.current,
            "reasons": self.reasons,
            "verdict": self.verdict.summary(),
            "notes": self.notes,
            "usage": self.usage.model_dump(mode="json"),
        }
