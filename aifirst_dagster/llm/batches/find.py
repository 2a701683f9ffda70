"""A batch that may have arrived: whoever sent it was killed, or the answer was lost. Is it there?

Batches have no name of ours that their list would show; but the custom ids of their results begin with it.
"""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta

from aifirst_dagster.llm.batches.task import Progress
from aifirst_dagster.llm.batches.watch import Watch
from aifirst_dagster.llm.batches.wire import GoneError, Status
from aifirst_dagster.llm.gateway.retry import retrying
from aifirst_dagster.state.batches import Batch

#: How far the provider's clock and ours may be apart.
SKEW = timedelta(minutes=10)


class LostError(Exception):
    """It cannot be told whether the batch was worked on."""


async def find(watch: Watch, batch: Batch) -> str | None:
    """The provider's name for a batch whose submission ended in doubt; None: it never arrived.

    Waits until every batch that may be it has ended: only its results tell.

    Raises:
        LostError: One that may be it has no results any more.
        OutOfPatienceError, LLMError: Not now.
    """
    sent = batch.sent_at or batch.created_at
    seen: set[str] = set()
    doubt = False
    while True:
        settled = datetime.now(UTC) > sent + timedelta(seconds=watch.pace.settle)
        for status in await _candidates(watch, batch, sent):
            if status.id in seen:
                continue
            seen.add(status.id)
            await watch.ended(batch, status.id)
            owner = await _owner(watch, status.id)
            if owner == batch.id:
                return status.id
            doubt = doubt or owner is None
        if settled:
            break
        watch.tell(Progress(None, batch.requests, (datetime.now(UTC) - sent).total_seconds(), False))
        await watch.rest(batch, min(watch.pace.first_look, watch.pace.settle))
    if doubt:
        raise LostError
    return None


async def _candidates(watch: Watch, batch: Batch, sent: datetime) -> list[Status]:
    async def listed() -> list[Status]:
        return [
            status
            async for status in watch.api.since(sent - SKEW)
            if status.requests == batch.requests and status.created <= sent + SKEW
        ]

    known = await asyncio.to_thread(watch.batches.provider_ids, batch.endpoint)
    found = await retrying(watch.retry, listed, math.inf)
    return sorted((one for one in found if one.id not in known), key=lambda one: abs(one.created - sent))


async def _owner(watch: Watch, provider_id: str) -> str | None:
    """What the custom ids of a batch begin with; None where its results are gone."""

    async def first() -> str:
        async for custom_id, _ in watch.api.results(provider_id, lambda _: ()):
            return custom_id.rpartition("-")[0]
        return ""

    try:
        return await retrying(watch.retry, first, math.inf)
    except GoneError:
        return None
