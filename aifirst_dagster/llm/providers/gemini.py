"""Gemini through Google's SDK: one `generateContent` request, plain or streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.providers import clients
from aifirst_dagster.llm.providers.base import ModelFacts, Prepared, ProviderType, address, secret
from aifirst_dagster.llm.providers.connection import Connection, most_output, streamed
from aifirst_dagster.llm.providers.gemini_wire import (
    NAME,
    PAGE_TOKENS,
    answer,
    counted_as,
    image_tokens,
    request_body,
)
from aifirst_dagster.llm.providers.media import most_input_tokens, require_able
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import Answer, LLMRequest

if TYPE_CHECKING:
    import httpx2
    from google import genai
    from google.genai.types import Content

KEY = "GEMINI_API_KEY"


class GeminiProvider(Connection):
    """A connection to the Gemini API; the key is read from the environment when a request is sent."""

    def __init__(self, spec: LLMResourceSpec) -> None:
        super().__init__(spec, KEY)

    def prepare(self, request: LLMRequest, model: Model) -> Prepared:
        """See `Provider.prepare`. Gemini caches prefixes by itself: marks for caching need nothing sent."""
        require_able(request, model)
        max_tokens = most_output(request, self._spec, model)
        notices: list[str] = []
        body = request_body(request, model, max_tokens, request.effort or self._spec.effort, notices)
        return Prepared(
            body,
            max_tokens,
            stream=streamed(request, max_tokens),
            notices=tuple(notices),
            input_tokens=most_input_tokens(request, body, image_tokens, PAGE_TOKENS),
            tools=request.tools,
        )

    async def send(self, prepared: Prepared) -> Answer:
        """See `Provider.send`."""
        from aifirst_dagster.llm.providers.gemini_errors import translated

        with translated(self._key.env):
            from google.genai import types

            body: dict[str, Any] = dict(prepared.body)
            # Left on, the SDK would continue long answers, and call functions, with requests that nobody reserved.
            asked = {
                **body["config"],
                "automaticContinuation": False,
                "automaticFunctionCalling": {"disable": True},
            }
            config = types.GenerateContentConfig.model_validate(asked)
            client, contents = self._client(), _contents(body["contents"])
            if not prepared.stream:
                found = await client.aio.models.generate_content(model=body["model"], contents=contents, config=config)
                return answer([found], prepared.tools)
            stream = await client.aio.models.generate_content_stream(
                model=body["model"], contents=contents, config=config
            )
            return answer([piece async for piece in stream], prepared.tools)

    async def count(self, prepared: Prepared) -> int | None:
        """See `Provider.count`."""
        from aifirst_dagster.llm.providers.gemini_errors import translated

        body: dict[str, Any] = dict(prepared.body)
        with translated(self._key.env):
            counted = await self._client().aio.models.count_tokens(
                model=body["model"], contents=_contents(counted_as(body))
            )
            return counted.total_tokens

    async def models(self) -> list[ModelFacts]:
        """See `Provider.models`."""
        from aifirst_dagster.llm.providers.gemini_errors import translated

        with translated(self._key.env):
            listed = await self._client().aio.models.list(config={"page_size": 1000})
            return [
                ModelFacts(
                    id=(model.name or "").removeprefix("models/"),
                    context=model.input_token_limit,
                    max_output=model.output_token_limit,
                    capabilities=frozenset(model.supported_actions or ()),
                )
                async for model in listed
                if "generateContent" in (model.supported_actions or ())
            ]

    def _client(self) -> genai.Client:
        key, timeout = secret(self._key), self._spec.timeout
        base = address(self._spec, "GOOGLE_GEMINI_BASE_URL")
        return clients.shared((NAME, key, base, timeout), lambda: _Connection(key, base, timeout)).client


class _Connection:
    """The SDK's client over an HTTP client of ours.

    With `aiohttp` installed the SDK would use that, and silently send a request again when its connection breaks.
    """

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        import httpx2
        from google import genai
        from google.genai import types

        from aifirst_dagster.llm.providers import http_client

        patience = httpx2.Timeout(timeout)
        self._http: httpx2.AsyncClient = http_client.client(patience) or httpx2.AsyncClient(timeout=patience)
        options = types.HttpOptions(
            base_url=base_url, httpx_async_client=self._http, timeout=max(1, int(timeout * 1000))
        )
        self.client = genai.Client(vertexai=False, api_key=key, http_options=options)

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()


def _contents(contents: list[dict[str, Any]]) -> list[Content]:
    from google.genai import types

    return [types.Content.model_validate(content) for content in contents]


PROVIDER = ProviderType(name=NAME, connect=GeminiProvider, api_key_env=KEY, default_model="gemini-3.8-flash")
