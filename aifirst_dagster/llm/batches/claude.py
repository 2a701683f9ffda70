"""Claude's message batches through Anthropic's SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.batches.wire import GoneError, InDoubtError, Limits, Status
from aifirst_dagster.llm.failures import LLMError, RejectedError, UnavailableError
from aifirst_dagster.llm.types import Answer, ToolSpec
from aifirst_dagster.observe.redact import redact

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types.messages import MessageBatch, MessageBatchResult

    from aifirst_dagster.llm.providers.base import Prepared

#: Of the API (batch processing guide, August 2026); some bytes are left for the braces around.
LIMITS = Limits(requests=100_000, bytes=255_000_000)
#: Errors of a single request that may not meet it a second time.
_PASSING = {"api_error", "overloaded_error", "rate_limit_error", "timeout_error"}
_PAGE = 100


class ClaudeBatches:
    """See `BatchApi`.

    Args:
        client: Gives the running loop's client.
        key: The variable that holds the key; for messages.
    """

    limits = LIMITS

    def __init__(self, client: Callable[[], AsyncAnthropic], key: str) -> None:
        self._client, self._key = client, key

    async def create(self, requests: Sequence[tuple[str, Prepared]]) -> str:
        """See `BatchApi.create`."""
        from aifirst_dagster.llm.providers.claude_errors import translated

        body: Any = [{"custom_id": custom_id, "params": dict(prepared.body)} for custom_id, prepared in requests]
        try:
            with translated(self._key):
                return (await self._client().messages.batches.create(requests=body)).id
        except LLMError as error:
            if _in_doubt(error):
                raise InDoubtError(error) from error
            raise

    async def look(self, batch: str) -> Status:
        """See `BatchApi.look`."""
        from aifirst_dagster.llm.providers.claude_errors import translated

        try:
            with translated(self._key):
                return _status(await self._client().messages.batches.retrieve(batch))
        except RejectedError as error:
            raise GoneError(f"Claude knows no batch {batch}: {error.message}") from error

    async def since(self, moment: datetime) -> AsyncIterator[Status]:
        """See `BatchApi.since`."""
        from aifirst_dagster.llm.providers.claude_errors import translated

        with translated(self._key):
            async for batch in self._client().messages.batches.list(limit=_PAGE):
                if batch.created_at < moment:
                    return
                yield _status(batch)

    async def results(
        self, batch: str, tools: Callable[[str], Iterable[ToolSpec]]
    ) -> AsyncIterator[tuple[str, Answer | LLMError]]:
        """See `BatchApi.results`."""
        from aifirst_dagster.llm.providers.claude_errors import translated

        if not (await self.look(batch)).results:
            raise GoneError(f"Claude no longer has the results of the batch {batch}.")
        with translated(self._key):
            async for line in await self._client().messages.batches.results(batch):
                yield line.custom_id, _outcome(line.result, tools(line.custom_id))

    async def cancel(self, batch: str) -> None:
        """See `BatchApi.cancel`."""
        from aifirst_dagster.llm.providers.claude_errors import translated

        with translated(self._key):
            await self._client().messages.batches.cancel(batch)


def _status(batch: MessageBatch) -> Status:
    counts = batch.request_counts
    total = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
    return Status(batch.id, total, batch.created_at, batch.processing_status == "ended", batch.results_url is not None)


def _outcome(result: MessageBatchResult, tools: Iterable[ToolSpec]) -> Answer | LLMError:
    from aifirst_dagster.llm.providers.claude_wire import answer

    if result.type == "succeeded":
        try:
            return answer(result.message, tuple(tools), None, ())
        except LLMError as error:
            return error
    if result.type == "errored":
        why = result.error.error
        said = f"Claude could not work on the request ({redact(f'{why.type}: {why.message}')[:500]})."
        if why.type in _PASSING:
            return UnavailableError(said, retryable=True, request_id=result.error.request_id)
        return RejectedError(said, request_id=result.error.request_id)
    if result.type == "canceled":
        return UnavailableError("The batch was canceled before this request was worked on.", hint="Ask again.")
    return UnavailableError("The batch expired before this request was worked on.", retryable=True, hint="Ask again.")


def _in_doubt(error: LLMError) -> bool:
    """Whether the batch may have come into being all the same: any answer but a plain refusal leaves that open."""
    import anthropic

    cause = error.__cause__
    if isinstance(cause, anthropic.APIStatusError):
        return cause.status_code >= 500 or cause.status_code in (200, 408, 409)
    return error.billed != "no"
