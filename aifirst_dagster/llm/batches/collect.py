"""A batch's results into the ledger: each request's row is settled, failed or unknown, whatever became of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.batches.task import Task
from aifirst_dagster.llm.batches.wire import BatchApi
from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import LLMError, UnavailableError
from aifirst_dagster.llm.gateway.cache import Answers
from aifirst_dagster.llm.gateway.ledger import Entry
from aifirst_dagster.llm.gateway.retry import retrying
from aifirst_dagster.llm.gateway.validation import judged
from aifirst_dagster.llm.resource import RetryPolicy
from aifirst_dagster.llm.types import Answer, LLMRequest, LLMResponse, ToolSpec
from aifirst_dagster.state.batches import Batch

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

#: Rows written together.
_AT_ONCE = 500
#: Judges an answer that nobody here asked for: it came to its end and says something.
_ANYONE = LLMRequest(messages="?")
_OPEN = ("pending", "unknown")


@dataclass
class Collector:
    """Fetches the results of one batch.

    Attributes:
        tasks: What the caller asks for, by key; a batch may hold other requests too, of a caller that is gone.
        models: Models at the prices of batches, by name.
        answers: The response cache; None: it is off.
        outcomes: What became of the caller's tasks.
    """

    api: BatchApi
    state: State
    home: Path
    retry: RetryPolicy
    tasks: Mapping[str, Task]
    model: Any
    answers: Answers | None
    outcomes: dict[str, LLMResponse | LLMError] = field(default_factory=dict)

    async def collect(self, batch: Batch, provider_id: str) -> None:
        """Fetch every result and write it down; what is missing in the end is `unknown`.

        Raises:
            GoneError: The results are no longer there.
            LLMError: The provider could not be asked.
        """
        rows = await asyncio.to_thread(self.state.batches.outcomes, batch.id)
        members = await asyncio.to_thread(self.state.batches.members, batch.id)
        waiting = {custom_id: (key, rows[key]) for custom_id, key, _ in members if rows[key]["status"] in _OPEN}

        async def read() -> None:
            await self._read(provider_id, waiting)
            if waiting:
                raise _incomplete(len(waiting))

        try:
            await retrying(self.retry, read, math.inf)
        except _IncompleteError as error:
            await self._missing(waiting.values(), error)

    async def _read(self, provider_id: str, waiting: dict[str, tuple[str, dict[str, Any]]]) -> None:
        """Read the results once; what is written down is no longer `waiting`."""

        def tools(custom_id: str) -> Iterable[ToolSpec]:
            task = self.tasks.get(waiting[custom_id][0]) if custom_id in waiting else None
            return task.prepared.tools if task else ()

        some: dict[str, Answer | LLMError] = {}

        async def write() -> None:
            await asyncio.gather(*(self._take(*waiting[custom_id], outcome) for custom_id, outcome in some.items()))
            for custom_id in some:
                del waiting[custom_id]
            some.clear()

        try:
            async for custom_id, outcome in self.api.results(provider_id, tools):
                if custom_id in waiting:
                    some[custom_id] = outcome
                if len(some) == _AT_ONCE:
                    await write()
        finally:
            # Also of results that break off: what came is paid for.
            await write()

    async def _take(self, key: str, row: dict[str, Any], outcome: Answer | LLMError) -> None:
        entry, task = self._entry(row), self.tasks.get(key)
        if isinstance(outcome, LLMError):
            await self._failed(key, entry, outcome, None)
            return
        try:
            judged(outcome, task.request if task else _ANYONE)
        except LLMError as error:
            await self._failed(key, entry, error, outcome)
            return
        usage = await entry.settle(outcome)
        if task is not None:
            self.outcomes[key] = task.response(outcome, usage, "miss" if self.answers else "off")
        if self.answers is not None:
            await self.answers.put(key, outcome)

    async def _failed(self, key: str, entry: Entry, error: LLMError, answer: Answer | None) -> None:
        error.usage, error.attempts = await entry.fail(error, answer), 1
        self.outcomes[key] = error

    async def _missing(self, left: Iterable[tuple[str, dict[str, Any]]], error: LLMError) -> None:
        await asyncio.gather(*(self._failed(key, self._entry(row), _copy(error), None) for key, row in left))

    def _entry(self, row: dict[str, Any]) -> Entry:
        model: Model = self.model(row["model"])
        return Entry(self.state.ledger, self.home, row["id"], model, row["reserved_usd"], repeats=False)


class _IncompleteError(UnavailableError):
    """The results end before their end."""


def _incomplete(missing: int) -> _IncompleteError:
    return _IncompleteError(
        f"The batch's results lack {missing} of its requests.", retryable=True, billed="unknown", hint="Ask again."
    )


def _copy(error: LLMError) -> UnavailableError:
    return UnavailableError(error.message, retryable=True, billed="unknown", hint=error.hint)
