"""Claude through Anthropic's SDK: one request on today's Messages API, plain or streamed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import AuthError, RejectedError
from aifirst_dagster.llm.providers import clients
from aifirst_dagster.llm.providers.base import ModelFacts, Prepared, ProviderType, address
from aifirst_dagster.llm.providers.claude_clients import CLOUDS, connect, missing, place, streams
from aifirst_dagster.llm.providers.claude_wire import NAME, PAGE_TOKENS, answer, image_tokens, request_body
from aifirst_dagster.llm.providers.connection import STREAM_ABOVE, Connection, most_output
from aifirst_dagster.llm.providers.media import most_input_tokens, require_able
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import Answer, LLMRequest

if TYPE_CHECKING:
    from anthropic import AsyncAPIResponse, RequestOptions
    from anthropic.types import Message as WireMessage
    from anthropic.types import ModelInfo

    from aifirst_dagster.llm.batches.wire import BatchApi

KEY = "ANTHROPIC_API_KEY"
_PATH = "/v1/messages"
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class ClaudeProvider(Connection):
    """A connection to the Messages API; the key is read from the environment when a request is sent."""

    def __init__(self, spec: LLMResourceSpec) -> None:
        self._kind, self._cloud = spec.client, CLOUDS[spec.client]
        super().__init__(spec, self._cloud.key)

    def __repr__(self) -> str:
        return f"ClaudeProvider({self._spec.name!r}, client={self._kind!r})"

    @property
    def available(self) -> bool:
        """Whether the variables that the client needs are set."""
        return missing(self._kind, self._key.read() or "", self._key.env) is None

    def require(self) -> None:
        """See `Provider.require`."""
        lacks = missing(self._kind, self._key.read() or "", self._key.env)
        if lacks:
            raise AuthError(
                f"The environment variable {lacks} is not set.",
                hint="Set it, or run offline: --provider offline, or AIFIRST_LLM=offline.",
            )

    def prepare(self, request: LLMRequest, model: Model) -> Prepared:
        """See `Provider.prepare`."""
        require_able(request, model)
        max_tokens = most_output(request, self._spec, model)
        notices: list[str] = []
        effort = request.effort or self._spec.effort
        body, marked = request_body(request, model, max_tokens, effort, self._cloud.schemas, notices)
        if request.output is not None and not self._cloud.schemas:
            notices.append(f"{self._kind} holds answers to no schema: the prompt asks for it, the answer is checked.")
        body["model"] = self._spec.model_id or model.name
        return Prepared(
            body,
            max_tokens,
            stream=(bool(request.stream) or max_tokens > STREAM_ABOVE) and streams(self._kind),
            notices=tuple(notices),
            input_tokens=most_input_tokens(request, body, image_tokens, PAGE_TOKENS),
            tools=request.tools,
            cache=marked,
        )

    async def send(self, prepared: Prepared) -> Answer:
        """See `Provider.send`."""
        from anthropic import AsyncAPIResponse
        from anthropic.types import Message

        from aifirst_dagster.llm.providers.claude_errors import translated
        from aifirst_dagster.llm.providers.rate_headers import claude_limits

        body: dict[str, Any] = dict(prepared.body)
        with translated(self._key.env):
            client = self._client()
            if prepared.stream:
                async with client.messages.stream(**body) as stream:
                    message: WireMessage = await stream.get_final_message()
                    headers = stream.response.headers
            else:
                # What `messages.create` comes to, without checks of arguments and copies of the body.
                given: dict[str, Any] = {"cast_to": AsyncAPIResponse[Message], "options": _options(client)}
                if self._kind == "api":
                    # A whole address saves putting it together.
                    address, content = str(client.base_url).rstrip("/") + _PATH, _JSON.encode(body).encode()
                    raw = await client.post(address, content=content, **given)
                else:
                    # The clouds' clients look for the path, and for the model in the body.
                    raw = await client.post(_PATH, body=body, **given)
                headers = raw.headers
                message = await _read(raw)
            # A look into the client's own kind of headers goes through all of them.
            told = dict(headers.items())
            request_id = told.get("request-id") or told.get("x-amzn-requestid")
            return answer(message, prepared.tools, request_id, claude_limits(told))

    async def count(self, prepared: Prepared) -> int | None:
        """See `Provider.count`."""
        if not self._cloud.counts:
            return None
        from aifirst_dagster.llm.providers.claude_errors import translated

        body: dict[str, Any] = {name: value for name, value in prepared.body.items() if name != "max_tokens"}
        with translated(self._key.env):
            counted = await self._client().messages.count_tokens(**body)
            return int(counted.input_tokens)

    async def models(self) -> list[ModelFacts]:
        """See `Provider.models`."""
        if not self._cloud.lists:
            return []
        from aifirst_dagster.llm.providers.claude_errors import translated

        with translated(self._key.env):
            return [_facts(model) async for model in self._client().models.list(limit=1000)]

    def batches(self) -> BatchApi:
        """See `batches.wire.BatchProvider`.

        Raises:
            RejectedError: The cloud's API has none.
        """
        if self._kind != "api":
            raise RejectedError(
                f"The SDK's client for {self._kind} has no message batches.", hint="Ask one by one, or set client: api."
            )
        from aifirst_dagster.llm.batches.claude import ClaudeBatches

        return ClaudeBatches(self._client, self._key.env)

    def _client(self) -> Any:
        self.require()
        kind, key, timeout = self._kind, self._key.read() or "", self._spec.timeout
        where = place(kind, address(self._spec, self._cloud.base))
        return clients.shared((NAME, kind, key, where, timeout), lambda: connect(kind, key, where[0], timeout))


def _options(client: Any) -> RequestOptions:
    """What holds for every request of the client anyway: said with each, the SDK need not copy its defaults for it."""
    return {"headers": {}, "params": {}, "max_retries": client.max_retries, "timeout": client.timeout}


async def _read(raw: AsyncAPIResponse[WireMessage]) -> WireMessage:
    """The message: strictly where it is all that the SDK knows, which is also the quickest."""
    from anthropic.types import Message

    try:
        return Message.model_validate_json(await raw.read())
    except ValidationError:
        # Newer than the SDK, or no message at all: read as leniently or strictly as its client is told to.
        return await raw.parse()


def _facts(model: ModelInfo) -> ModelFacts:
    can = model.capabilities.model_dump() if model.capabilities else {}
    return ModelFacts(
        id=model.id,
        context=model.max_input_tokens,
        max_output=model.max_tokens,
        retires=model.retires_at.date() if model.retires_at else None,
        capabilities=frozenset(name for name, leaf in can.items() if isinstance(leaf, dict) and leaf.get("supported")),
    )


PROVIDER = ProviderType(name=NAME, connect=ClaudeProvider, api_key_env=KEY, default_model="claude-sonnet-5-5")
