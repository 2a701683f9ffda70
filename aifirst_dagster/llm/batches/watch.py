"""Waiting for a batch to end: patient with its provider's troubles, and seen to be at it."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from aifirst_dagster.llm.batches.task import Pace, Progress, Tell
from aifirst_dagster.llm.batches.wire import BatchApi, Status
from aifirst_dagster.llm.failures import UnavailableError
from aifirst_dagster.llm.gateway.retry import retrying
from aifirst_dagster.llm.resource import RetryPolicy
from aifirst_dagster.state.batches import Batch, Batches

#: Batches that a task of this process is at work on; another one with the same requests waits for it.
AT_WORK: set[str] = set()


class OutOfPatienceError(UnavailableError):
    """The batch goes on; nobody waits for it."""


@dataclass(frozen=True)
class Watch:
    """Looks at batches until they have ended.

    Attributes:
        until: The event loop's time at which patience ends.
    """

    api: BatchApi
    batches: Batches
    retry: RetryPolicy
    pace: Pace
    tell: Tell
    until: float = math.inf

    async def ended(self, batch: Batch, provider_id: str) -> Status:
        """Wait for the end.

        Raises:
            OutOfPatienceError: It takes longer than we may wait.
            GoneError: The provider does not know it.
            LLMError: The provider could not be asked.
        """
        wait = self.pace.first_look
        while True:
            status = await retrying(self.retry, lambda: self.api.look(provider_id), math.inf)
            since = datetime.now(UTC) - (batch.sent_at or batch.created_at)
            self.tell(Progress(provider_id, batch.requests, since.total_seconds(), status.ended))
            if status.ended:
                return status
            await self.rest(batch, wait)
            wait = min(self.pace.longest_look, wait * 1.5)

    async def rest(self, batch: Batch, seconds: float) -> None:
        """Sleep, and say that somebody is here.

        Raises:
            OutOfPatienceError: There is no time left.
        """
        left = self.until - asyncio.get_running_loop().time()
        if left <= 0:
            raise OutOfPatienceError(
                f"The batch of {batch.requests} requests that was sent at {batch.sent_at:%Y-%m-%d %H:%M} UTC is still "
                "being worked on.",
                hint="Ask for the same again: it is not sent twice, its answers are fetched once they are there.",
                retryable=True,
                billed="unknown",
            )
        await asyncio.to_thread(self.batches.attend, batch.id)
        await asyncio.sleep(min(seconds, max(0.01, left)))
