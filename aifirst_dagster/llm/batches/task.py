"""One request on its way into a batch, how long to wait for what, and what is told meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.gateway.validation import judged
from aifirst_dagster.llm.providers.base import Prepared
from aifirst_dagster.llm.types import Answer, CacheState, LLMRequest, LLMResponse, Usage


@dataclass(frozen=True)
class Task:
    """A request; identical ones are one task.

    Attributes:
        key: Of everything that decides its answer (`gateway.cache.key_of`).
        model: At the prices of batches.
        size: Bytes in the batch's body, at most.
    """

    key: str
    request: LLMRequest
    prepared: Prepared
    model: Model
    provider: str
    size: int
    notices: tuple[str, ...] = ()

    def response(self, answer: Answer, usage: Usage, cache: CacheState) -> LLMResponse:
        """The answer as callers get it.

        Raises:
            LLMError: It is no usable answer.
        """
        return LLMResponse(
            parsed=judged(answer, self.request),
            text=answer.text,
            usage=usage,
            stop_reason=answer.stop_reason or "",
            provider=self.provider,
            model=self.model.name,
            request_id=answer.request_id,
            attempts=usage.calls,
            thinking=answer.thinking,
            content=answer.content,
            cache=cache,
            notices=tuple(dict.fromkeys([*self.notices, *self.prepared.notices, *answer.notices])),
        )

    def known(self, answer: Answer) -> LLMResponse:
        """An answer that was bought before; raises as `response` does."""
        return self.response(answer, Usage(cache_hits=1, models=(self.model.name,)), "hit")


@dataclass(frozen=True)
class Pace:
    """Seconds.

    Attributes:
        first_look: Before a batch is looked at again; each wait is half as long again as the last,
        longest_look: up to this.
        settle: After which a batch that is not in the provider's list never arrived. Its list is taken to show a
            batch within this time.
        patience: After which batches under way are left alone; asking again goes on with them. None: without end
            (a batch has its own: a day).
    """

    first_look: float = 5.0
    longest_look: float = 60.0
    settle: float = 60.0
    patience: float | None = None


@dataclass(frozen=True)
class Progress:
    """How a batch stands. Providers tell no counts before its end.

    Attributes:
        batch: The provider's name for it; None: it is not known whether it arrived.
        requests: How many requests it holds.
        seconds: Since it was sent.
        ended: Whether its results are there.
    """

    batch: str | None
    requests: int
    seconds: float
    ended: bool


Tell = Callable[[Progress], None]
