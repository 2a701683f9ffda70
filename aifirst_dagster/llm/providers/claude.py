"""Claude through Anthropic's SDK: one request on today's Messages API, plain or streamed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import AuthError, RejectedError
from aifirst_dagster.llm.providers import clients
from aifirst_dagster.llm.providers.base import ModelFacts, Prepared, ProviderType
from aifirst_dagster.llm.resource import EnvRef, LLMResourceSpec
from aifirst_dagster.llm.types import Answer, LLMRequest, Message, ProviderPart, RateLimit, TextPart, Tokens
from aifirst_dagster.llm.wire_schema import wire_schema

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types import Message as WireMessage
    from anthropic.types import ModelInfo

NAME = "claude"
KEY = "ANTHROPIC_API_KEY"
#: Answers that may be longer are streamed: a connection that is silent for minutes gets cut on the way.
STREAM_ABOVE = 16_000
_DEEP = ("xhigh", "max")


class ClaudeProvider:
    """A connection to the Messages API; the key is read from the environment when a request is sent."""

    def __init__(self, spec: LLMResourceSpec) -> None:
        self._spec = spec
        self._key = spec.api_key or EnvRef(env=KEY)

    def __repr__(self) -> str:
        return f"ClaudeProvider({self._spec.name!r})"

    @property
    def available(self) -> bool:
        """Whether the key's variable is set."""
        return bool(self._key.read())

    def require(self) -> None:
        """See `Provider.require`."""
        self._secret()

    def prepare(self, request: LLMRequest, model: Model) -> Prepared:
        """See `Provider.prepare`."""
        if not request.messages or request.messages[-1].role != "user":
            raise RejectedError(
                "The conversation must end with the user's turn: answers cannot be begun for the model."
            )
        wished = min(request.max_tokens or self._spec.max_output_tokens, self._spec.max_output_tokens)
        max_tokens = min(wished, model.max_output)
        notices: list[str] = []
        body: dict[str, Any] = {
            "model": model.name,
            "max_tokens": max_tokens,
            "messages": [_message(message) for message in request.messages],
        }
        if request.system:
            body["system"] = request.system
        thinking = _thinking(request, model, notices)
        if thinking:
            body["thinking"] = thinking
        output = _output_config(request, self._spec, model, thinking, notices)
        if output:
            body["output_config"] = output
        stream = bool(request.stream) or max_tokens > STREAM_ABOVE
        return Prepared(body, max_tokens, stream, tuple(notices))

    async def send(self, prepared: Prepared) -> Answer:
        """See `Provider.send`."""
        from aifirst_dagster.llm.providers.claude_errors import translated
        from aifirst_dagster.llm.providers.rate_headers import claude_limits

        client = self._client()
        body: dict[str, Any] = dict(prepared.body)
        with translated():
            if prepared.stream:
                async with client.messages.stream(**body) as stream:
                    message: WireMessage = await stream.get_final_message()
                    headers = stream.response.headers
            else:
                raw = await client.messages.with_raw_response.create(**body)
                headers = raw.headers
                message = await raw.parse()
            return _answer(message, headers.get("request-id"), claude_limits(headers))

    async def count(self, prepared: Prepared) -> int | None:
        """See `Provider.count`."""
        from aifirst_dagster.llm.providers.claude_errors import translated

        body: dict[str, Any] = {name: value for name, value in prepared.body.items() if name != "max_tokens"}
        with translated():
            counted = await self._client().messages.count_tokens(**body)
            return int(counted.input_tokens)

    async def models(self) -> list[ModelFacts]:
        """See `Provider.models`."""
        from aifirst_dagster.llm.providers.claude_errors import translated

        with translated():
            return [_facts(model) async for model in self._client().models.list(limit=1000)]

    async def aclose(self) -> None:
        """See `Provider.aclose`."""
        await clients.close_all()

    def _secret(self) -> str:
        key = self._key.read()
        if not key:
            raise AuthError(
                f"The environment variable {self._key.env} is not set.",
                hint="Set it, or run offline: --provider offline, or AIFIRST_LLM=offline.",
            )
        return key

    def _client(self) -> AsyncAnthropic:
        key, timeout = self._secret(), self._spec.timeout
        base = self._spec.base_url.read() if isinstance(self._spec.base_url, EnvRef) else self._spec.base_url
        return clients.shared((NAME, key, base, timeout), lambda: _connect(key, base, timeout))


def _connect(key: str, base_url: str | None, timeout: float) -> AsyncAnthropic:
    import httpx2
    from anthropic import AsyncAnthropic

    return AsyncAnthropic(
        api_key=key,
        base_url=base_url,
        # Retries are the gateway's: each one must pass the budget and stand in the ledger.
        max_retries=0,
        timeout=httpx2.Timeout(timeout, connect=min(timeout, 10.0)),
        _strict_response_validation=bool(os.environ.get("AIFIRST_STRICT_PROVIDERS")),
    )


def _facts(model: ModelInfo) -> ModelFacts:
    can = model.capabilities.model_dump() if model.capabilities else {}
    return ModelFacts(
        id=model.id,
        context=model.max_input_tokens,
        max_output=model.max_tokens,
        retires=model.retires_at.date() if model.retires_at else None,
        capabilities=frozenset(name for name, leaf in can.items() if isinstance(leaf, dict) and leaf.get("supported")),
    )


def _message(message: Message) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = []
    for part in message.content:
        if isinstance(part, TextPart) and part.text:
            blocks.append({"type": "text", "text": part.text})
        elif isinstance(part, ProviderPart) and part.provider == NAME:
            blocks.append(part.block)
    return {"role": message.role, "content": blocks}


def _thinking(request: LLMRequest, model: Model, notices: list[str]) -> dict[str, Any] | None:
    """The `thinking` field; None leaves it to the model's default."""
    if request.thinking == "adaptive":
        if "adaptive" in model.thinking:
            # Without `summarized` today's models return signatures only, and nothing for the audit trail.
            return {"type": "adaptive", "display": "summarized"}
        notices.append(f"{model.name} has no adaptive thinking; it answers without.")
        return None
    least = next((kind for kind in ("disabled", "between_tools") if kind in model.thinking), None)
    if least is None and model.thinking:
        notices.append(f"{model.name} always thinks first; it cannot be told not to.")
    return {"type": least} if least else None


def _output_config(
    request: LLMRequest, spec: LLMResourceSpec, model: Model, thinking: dict[str, Any] | None, notices: list[str]
) -> dict[str, Any]:
    config: dict[str, Any] = {}
    effort = request.effort or spec.effort
    if effort in _DEEP and thinking == {"type": "between_tools"}:
        notices.append(f"{model.name} takes effort {effort} only with thinking; high is used.")
        effort = "high"
    if effort and effort not in model.effort:
        notices.append(f"{model.name} has no effort {effort}; its default is used.")
    elif effort:
        config["effort"] = effort
    if request.output is not None:
        if not model.structured_output:
            raise RejectedError(f"{model.name} cannot be held to a schema.", hint="Choose another model.")
        config["format"] = {"type": "json_schema", "schema": wire_schema(request.output).schema}
    return config


def _answer(message: WireMessage, request_id: str | None, limits: tuple[RateLimit, ...]) -> Answer:
    from aifirst_dagster.llm.providers.claude_errors import malformed

    # The SDK hands through what is no message at all (a proxy's text, say) unless told to be strict.
    usage = getattr(message, "usage", None)
    if usage is None or getattr(message, "content", None) is None:
        raise malformed("it holds no message with its usage")
    parts = [
        TextPart(text=block.text)
        if block.type == "text"
        else ProviderPart(provider=NAME, block=block.model_dump(mode="json", exclude_unset=True))
        for block in message.content
    ]
    written = usage.cache_creation_input_tokens or 0
    for_an_hour = usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation else 0
    return Answer(
        content=tuple(parts),
        text="".join(part.text for part in parts if isinstance(part, TextPart)),
        thinking="\n".join(block.thinking for block in message.content if block.type == "thinking" and block.thinking),
        stop_reason=message.stop_reason,
        stop_details=_details(message),
        tokens=Tokens(
            input=usage.input_tokens,
            cache_read=usage.cache_read_input_tokens or 0,
            cache_write_5m=written - for_an_hour,
            cache_write_1h=for_an_hour,
            output=usage.output_tokens,
        ),
        model=message.model,
        request_id=request_id,
        limits=limits,
    )


def _details(message: WireMessage) -> str:
    details = getattr(message, "stop_details", None)
    said = (getattr(details, "category", None), getattr(details, "explanation", None))
    return ": ".join(str(part) for part in said if part)


PROVIDER = ProviderType(name=NAME, connect=ClaudeProvider, api_key_env=KEY, default_model="claude-sonnet-5-5")
