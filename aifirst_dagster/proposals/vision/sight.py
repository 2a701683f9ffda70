"""What looking came to: claims with both sides, the reading itself, and what it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from aifirst_dagster.proposals.verdict import Claim

if TYPE_CHECKING:
    from aifirst_dagster.llm.types import Usage


class SightClaim(Claim):
    """A claim of a model about a picture: `value` is what it saw.

    Attributes:
        data: What the parsed data says; empty where it says nothing of this.
    """

    data: str = ""


@dataclass(frozen=True)
class Sight:
    """A reading, claim by claim. Nothing in it changes the data: where they disagree, both sides stand here.

    Attributes:
        kind: `preview`: a table was drawn; `document`: a page or a chart was given.
        claims: What was said of it, each tested, corroborated, untested or failed.
        reading: The model's answer as it came.
        trusted: Whether the cells that it had to read back were right (previews only).
        pictures: Width and height of each picture; (0, 0) for a document that was given as it is.
    """

    kind: Literal["preview", "document"]
    claims: list[SightClaim]
    reading: dict[str, Any]
    model: str
    usage: Usage
    trusted: bool | None = None
    pictures: list[tuple[int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def disagreements(self) -> list[SightClaim]:
        """Claims that the data contradicts."""
        return [claim for claim in self.claims if claim.state == "failed"]

    def summary(self) -> dict[str, Any]:
        """The sight as plain data, for JSON, manifests and metadata."""
        return {
            "kind": self.kind,
            "model": self.model,
            "trusted": self.trusted,
            "claims": [claim.model_dump(mode="json") for claim in self.claims],
            "disagreements": len(self.disagreements),
            "pictures": [list(size) for size in self.pictures],
            "notes": self.notes,
        }
