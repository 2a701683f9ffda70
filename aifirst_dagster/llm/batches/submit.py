"""Requests into a batch: written down, reserved under every cap, sent; in this order, so that nothing is forgotten."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aifirst_dagster.llm.batches.task import Task
from aifirst_dagster.llm.batches.watch import AT_WORK
from aifirst_dagster.llm.batches.wire import BatchApi, InDoubtError
from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.gateway.budget import caps, refused
from aifirst_dagster.llm.gateway.estimate import most_usd
from aifirst_dagster.llm.gateway.job import fingerprint
from aifirst_dagster.llm.gateway.ledger import answer_of
from aifirst_dagster.llm.gateway.retry import retrying
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import LLMResponse
from aifirst_dagster.observe.redact import redact
from aifirst_dagster.state.batches import Batch, new_name
from aifirst_dagster.state.ids import new_id

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State
    from aifirst_dagster.state.ledger import Cap, NewCall, Reserved


@dataclass
class Submission:
    """Sends batches of a resource.

    Attributes:
        endpoint: The address that the resource leads to.
        outcomes: Tasks that need not, or must not, be sent: known answers, refusals of a cap, a batch that was refused.
        sent: Batches sent, or tried to.
    """

    api: BatchApi
    state: State
    spec: LLMResourceSpec
    endpoint: str
    outcomes: dict[str, LLMResponse | LLMError] = field(default_factory=dict)
    sent: int = 0

    async def submit(self, tasks: Sequence[Task]) -> str | None:
        """Send the tasks as one batch.

        Returns:
            Our name for the batch that is under way, or that may be; None: there is none.
        """
        name = new_name()
        AT_WORK.add(name)
        try:
            return await self._submit(name, tasks)
        finally:
            AT_WORK.discard(name)

    async def _submit(self, name: str, tasks: Sequence[Task]) -> str | None:
        keys = [task.key for task in tasks]
        begin = self.state.batches.begin
        begun = await asyncio.to_thread(begin, name, self.spec.name, self.spec.provider, self.endpoint, keys)
        if begun is None:
            return None
        batch, names = begun
        rows: dict[str, str] = {}
        try:
            await self._reserve(batch, dict(zip(names, tasks, strict=True)), rows)
            await asyncio.to_thread(self.state.batches.reserve, batch, rows)
        except BaseException as error:
            void(self.state, batch, f"stopped before it was sent: {type(error).__name__}")
            raise
        chosen = [(name, task) for name, task in zip(names, tasks, strict=True) if name in rows]
        if not chosen:
            await asyncio.to_thread(self.state.batches.forget, batch.id)
            return None
        self.sent += 1
        return await self._send(batch, chosen)

    async def _reserve(self, batch: Batch, tasks: dict[str, Task], rows: dict[str, str]) -> None:
        """A ledger row for each task, into `rows`; what is known or refused goes into the outcomes."""
        ledger = self.state.ledger
        queued = [
            (name, task, ledger.submit_reserve(_call(task, self.spec, batch.id), self._caps(task), self._since(task)))
            for name, task in tasks.items()
        ]
        for name, task, future in queued:
            result: Reserved = await asyncio.wrap_future(future)
            await self._reserved(name, task, batch, rows, result)

    async def _reserved(self, name: str, task: Task, batch: Batch, rows: dict[str, str], result: Reserved) -> None:
        from aifirst_dagster.state.ledger import Known, Overrun

        if isinstance(result, str):
            rows[name] = result
        elif isinstance(result, Overrun):
            most = most_usd(task.prepared, task.model)
            self.outcomes[task.key] = refused(result, most, task.request.metadata, self.spec.name)
        elif isinstance(result, Known):
            try:
                self.outcomes[task.key] = task.known(answer_of(result.row))
            except LLMError:
                # Written by another version of what is asked for: no answer to this.
                again = self.state.ledger.submit_reserve(_call(task, self.spec, batch.id), self._caps(task))
                await self._reserved(name, task, batch, rows, await asyncio.wrap_future(again))
        # Else somebody is asking the same just now: its answer will be known soon.

    async def _send(self, batch: Batch, tasks: list[tuple[str, Task]]) -> str | None:
        move = self.state.batches.move
        await asyncio.to_thread(move, batch.id, "sending", sent_at=datetime.now(UTC))
        body = [(name, task.prepared) for name, task in tasks]
        try:
            provider_id = await retrying(self.spec.retry, lambda: self.api.create(body), math.inf)
        except InDoubtError:
            return batch.id
        except LLMError as error:
            await asyncio.to_thread(void, self.state, batch, redact(error.message)[:2000], error.kind)
            self.outcomes |= {task.key: error for _, task in tasks}
            return None
        # Not in a thread: between the answer and this line nothing may come.
        move(batch.id, "sent", provider_id=provider_id)
        return batch.id

    def _caps(self, task: Task) -> list[Cap]:
        return caps(self.spec, task.request.metadata)

    def _since(self, task: Task) -> datetime | None:
        if not self.spec.cache.enabled or task.request.fresh:
            return None
        return datetime.now(UTC) - timedelta(days=self.spec.cache.days)


def void(state: State, batch: Batch, error: str, kind: str = "unavailable") -> None:
    """The batch never came into being: it costs nothing."""
    state.ledger.drain()
    for row in state.batches.reserved(batch.id):
        state.ledger.submit_finish(row, {"status": "failed", "cost_usd": 0.0, "failure": kind, "error": error})
    state.ledger.drain()
    state.batches.move(batch.id, "void", error=error, ended_at=datetime.now(UTC))


def _call(task: Task, spec: LLMResourceSpec, batch_id: str) -> NewCall:
    from aifirst_dagster.llm.gateway.estimate import likely_usd
    from aifirst_dagster.state.ledger import NewCall

    who, call_id = task.request.metadata, new_id()
    return NewCall(
        call_id=call_id,
        attempt=1,
        run_id=who.run_id or call_id,
        resource=spec.name,
        provider=spec.provider,
        model=task.model.name,
        fingerprint=fingerprint(task.prepared, spec),
        reserved_usd=most_usd(task.prepared, task.model),
        pipeline=who.pipeline,
        step=who.step,
        task=who.task,
        key=task.key if spec.cache.enabled else None,
        backfill=who.backfill,
        estimated_usd=likely_usd(task.prepared, task.request, task.model),
        batch_id=batch_id,
    )
