"""What callers hold: `LLM.call(request)` over one resource or a chain of them, with everything it took added up."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.garbage import seldom_collected
from aifirst_dagster.llm.failures import AuthError, LLMError, RejectedError, UnavailableError
from aifirst_dagster.llm.providers.base import Provider
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import CallContext, LLMRequest, LLMResponse, Usage
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.llm.batches.task import Pace, Tell
    from aifirst_dagster.llm.batches.wire import Limits
    from aifirst_dagster.llm.preview import Preview
    from aifirst_dagster.state.database import State

#: Calls of a crowd that are begun at first; twice as many in each wave after it.
WAVE = 50
#: What a request has where nobody is named: the very object, so that most need no look at it.
_NOBODY: CallContext = LLMRequest.model_fields["metadata"].default


@dataclass(frozen=True)
class Route:
    """A resource and the connection made from it."""

    spec: LLMResourceSpec
    provider: Provider


class LLM:
    """A chain of resources (mostly one). Safe to share between threads.

    Attributes:
        name: The resource that was asked for.
        run_id: What the budget's cap counts over.
    """

    def __init__(
        self,
        name: str,
        routes: Sequence[Route],
        *,
        project: Project,
        run_id: str | None = None,
        pipeline: str | None = None,
        backfill: str | None = None,
        state: State | None = None,
    ) -> None:
        self.name, self.run_id = name, run_id or f"local-{uuid.uuid4()}"
        self._routes, self._project, self._state = tuple(routes), project, state
        self._own = CallContext(run_id=self.run_id, pipeline=pipeline, backfill=backfill)
        self._usage, self._lock, self._opening = Usage.none(), threading.Lock(), threading.Lock()

    @property
    def available(self) -> bool:
        """Whether any model is configured. False: every call raises `NoModelError` or `AuthError`."""
        return any(route.provider.available for route in self._routes)

    @property
    def provider(self) -> str:
        """The provider that a call would go to first (`claude`, ...), or `offline`."""
        ready = [route.spec.provider for route in self._routes if route.provider.available]
        return ready[0] if ready else "offline"

    @property
    def model(self) -> str | None:
        """Id of the model that a call would use where the request names none; None when offline."""
        from aifirst_dagster.llm.gateway.call import resolve_model

        ready = [route for route in self._routes if route.provider.available]
        return resolve_model(None, ready[0].spec, self._project)[0].name if ready else None

    @property
    def asked(self) -> str | None:
        """Who is asked, key or no key: the first resource's model, else its name; None: offline was chosen."""
        named = [route.spec for route in self._routes if route.spec.provider != "offline"]
        return (named[0].model or named[0].name) if named else None

    @property
    def settings(self) -> LLMResourceSpec | None:
        """The resource that is asked first, key or no key; None: offline was chosen."""
        return next((route.spec for route in self._routes if route.spec.provider != "offline"), None)

    def preview(self, request: LLMRequest) -> Preview | None:
        """The request as it would be sent, and its cost; nothing is sent, no key is needed. None: offline was chosen.

        Raises:
            RejectedError: The model cannot serve it.
            ConfigError: There is no such model.
        """
        from aifirst_dagster.llm.preview import preview

        request = request.model_copy(update={"metadata": self._context(request.metadata)})
        for route in self._routes:
            if route.spec.provider != "offline":
                return preview(request, route.spec, route.provider, self._project)
        return None

    async def amost_usd(self, request: LLMRequest, room: float) -> float:
        """The most that the request can cost at the resource that is asked first.

        Args:
            request: What would be sent.
            room: Where the bound by its bytes is above this, the provider is asked to count its tokens.

        Raises:
            RejectedError, ConfigError: As `preview`.
        """
        from aifirst_dagster.llm.preview import most_usd

        request = request.model_copy(update={"metadata": self._context(request.metadata)})
        for route in self._routes:
            if route.spec.provider != "offline":
                return await most_usd(request, route.spec, route.provider, self._project, room)
        return 0.0

    def state(self) -> State:
        """The state database that holds the ledger; opened at the first use."""
        return self._opened()

    @property
    def usage(self) -> Usage:
        """Everything that calls through this LLM took so far, failed ones included."""
        return self._usage

    def call(self, request: LLMRequest) -> LLMResponse:
        """Ask and wait; see `acall`. Ctrl-C cancels the request, which the ledger then holds as `unknown`."""
        from aifirst_dagster.llm.gateway.loop import run

        return run(self.acall(request))

    def map(self, requests: Iterable[LLMRequest], concurrency: int = 8) -> list[LLMResponse | LLMError]:
        """Ask for all of them, `concurrency` at a time; see `amap`."""
        from aifirst_dagster.llm.gateway.loop import run

        return run(self.amap(requests, concurrency))

    async def amap(self, requests: Iterable[LLMRequest], concurrency: int = 8) -> list[LLMResponse | LLMError]:
        """Ask for all of them, `concurrency` at a time.

        Returns:
            For each request, in order, its response or its failure. Errors that are no `LLMError` are raised.
        """
        import asyncio

        waiting = list(enumerate(requests))[::-1]
        answers: list[LLMResponse | LLMError | None] = [None] * len(waiting)

        async def work() -> None:
            while waiting:
                index, request = waiting.pop()
                try:
                    answers[index] = await self.acall(request)
                except LLMError as error:
                    answers[index] = error

        with seldom_collected():
            async with asyncio.TaskGroup() as group:
                left, wave = min(concurrency, len(waiting)), WAVE
                while left > 0:
                    for _ in range(min(wave, left)):
                        group.create_task(work())
                    # The first are on their way while the others are made ready; and the last do not have to wait
                    # until the answers to the first are dealt with.
                    await asyncio.sleep(0)
                    left, wave = left - wave, wave * 2
        return [answer for answer in answers if answer is not None]

    def batch(
        self,
        requests: Iterable[LLMRequest],
        *,
        pace: Pace | None = None,
        tell: Tell | None = None,
        limits: Limits | None = None,
    ) -> list[LLMResponse | LLMError]:
        """Ask for all of them as message batches: half the price, answers within a day; see `abatch`."""
        from aifirst_dagster.llm.gateway.loop import run

        return run(self.abatch(requests, pace=pace, tell=tell, limits=limits))

    async def abatch(
        self,
        requests: Iterable[LLMRequest],
        *,
        pace: Pace | None = None,
        tell: Tell | None = None,
        limits: Limits | None = None,
    ) -> list[LLMResponse | LLMError]:
        """Ask for all of them as message batches of the first resource; see `batches.run.BatchRun.ask`.

        Args:
            requests: What is asked.
            pace: How long to wait for what.
            tell: Hears how each batch stands.
            limits: What one batch may hold, where that is to be less than the API allows.

        Raises:
            NoModelError: Offline.
            AuthError: The key is missing.
            RejectedError: The resource's provider has no message batches.
        """
        from aifirst_dagster.llm.batches.run import BatchRun
        from aifirst_dagster.llm.providers.offline import no_model

        route = next((route for route in self._routes if route.spec.provider != "offline"), None)
        if route is None:
            raise no_model()
        batches = BatchRun(route.spec, route.provider, self._project, self._open, pace=pace, tell=tell, limits=limits)
        asked = [request.model_copy(update={"metadata": self._context(request.metadata)}) for request in requests]
        outcomes = await batches.ask(asked)
        for outcome in outcomes:
            self._add(outcome.usage)
        return outcomes

    async def acall(self, request: LLMRequest) -> LLMResponse:
        """Ask; the answer satisfies `request.output`.

        Raises:
            NoModelError: Offline: the deterministic engine's turn.
            AuthError: A resource was named whose key is missing or not accepted.
            LLMError: Every other failure, by kind; `usage` says what it took all the same.
            ConfigError: The model named does not exist.
        """
        from aifirst_dagster.llm.providers.offline import no_model

        request = request.model_copy(update={"metadata": self._context(request.metadata)})
        failed: LLMError | None = None
        notices: tuple[str, ...] = ()
        for route in self._routes:
            if route.spec.provider == "offline":
                continue
            try:
                response = await self._through(route, request)
            except (UnavailableError, AuthError, RejectedError) as error:
                # The next resource of the chain may serve; that it is another one must be seen.
                failed = error
                notices += (f"{route.spec.name} did not serve: {error.message}",)
                self._add(error.usage)
            except LLMError as error:
                self._add(error.usage)
                raise
            else:
                self._add(response.usage)
                return response.model_copy(update={"notices": (*notices, *response.notices)}) if notices else response
        if failed and notices[1:]:
            failed.hint = " ".join([failed.hint, *(f"Before that, {notice}" for notice in notices[:-1])]).strip()
        raise failed or no_model()

    async def _through(self, route: Route, request: LLMRequest) -> LLMResponse:
        """One resource's answer, unless its breaker is open."""
        from aifirst_dagster.llm.gateway.breaker import breaker_of
        from aifirst_dagster.llm.gateway.call import acall

        breaker = breaker_of(route.spec, self._project)
        breaker.enter(route.spec.name)
        try:
            response = await acall(request, route.spec, route.provider, self._project, self._open)
        except BaseException as error:
            breaker.leave(error)
            raise
        breaker.leave(None)
        return response

    async def _open(self) -> State:
        """The state database; opening it takes a moment that the event loop must not wait for."""
        if self._state is None:
            import asyncio

            return await asyncio.to_thread(self._opened)
        return self._state

    def _opened(self) -> State:
        with self._opening:
            if self._state is None:
                import aifirst_dagster.state as state
                from aifirst_dagster.llm.gateway import spool

                opened = state.open(self._project)
                opened.ledger.give_up_lost()
                spool.fold(self._project.home, opened.ledger)
                self._state = opened
            return self._state

    def _add(self, usage: Usage) -> None:
        with self._lock:
            self._usage += usage

    def _context(self, given: CallContext) -> CallContext:
        if given is _NOBODY or given == _NOBODY:
            return self._own
        own = {name: getattr(given, name) or getattr(self._own, name) for name in ("run_id", "pipeline", "backfill")}
        return given.model_copy(update=own)

    def __repr__(self) -> str:
        return f"LLM({self.name!r}, provider={self.provider!r})"
