"""`acall`: the path of one call through the gateway's stages."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel

from aifirst_dagster.llm import catalogue
from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import InvalidAnswerError, LLMError, RejectedError, UnavailableError
from aifirst_dagster.llm.gateway.budget import caps, refused
from aifirst_dagster.llm.gateway.estimate import most_usd
from aifirst_dagster.llm.gateway.ledger import Entry
from aifirst_dagster.llm.gateway.retry import retrying
from aifirst_dagster.llm.gateway.validation import judged, with_feedback
from aifirst_dagster.llm.providers.base import Prepared, Provider, provider_type
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import Answer, LLMRequest, LLMResponse, Usage
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

_log = logging.getLogger(__name__)
_said: set[str] = set()


async def acall(
    request: LLMRequest,
    spec: LLMResourceSpec,
    provider: Provider,
    project: Project,
    open_state: Callable[[], State],
) -> LLMResponse:
    """Ask `provider` through every stage: budget, retry, provider, validation with feedback, ledger.

    Args:
        request: Its `metadata.run_id` says what the run's cap counts over.
        spec: The resource: caps, retries, limits.
        provider: The connection made from it.
        project: Where the project's own catalogue lies.
        open_state: Opens the state database; called only once something is about to be sent.

    Raises:
        LLMError: By kind; its `usage` and `attempts` say what the call took all the same.
    """
    provider.require()
    model, notice = resolve_model(request.model, spec, project)
    job = _Job(request, spec, provider, model, open_state, asyncio.get_running_loop().time() + spec.deadline)
    try:
        answer, parsed, notices = await job.run()
    except LLMError as error:
        error.usage, error.attempts = job.usage, job.sent
        raise
    notices = (notice, *notices) if notice else notices
    for text in notices:
        if text not in _said:
            _said.add(text)
            _log.warning("%s", text)
    return LLMResponse(
        parsed=parsed,
        text=answer.text,
        usage=job.usage,
        stop_reason=answer.stop_reason or "",
        provider=spec.provider,
        model=model.name,
        request_id=answer.request_id,
        attempts=job.sent,
        thinking=answer.thinking,
        content=answer.content,
        notices=notices,
    )


def resolve_model(name: str | None, spec: LLMResourceSpec, project: Project | None) -> tuple[Model, str | None]:
    """The model of a request: its own, else the resource's, else the provider's default; with a notice on aliases.

    Raises:
        RejectedError: The model is another provider's.
        ConfigError: There is no such model.
    """
    wanted = name or spec.model or provider_type(spec.provider).default_model
    if wanted is None:
        raise RejectedError(f"The resource {spec.name!r} names no model.", hint="Give it a `model:`.")
    model, notice = catalogue.resolve(wanted, project)
    if model.provider != spec.provider:
        raise RejectedError(
            f"{model.name} is a model of {model.provider}; the resource {spec.name!r} is {spec.provider}.",
            hint="Name a resource of that provider, or leave the model out.",
        )
    return model, notice


@dataclass
class _Job:
    """One call under way: what was sent so far, and what it took."""

    request: LLMRequest
    spec: LLMResourceSpec
    provider: Provider
    model: Model
    open_state: Callable[[], State]
    ends: float
    call_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    sent: int = 0
    usage: Usage = field(default_factory=Usage.none)

    async def run(self) -> tuple[Answer, BaseModel | None, tuple[str, ...]]:
        """Rounds of asking, until an answer stands or the rounds are used up."""
        request = self.request
        for round_ in range(self.spec.feedback_rounds + 1):
            prepared = self.provider.prepare(request, self.model)
            try:
                answer, parsed = await retrying(self.spec.retry, lambda: self._once(prepared), self.ends)  # noqa: B023
            except _Rejected as invalid:
                if round_ == self.spec.feedback_rounds:
                    raise invalid.error from None
                request = with_feedback(request, invalid.answer, invalid.error.message)
            else:
                return answer, parsed, prepared.notices
        raise AssertionError("unreachable: there is at least one round")

    async def _once(self, prepared: Prepared) -> tuple[Answer, BaseModel | None]:
        """Reserve, send, judge, write down."""
        entry = self._reserve(prepared)
        answer: Answer | None = None
        try:
            answer = await self._sent(prepared)
            parsed = judged(answer, self.request)
        except LLMError as error:
            self.usage += entry.fail(error, answer)
            if isinstance(error, InvalidAnswerError) and answer is not None:
                raise _Rejected(error, answer) from error
            raise
        except BaseException as error:
            entry.abandon(error)
            raise
        self.usage += entry.settle(answer)
        return answer, parsed

    async def _sent(self, prepared: Prepared) -> Answer:
        """Send; whatever has not come by the deadline does not come, streams that drip included."""
        try:
            async with asyncio.timeout_at(self.ends):
                return await self.provider.send(prepared)
        except TimeoutError:
            raise UnavailableError(
                f"No complete answer within the {self.spec.deadline:g} s that {self.spec.name!r} has for a call.",
                hint=f"Raise deadline in resources/llm/{self.spec.name}.yaml, or ask for less at once.",
                billed="unknown",
            ) from None

    def _reserve(self, prepared: Prepared) -> Entry:
        from aifirst_dagster.state.ledger import NewCall, Overrun

        ledger = self.open_state().ledger
        who, most = self.request.metadata, most_usd(prepared, self.model)
        row = ledger.reserve(
            NewCall(
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
                task=who.task,
            ),
            caps(self.spec),
        )
        if isinstance(row, Overrun):
            raise refused(row, most, who, self.spec.name)
        self.sent += 1
        return Entry(ledger, row, self.model, most, repeats=self.sent > 1)


class _Rejected(Exception):
    """An answer that did not validate, on its way to the feedback loop past the retries."""

    def __init__(self, error: InvalidAnswerError, answer: Answer) -> None:
        super().__init__(str(error))
        self.error, self.answer = error, answer


def fingerprint(prepared: Prepared, spec: LLMResourceSpec) -> str:
    """SHA-256 of everything that decides the answer: the provider and the request as it is sent."""
    text = json.dumps([spec.provider, prepared.body], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
