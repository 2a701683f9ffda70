"""`acall`: the path of one call through the gateway's stages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aifirst_dagster.llm import catalogue
from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import LLMError, RejectedError
from aifirst_dagster.llm.gateway.cache import answers_of, key_of
from aifirst_dagster.llm.gateway.inflight import once
from aifirst_dagster.llm.gateway.job import Got, Job, too_late
from aifirst_dagster.llm.gateway.validation import judged
from aifirst_dagster.llm.providers.base import Provider, provider_type
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import CacheState, LLMRequest, LLMResponse, Usage
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

_log = logging.getLogger(__name__)
_said: set[str] = set()
_GRACE = 0.5


async def acall(
    request: LLMRequest,
    spec: LLMResourceSpec,
    provider: Provider,
    project: Project,
    open_state: Callable[[], Awaitable[State]],
) -> LLMResponse:
    """Ask `provider` through every stage.

    cache -> in flight -> limits -> budget, ledger -> provider -> validation -> ledger -> cache; from the limits on
    retried, and with feedback where an answer does not validate.

    Args:
        request: Its `metadata.run_id` says what the run's cap counts over.
        spec: The resource: caps, retries, limits.
        provider: The connection made from it.
        project: Where the project's own catalogue, its cache and its spool lie.
        open_state: Opens the state database; called only once something is about to be sent.

    Raises:
        LLMError: By kind; its `usage` and `attempts` say what the call took all the same.
    """
    provider.require()
    model, notice = resolve_model(request.model, spec, project)
    prepared = provider.prepare(request, model)
    key = key_of(prepared, spec, request) if spec.cache.enabled else None
    ends = asyncio.get_running_loop().time() + spec.deadline
    job = Job(request, spec, provider, model, project, open_state, ends, key, prepared)
    try:
        got, state = await _got(job)
    except LLMError as error:
        error.usage, error.attempts = job.usage, job.sent
        raise
    if state in ("hit", "shared"):
        job.usage += Usage(cache_hits=1, models=(model.name,))
    notices = tuple(dict.fromkeys([*([notice] if notice else []), *prepared.notices, *job.notices]))
    for text in notices:
        if text not in _said:
            _said.add(text)
            _log.warning("%s", text)
    return LLMResponse(
        parsed=got.parsed,
        text=got.answer.text,
        usage=job.usage,
        stop_reason=got.answer.stop_reason or "",
        provider=spec.provider,
        model=model.name,
        request_id=got.answer.request_id,
        attempts=job.sent,
        thinking=got.answer.thinking,
        content=got.answer.content,
        cache=state,
        notices=notices,
    )


async def _got(job: Job) -> tuple[Got, CacheState]:
    """The answer: known, another's, or bought."""
    if job.key is None:
        return await job.run(), "off"
    answers = answers_of(job.project, job.spec.cache)
    if not job.request.fresh:
        known = await answers.get(job.key)
        usable = job.usable(known) if known is not None else None
        if usable is not None:
            return usable, "hit"

    async def bought() -> Got:
        got = await job.run()
        await answers.put(job.key or "", got.answer)
        return got

    try:
        # The job has its own eye on the deadline; this one is for those who wait for another's.
        async with asyncio.timeout_at(job.ends + _GRACE) as waiting:
            got, shared = await once(job.key if not job.request.fresh else f"{job.key} fresh", bought)
    except TimeoutError:
        if not waiting.expired():
            raise
        raise too_late(job.spec) from None
    if shared:
        # Its own objects: whoever changes an answer must not change another's.
        return Got(got.answer, judged(got.answer, job.request), known=True), "shared"
    return got, "hit" if got.known else "miss"


def resolve_model(name: str | None, spec: LLMResourceSpec, project: Project | None) -> tuple[Model, str | None]:
    """The model of a request: its own, else the resource's, else the provider's default; with a notice on aliases.

    Raises:
        RejectedError: The model is another provider's.
        ConfigError: There is no such model.
    """
    registered = provider_type(spec.provider)
    wanted = name or spec.model or registered.default_model
    if wanted is None:
        raise RejectedError(f"The resource {spec.name!r} names no model.", hint="Give it a `model:`.")
    if registered.unlisted and not catalogue.load(project).knows(wanted):
        return registered.unlisted(wanted), None
    model, notice = catalogue.resolve(wanted, project)
    if model.provider != spec.provider:
        raise RejectedError(
            f"{model.name} is a model of {model.provider}; the resource {spec.name!r} is {spec.provider}.",
            hint="Name a resource of that provider, or leave the model out.",
        )
    return model, notice
