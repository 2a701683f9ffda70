"""What a provider of message batches can do; retries, budget and ledger are not its business."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from aifirst_dagster.errors import ServiceError
from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.types import Answer, ToolSpec

if TYPE_CHECKING:
    from aifirst_dagster.llm.providers.base import Prepared


@dataclass(frozen=True)
class Limits:
    """What one batch may hold.

    Attributes:
        requests: How many requests.
        bytes: How long its body may be.
    """

    requests: int
    bytes: int


@dataclass(frozen=True)
class Status:
    """How a batch stands, as its provider says.

    Attributes:
        id: The provider's name for it.
        requests: How many requests it holds.
        results: Whether there are results to fetch; False in a batch that has ended: they are gone.
    """

    id: str
    requests: int
    created: datetime
    ended: bool
    results: bool


class InDoubtError(Exception):
    """A batch was sent, and nobody can say whether it arrived."""

    def __init__(self, error: LLMError) -> None:
        super().__init__(error.message)
        self.error = error


class GoneError(ServiceError):
    """The provider knows no such batch, or no longer has its results."""


@runtime_checkable
class BatchProvider(Protocol):
    """A provider whose API takes message batches."""

    def batches(self) -> BatchApi:
        """The way to them."""
        ...


class BatchApi(Protocol):
    """Message batches on the wire. Every method raises `LLMError`s as `Provider.send` does."""

    limits: Limits

    async def create(self, requests: Sequence[tuple[str, Prepared]]) -> str:
        """Submit requests under their custom ids; returns the provider's name for the batch.

        Raises:
            LLMError: It was not taken; no batch came into being.
            InDoubtError: It may have been.
        """
        ...

    async def look(self, batch: str) -> Status:
        """How it stands.

        Raises:
            GoneError: There is no such batch.
        """
        ...

    def since(self, moment: datetime) -> AsyncIterator[Status]:
        """Every batch of the account that was created at `moment` or later, newest first."""
        ...

    def results(
        self, batch: str, tools: Callable[[str], Iterable[ToolSpec]]
    ) -> AsyncIterator[tuple[str, Answer | LLMError]]:
        """Custom id and outcome of each request, in no order.

        Args:
            batch: The provider's name for it; it must have ended.
            tools: What the model could call, by custom id.

        Raises:
            GoneError: The results are no longer there.
        """
        ...

    async def cancel(self, batch: str) -> None:
        """Work on no more of its requests; those under way may still be answered."""
        ...


def size(custom_id: str, body: dict[str, Any]) -> int:
    """Bytes of one request in a batch's body, at most."""
    import json

    return len(json.dumps({"custom_id": custom_id, "params": body})) + 2
