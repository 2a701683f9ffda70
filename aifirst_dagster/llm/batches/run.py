"""`BatchRun`: many requests as message batches, from asking to answers, whatever happens in between."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm import catalogue
from aifirst_dagster.llm.batches.collect import Collector
from aifirst_dagster.llm.batches.find import LostError, find
from aifirst_dagster.llm.batches.split import split
from aifirst_dagster.llm.batches.submit import Submission, void
from aifirst_dagster.llm.batches.task import Pace, Task, Tell
from aifirst_dagster.llm.batches.watch import AT_WORK, Watch
from aifirst_dagster.llm.batches.wire import BatchApi, BatchProvider, GoneError, Limits, size
from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import LLMError, RejectedError, UnavailableError
from aifirst_dagster.llm.gateway.cache import Answers, answers_of, key_of
from aifirst_dagster.llm.gateway.call import resolve_model
from aifirst_dagster.llm.gateway.ledger import answer_of
from aifirst_dagster.llm.providers.base import Provider
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import LLMRequest, LLMResponse, Usage
from aifirst_dagster.project import Project
from aifirst_dagster.state.batches import Batch
from aifirst_dagster.state.ledger import UNDER_WAY

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

Outcome = LLMResponse | LLMError
_log = logging.getLogger(__name__)


class BatchRun:
    """Asks many requests at once, at the price of batches; each is a row of the ledger like any other call.

    Args:
        spec: The resource: model, caps, retries.
        provider: The connection made from it.
        project: Where the catalogue, the cache and the spool lie.
        open_state: Opens the state database.
        pace: How long to wait for what.
        tell: Hears how each batch stands.
        limits: What one batch may hold, where that is to be less than the API allows.

    Raises:
        RejectedError: The provider has no message batches.
    """

    def __init__(
        self,
        spec: LLMResourceSpec,
        provider: Provider,
        project: Project,
        open_state: Callable[[], Awaitable[State]],
        *,
        pace: Pace | None = None,
        tell: Tell | None = None,
        limits: Limits | None = None,
    ) -> None:
        if not isinstance(provider, BatchProvider):
            raise RejectedError(
                f"{spec.provider} has no message batches here.", hint="Ask one by one (`LLM.map`), or name claude."
            )
        provider.require()
        self._spec, self._provider, self._project, self._open_state = spec, provider, project, open_state
        self._api: BatchApi = provider.batches()
        self._limits = limits or self._api.limits
        self._pace, self._tell = pace or Pace(), tell or (lambda _: None)
        base = spec.base_url if isinstance(spec.base_url, str | None) else spec.base_url.read()
        self._endpoint = base or ""

    async def ask(self, requests: Iterable[LLMRequest]) -> list[Outcome]:
        """Ask for all of them; identical ones once.

        Whatever interrupts it (Ctrl-C, a crash, `Pace.patience`): asked for the same again, it goes on with the
        batches under way and fetches their answers; nothing is sent twice.

        Returns:
            For each request, in order, its answer or why there is none. Answers that do not validate are failures:
            a batch has no rounds of feedback.
        """
        asked = list(requests)
        prepared = [self._task(request) for request in asked]
        tasks = {task.key: task for task in prepared if isinstance(task, Task)}
        state = await self._open_state()
        outcomes: dict[str, Outcome] = {}
        until = math.inf if self._pace.patience is None else asyncio.get_running_loop().time() + self._pace.patience
        sent = 0
        while left := [task for key, task in tasks.items() if key not in outcomes]:
            outcomes |= await self._known(left)
            left = [task for task in left if task.key not in outcomes]
            found, batches = await self._round(state, left, until, may_send=sent < self._spec.retry.attempts)
            outcomes, sent = outcomes | found, sent + batches
            if any(task.key not in outcomes for task in left):
                await asyncio.sleep(min(1.0, self._pace.first_look))
        return _in_order(prepared, outcomes)

    def _task(self, request: LLMRequest) -> Task | LLMError:
        try:
            model, notice = resolve_model(request.model, self._spec, self._project)
            model = model.in_batches()
            prepared = self._provider.prepare(request, model)
        except LLMError as error:
            return error
        key = key_of(prepared, self._spec, request)
        length = size("x" * 64, dict(prepared.body))
        return Task(key, request, prepared, model, self._spec.provider, length, (notice,) if notice else ())

    async def _known(self, tasks: Sequence[Task]) -> dict[str, Outcome]:
        """Answers that the cache has; the ledger is asked when a row is reserved."""
        found: dict[str, Outcome] = {}
        answers = self._answers()
        for task in tasks if answers else ():
            answer = await answers.get(task.key) if answers and not task.request.fresh else None
            if answer is not None:
                try:
                    found[task.key] = task.known(answer)
                except LLMError:
                    continue
        return found

    async def _round(
        self, state: State, tasks: Sequence[Task], until: float, may_send: bool
    ) -> tuple[dict[str, Outcome], int]:
        """Go on with the batches under way that hold these tasks, send the others, and wait for all.

        Returns:
            What came out, and whether anything was sent (1) or not (0).
        """
        keys = [task.key for task in tasks]
        held = await asyncio.to_thread(state.batches.holding, self._spec.provider, self._endpoint, keys)
        submission = Submission(self._api, state, self._spec, self._endpoint)
        under_way = set(held.values())
        fresh = [task for task in tasks if task.key not in held]
        outcomes: dict[str, Outcome] = {}
        if not may_send:
            error = UnavailableError("The batch did not get through.", retryable=True, hint="Try again later.")
            outcomes, fresh = dict.fromkeys((task.key for task in fresh), error), []
        for some in split(fresh, [task.size for task in fresh], self._limits):
            name = await submission.submit(some)
            under_way |= {name} if name else set()
        ended = await asyncio.gather(*(self._through(state, name, tasks, until) for name in sorted(under_way)))
        for found in (submission.outcomes, *ended):
            outcomes |= found
        return outcomes, int(submission.sent > 0)

    async def _through(self, state: State, name: str, tasks: Sequence[Task], until: float) -> dict[str, Outcome]:
        """One batch to its end; the outcomes of those tasks that are in it, unless they must be asked again."""
        watch = Watch(self._api, state.batches, self._spec.retry, self._pace, self._tell, until)
        while True:
            batch = await asyncio.to_thread(state.batches.look, name)
            if batch is None or batch.state not in UNDER_WAY:
                return await asyncio.to_thread(self._settled, state, name, tasks)
            if name not in AT_WORK:
                AT_WORK.add(name)
                try:
                    # Looked at again: whoever was at work a moment ago may have sent it since.
                    batch = await asyncio.to_thread(state.batches.look, name)
                    if batch and batch.state in UNDER_WAY and await asyncio.to_thread(state.batches.claim, batch):
                        return await self._to_its_end(state, watch, batch, tasks)
                finally:
                    AT_WORK.discard(name)
            await asyncio.sleep(min(1.0, self._pace.first_look))

    async def _to_its_end(self, state: State, watch: Watch, batch: Batch, tasks: Sequence[Task]) -> dict[str, Outcome]:
        answers = self._answers()
        wanted = {task.key: task for task in tasks}
        collector = Collector(self._api, state, self._project.home, self._spec.retry, wanted, self._model, answers)
        try:
            provider_id = await self._provider_id(state, watch, batch)
            if provider_id is None:
                return {}
            await watch.ended(batch, provider_id)
            await collector.collect(batch, provider_id)
        except (LostError, GoneError) as error:
            await asyncio.to_thread(_lost, state, batch, str(error))
        except LLMError as error:
            # Not now: the batch stays under way, and with it what is reserved for each request.
            members = {key for _, key, _ in await asyncio.to_thread(state.batches.members, batch.id)}
            return {task.key: error for task in tasks if task.key in members} | collector.outcomes
        else:
            move = state.batches.move
            await asyncio.to_thread(move, batch.id, "collected", ended_at=datetime.now(UTC))
        before = await asyncio.to_thread(self._settled, state, batch.id, tasks)
        return before | collector.outcomes

    async def _provider_id(self, state: State, watch: Watch, batch: Batch) -> str | None:
        """Where the batch is; None: nowhere, and nothing was paid for it."""
        if batch.state == "sent":
            return batch.provider_id
        found = await find(watch, batch) if batch.state == "sending" else None
        if found is None:
            await asyncio.to_thread(void, state, batch, "The batch never arrived; it is not paid for.")
            return None
        await asyncio.to_thread(state.batches.move, batch.id, "sent", provider_id=found)
        return found

    def _settled(self, state: State, name: str, tasks: Sequence[Task]) -> dict[str, Outcome]:
        """What the ledger says of the tasks of a batch; tasks of one that never arrived are left out."""
        rows = state.batches.outcomes(name)
        batch = state.batches.look(name)
        if batch is None or batch.state == "void":
            return {}
        found: dict[str, Outcome] = {}
        for task in tasks:
            row = rows.get(task.key)
            if row is None:
                continue
            if row["status"] == "settled":
                try:
                    found[task.key] = task.known(answer_of(row))
                except LLMError as error:
                    found[task.key] = error
            else:
                doubt = row["status"] == "unknown"
                found[task.key] = UnavailableError(
                    row["error"] or "The request failed within its batch.", billed="unknown" if doubt else "no"
                )
        return found

    def _model(self, name: str) -> Model:
        try:
            return catalogue.load(self._project).models[name].in_batches()
        except KeyError:
            raise ConfigError(
                f"A batch was sent to {name}, which is no longer in the catalogue.",
                hint="Put it back into resources/llm/models.yaml: its price is needed.",
            ) from None

    def _answers(self) -> Answers | None:
        return answers_of(self._project, self._spec.cache) if self._spec.cache.enabled else None


def _lost(state: State, batch: Batch, detail: str) -> None:
    """Nobody can say what became of the batch: its reservations stand."""
    error = f"What became of the batch is not known; it may have been billed. {detail}".strip()
    _log.warning("Batch %s: %s", batch.id, error)
    for _, _, row in state.batches.members(batch.id):
        state.ledger.submit_finish(row, {"status": "unknown", "failure": "unavailable", "error": error})
    state.ledger.drain()
    state.batches.move(batch.id, "lost", error=error, ended_at=datetime.now(UTC))


def _in_order(prepared: Sequence[Task | LLMError], outcomes: dict[str, Outcome]) -> list[Outcome]:
    """The outcome of each request; of identical ones the first has the bill."""
    billed: set[str] = set()
    ordered: list[Outcome] = []
    for task in prepared:
        outcome = task if isinstance(task, LLMError) else outcomes[task.key]
        if isinstance(task, Task) and task.key in billed and isinstance(outcome, LLMResponse):
            mine = Usage(cache_hits=1, models=(task.model.name,))
            outcome = outcome.model_copy(update={"usage": mine, "cache": "shared", "attempts": 0})
        elif isinstance(task, Task):
            billed.add(task.key)
        ordered.append(outcome)
    return ordered
