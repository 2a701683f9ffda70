"""GPT through OpenAI's SDK: one request on today's Responses API, plain or streamed."""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.providers import clients
from aifirst_dagster.llm.providers.base import ModelFacts, Prepared, ProviderType, address, secret
from aifirst_dagster.llm.providers.connection import Connection, most_output, streamed
from aifirst_dagster.llm.providers.media import most_input_tokens, require_able
from aifirst_dagster.llm.providers.openai_wire import (
    LEAST_OUTPUT,
    NAME,
    PAGE_TOKENS,
    WHO,
    answer,
    image_tokens,
    request_body,
)
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import Answer, LLMRequest
from aifirst_dagster.observe.redact import conceal

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.responses import Response, ResponseStreamEvent

KEY = "OPENAI_API_KEY"
REACH = "Check the network, and OPENAI_BASE_URL if it is set."
#: What a token count does not take of a request's body.
_NOT_COUNTED = ("max_output_tokens", "store", "include", "prompt_cache_options")


class OpenAIProvider(Connection):
    """A connection to the Responses API; the key is read from the environment when a request is sent."""

    def __init__(self, spec: LLMResourceSpec) -> None:
        super().__init__(spec, KEY)

    def prepare(self, request: LLMRequest, model: Model) -> Prepared:
        """See `Provider.prepare`."""
        require_able(request, model)
        max_tokens = max(LEAST_OUTPUT, most_output(request, self._spec, model))
        notices: list[str] = []
        body, marked = request_body(request, model, max_tokens, request.effort or self._spec.effort, notices)
        return Prepared(
            body,
            max_tokens,
            stream=streamed(request, max_tokens),
            notices=tuple(notices),
            input_tokens=most_input_tokens(request, body, image_tokens, PAGE_TOKENS),
            tools=request.tools,
            cache=marked,
        )

    async def send(self, prepared: Prepared) -> Answer:
        """See `Provider.send`."""
        from aifirst_dagster.llm.providers.openai_errors import translated
        from aifirst_dagster.llm.providers.rate_headers import openai_limits

        body: dict[str, Any] = dict(prepared.body)
        with translated(WHO, REACH, self._key.env):
            client = self._client()
            raw = await client.responses.with_raw_response.create(**body, stream=prepared.stream)
            received: Any = raw.parse()
            response = await _last(received) if prepared.stream else received
            return answer(response, prepared.tools, raw.headers.get("x-request-id"), openai_limits(raw.headers))

    async def count(self, prepared: Prepared) -> int | None:
        """See `Provider.count`."""
        from aifirst_dagster.llm.providers.openai_errors import translated

        body: dict[str, Any] = {name: value for name, value in prepared.body.items() if name not in _NOT_COUNTED}
        with translated(WHO, REACH, self._key.env):
            counted = await self._client().responses.input_tokens.count(**body)
            return int(counted.input_tokens)

    async def models(self) -> list[ModelFacts]:
        """See `Provider.models`."""
        from aifirst_dagster.llm.providers.openai_errors import translated

        with translated(WHO, REACH, self._key.env):
            return [_facts(model.id, model.shutdown_date) async for model in self._client().models.list()]

    def _client(self) -> AsyncOpenAI:
        key, timeout = secret(self._key), self._spec.timeout
        base = address(self._spec, "OPENAI_BASE_URL")
        return clients.shared((NAME, key, base, timeout), lambda: connect(key, base, timeout))


def connect(key: str, base_url: str | None, timeout: float, direct: bool = False) -> AsyncOpenAI:
    """An SDK client that never retries by itself: each retry must pass the budget and stand in the ledger.

    Args:
        key: Sent as a bearer token.
        base_url: Another address than OpenAI's.
        timeout: Seconds without a byte.
        direct: Past any proxy.
    """
    import httpx2
    from openai import AsyncOpenAI

    from aifirst_dagster.llm.providers import http_client

    conceal(key)
    patience = httpx2.Timeout(timeout, connect=min(timeout, 10.0))
    return AsyncOpenAI(
        api_key=key,
        base_url=base_url,
        max_retries=0,
        timeout=patience,
        http_client=http_client.client(patience, direct),
        _strict_response_validation=bool(os.environ.get("AIFIRST_STRICT_PROVIDERS")),
    )


async def _last(stream: AsyncStream[ResponseStreamEvent]) -> Response:
    """The whole response, which a stream's last event holds."""
    from aifirst_dagster.llm.failures import UnavailableError
    from aifirst_dagster.llm.providers.openai_errors import in_midst

    async with stream:
        async for event in stream:
            if event.type == "error":
                raise in_midst(WHO, event.code or "server_error", event.message)
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                return event.response
    raise UnavailableError("The answer broke off without its end.", retryable=True, billed="unknown")


def _facts(name: str, shutdown: str | None) -> ModelFacts:
    return ModelFacts(id=name, retires=date.fromisoformat(shutdown[:10]) if shutdown else None)


PROVIDER = ProviderType(name=NAME, connect=OpenAIProvider, api_key_env=KEY, default_model="gpt-6.2-sol")
