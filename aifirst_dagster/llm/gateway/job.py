"""One call under way: rounds of asking, each request within limits and caps, in the ledger before and after."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import InvalidAnswerError, LLMError, UnavailableError
from aifirst_dagster.llm.gateway import spool
from aifirst_dagster.llm.gateway.budget import caps, refused
from aifirst_dagster.llm.gateway.estimate import counted_usd, likely_input_tokens, likely_usd, most_usd
from aifirst_dagster.llm.gateway.ledger import Entry, answer_of, never_sent
from aifirst_dagster.llm.gateway.limits import limiter_of
from aifirst_dagster.llm.gateway.retry import retrying
from aifirst_dagster.llm.gateway.validation import judged, unsealed, with_feedback
from aifirst_dagster.llm.providers.base import Prepared, Provider, provider_type
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import Answer, LLMRequest, Usage
from aifirst_dagster.project import Project
from aifirst_dagster.state.group_commit import written
from aifirst_dagster.state.ids import new_id

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State
    from aifirst_dagster.state.ledger import Ledger, NewCall, Reserved

#: Seconds between looks at a request that another process has in flight: first, and at most.
_LOOK, _LOOK_MOST = 0.05, 1.0
#: Seconds that a provider's token count may take; it is asked for only where a cap would refuse the bound by bytes.
_COUNTING = 5.0


@dataclass(frozen=True)
class Got:
    """A usable answer.

    Attributes:
        known: It was not bought by this call.
    """

    answer: Answer
    parsed: BaseModel | None
    known: bool = False


@dataclass
class Job:
    """One call: what was sent so far, and what it took.

    Attributes:
        ends: The event loop's time of its deadline.
        key: Under which its answer is known; None: the cache is off.
        prepared: The first round's request.
        sent: Requests sent.
        look_up: Whether the ledger may have the answer.
        notices: What the user should see.
    """

    request: LLMRequest
    spec: LLMResourceSpec
    provider: Provider
    model: Model
    project: Project
    open_state: Callable[[], Awaitable[State]]
    ends: float
    key: str | None
    prepared: Prepared
    call_id: str = field(default_factory=new_id)
    sent: int = 0
    look_up: bool = True
    usage: Usage = field(default_factory=Usage.none)
    notices: list[str] = field(default_factory=list)

    async def run(self) -> Got:
        """Rounds of asking, until an answer stands or the rounds are used up."""
        request, prepared = self.request, self.prepared
        for round_ in range(self.spec.feedback_rounds + 1):
            try:
                got = await retrying(self.spec.retry, lambda: self._once(prepared), self.ends)  # noqa: B023
            except _Rejected as invalid:
                if round_ == self.spec.feedback_rounds:
                    raise invalid.error from None
                request = with_feedback(request, invalid.answer, invalid.error.message)
                prepared = self.provider.prepare(request, self.model)
            else:
                self.notices += [*prepared.notices, *got.answer.notices]
                return replace(got, answer=unsealed(got.answer)) if round_ else got
        raise AssertionError("unreachable: there is at least one round")

    def usable(self, answer: Answer) -> Got | None:
        """A known answer, judged as a new one would be: what it must be may have changed since."""
        try:
            return Got(answer, judged(answer, self.request), known=True)
        except LLMError:
            return None

    async def _once(self, prepared: Prepared) -> Got:
        """Wait for room, reserve, send, judge, write down."""
        kind = provider_type(self.spec.provider)
        limiter = limiter_of(self.spec, self.model.name, kind.api_key_env)
        taken = await limiter.take(likely_input_tokens(prepared), prepared.max_tokens, self.ends)
        try:
            entry = await self._reserve(prepared)
        except BaseException:
            await limiter.settle(taken, None, ())
            raise
        if isinstance(entry, Got):
            await limiter.settle(taken, None, ())
            return entry
        answer: Answer | None = None
        try:
            answer = await self._sent(prepared)
            parsed = judged(answer, self.request)
        except LLMError as error:
            self.usage += await entry.fail(error, answer)
            told = answer.limits if answer else error.limits
            pause = min(error.retry_after or 0.0, self.spec.retry.longest_retry_after)
            await limiter.settle(taken, _used(answer), told, pause)
            if isinstance(error, InvalidAnswerError) and answer is not None:
                raise _Rejected(error, answer) from error
            raise
        except BaseException as error:
            entry.abandon(error)
            raise
        self.usage += await entry.settle(answer)
        if entry.notice:
            self.notices.append(entry.notice)
        await limiter.settle(taken, _used(answer), answer.limits)
        return Got(answer, parsed)

    async def _sent(self, prepared: Prepared) -> Answer:
        """Send; whatever has not come by the deadline does not come, streams that drip included."""
        try:
            async with asyncio.timeout_at(self.ends) as waiting:
                return await self.provider.send(prepared)
        except TimeoutError:
            if not waiting.expired():
                raise
            raise too_late(self.spec) from None

    async def _reserve(self, prepared: Prepared) -> Entry | Got:
        """A row for the request; or the answer, where the ledger has it already or another process is getting it."""
        ledger = (await self.open_state()).ledger
        if spool.waits(self.project.home):
            await asyncio.to_thread(spool.fold, self.project.home, ledger)
        most, look = most_usd(prepared, self.model), _LOOK
        while True:
            result = await self._asked_for(ledger, self._new_call(prepared, most))
            if isinstance(result, str):
                self.sent += 1
                return Entry(ledger, self.project.home, result, self.model, most, repeats=self.sent > 1)
            from aifirst_dagster.state.ledger import Known, Overrun

            if isinstance(result, Overrun):
                counted = await self._counted(prepared)
                if counted is None or counted >= most:
                    raise refused(result, most, self.request.metadata, self.spec.name)
                most = counted
            elif isinstance(result, Known):
                got = self.usable(answer_of(result.row))
                if got is not None:
                    return got
                # Written by another version of what is asked for: no answer to this.
                self.look_up = False
            elif asyncio.get_running_loop().time() + look >= self.ends:
                raise too_late(self.spec, billed=False)
            else:
                await asyncio.sleep(look)
                look = min(_LOOK_MOST, look * 1.5)

    async def _asked_for(self, ledger: Ledger, call: NewCall) -> Reserved:
        wanted = self.key is not None and self.look_up and not self.request.fresh
        since = datetime.now(UTC) - timedelta(days=self.spec.cache.days) if wanted else None
        future = ledger.submit_reserve(call, caps(self.spec, self.request.metadata), since, awaited=True)
        try:
            result: Reserved = await written(future)
        except asyncio.CancelledError:
            never_sent(ledger, future)
            raise
        return result

    def _new_call(self, prepared: Prepared, most: float) -> NewCall:
        from aifirst_dagster.state.ledger import NewCall

        who = self.request.metadata
        return NewCall(
            call_id=self.call_id,
            attempt=self.sent + 1,
            run_id=who.run_id or self.call_id,
            resource=self.spec.name,
            provider=self.spec.provider,
            model=self.model.name,
            fingerprint=fingerprint(prepared, self.spec),
            reserved_usd=most,
            pipeline=who.pipeline,
            step=who.step,
            backfill=who.backfill,
            task=who.task,
            key=self.key,
            estimated_usd=likely_usd(prepared, self.request, self.model),
        )

    async def _counted(self, prepared: Prepared) -> float | None:
        """The most that the request can cost by the provider's own token count; None where nobody counts in time."""
        try:
            async with asyncio.timeout(min(_COUNTING, max(0.0, self.ends - asyncio.get_running_loop().time()))):
                tokens = await self.provider.count(prepared)
        except (LLMError, TimeoutError):
            return None
        return None if tokens is None else counted_usd(tokens, prepared, self.model)


class _Rejected(Exception):
    """An answer that did not validate, on its way to the feedback loop past the retries."""

    def __init__(self, error: InvalidAnswerError, answer: Answer) -> None:
        super().__init__(str(error))
        self.error, self.answer = error, answer


def fingerprint(prepared: Prepared, spec: LLMResourceSpec) -> str:
    """SHA-256 of one request as it is sent; `cache.key_of` names what a whole call asks for."""
    return hashlib.sha256(spec.provider.encode() + b"\0" + prepared.text).hexdigest()


def too_late(spec: LLMResourceSpec, billed: bool = True) -> UnavailableError:
    """The call's time is over."""
    return UnavailableError(
        f"No complete answer within the {spec.deadline:g} s that {spec.name!r} has for a call.",
        hint=f"Raise deadline in resources/llm/{spec.name}.yaml, or ask for less at once.",
        billed="unknown" if billed else "no",
    )


def _used(answer: Answer | None) -> tuple[int, int] | None:
    """Tokens that count towards rate limits: what is read from the prompt cache does not."""
    return (answer.tokens.prompt - answer.tokens.cache_read, answer.tokens.output) if answer else None
