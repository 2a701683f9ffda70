"""Any server of one's own that speaks chat completions: llama.cpp, vLLM, Ollama. Its work costs nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aifirst_dagster.llm.catalogue import Model, Price
from aifirst_dagster.llm.providers import clients
from aifirst_dagster.llm.providers.base import ModelFacts, Prepared, ProviderType, address
from aifirst_dagster.llm.providers.chat_wire import WHO, collected, request_body, whole, without_schema
from aifirst_dagster.llm.providers.connection import Connection, most_output
from aifirst_dagster.llm.providers.media import most_input_tokens, require_able
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import Answer, LLMRequest

if TYPE_CHECKING:
    from openai import AsyncOpenAI, BadRequestError

NAME = "local"
KEY = "AIFIRST_LOCAL_API_KEY"
#: Where llama.cpp's server listens unless told otherwise.
ADDRESS = "http://127.0.0.1:8080/v1"
_SAID = "The local server takes no JSON schema: the prompt asks for it, and the answer is checked as always."
_HERE = {"localhost", "127.0.0.1", "::1"}
_log = logging.getLogger(__name__)


class LocalProvider(Connection):
    """A connection to a server of one's own. A key is sent where one is set; most servers need none."""

    def __init__(self, spec: LLMResourceSpec) -> None:
        super().__init__(spec, KEY)
        # Known once the server has refused a schema, or from the resource file.
        self._schema = spec.structured_output != "prompt"

    def __repr__(self) -> str:
        return f"LocalProvider({self._spec.name!r}, {self._address()!r})"

    @property
    def available(self) -> bool:
        """Always: nothing needs to be configured; whether a server listens shows when it is asked."""
        return True

    def require(self) -> None:
        """See `Provider.require`."""

    def prepare(self, request: LLMRequest, model: Model) -> Prepared:
        """See `Provider.prepare`."""
        require_able(request, model)
        max_tokens = most_output(request, self._spec, model)
        stream = bool(request.stream)
        body = request_body(request, model, max_tokens, stream, self._schema)
        notices = [] if self._schema or request.output is None else [_SAID]
        effort = request.effort or self._spec.effort
        if effort and effort in model.effort:
            body["reasoning_effort"] = effort
        elif effort:
            notices.append(f"{model.name} has no effort {effort}; its default is used.")
        if request.thinking == "adaptive" and not model.thinking:
            notices.append(f"{model.name} has no thinking to ask for; it answers as it is set up.")
        return Prepared(
            body,
            max_tokens,
            stream,
            tuple(notices),
            input_tokens=most_input_tokens(request, body, _image_tokens, 5_000),
            tools=request.tools,
        )

    async def send(self, prepared: Prepared) -> Answer:
        """See `Provider.send`. A schema that the server refuses goes into the prompt instead; the answer says so."""
        import openai

        from aifirst_dagster.llm.providers.openai_errors import translated

        body: dict[str, Any] = dict(prepared.body)
        with translated(WHO, f"Is it running at {self._address()}?", self._key.env):
            try:
                return await self._once(body, prepared)
            except openai.BadRequestError as error:
                if self._spec.structured_output != "auto" or not _about_schema(error, body):
                    raise
            self._schema = False
            _log.warning("%s", _SAID)
            found = await self._once(without_schema(body), prepared)
            return found.model_copy(update={"notices": (_SAID,)})

    async def count(self, prepared: Prepared) -> int | None:
        """The protocol has no count."""
        return None

    async def models(self) -> list[ModelFacts]:
        """See `Provider.models`."""
        from aifirst_dagster.llm.providers.openai_errors import translated

        with translated(WHO, f"Is it running at {self._address()}?", self._key.env):
            listed = self._client().models.list()
            # vLLM says `max_model_len`, which is no part of the protocol.
            return [ModelFacts(id=model.id, context=getattr(model, "max_model_len", None)) async for model in listed]

    async def _once(self, body: dict[str, Any], prepared: Prepared) -> Answer:
        raw = await self._client().chat.completions.with_raw_response.create(**body)
        received: Any = raw.parse()
        if prepared.stream:
            async with received:
                found = await collected(received)
        else:
            found = whole(received)
        return found.answer(prepared.tools, raw.headers.get("x-request-id"), ())

    def _address(self) -> str:
        base = address(self._spec, "AIFIRST_LOCAL_URL") or ADDRESS
        return base if urlsplit(base).path.strip("/") else f"{base.rstrip('/')}/v1"

    def _client(self) -> AsyncOpenAI:
        from aifirst_dagster.llm.providers.openai import connect

        key, base, timeout = self._key.read() or "none", self._address(), self._spec.timeout
        # A proxy knows nothing of this machine's own addresses.
        here = urlsplit(base).hostname in _HERE
        return clients.shared((NAME, key, base, timeout), lambda: connect(key, base, timeout, direct=here))


def unlisted(name: str) -> Model:
    """A model that no catalogue lists: whatever the server has. It takes images only where the catalogue says so."""
    free = Price.model_validate({"input": 0, "output": 0})
    return Model(name=name, provider=NAME, context=131_072, max_output=131_072, prices=(free,))


def _about_schema(error: BadRequestError, body: dict[str, Any]) -> bool:
    said = str(error.body or error.message).lower()
    return "response_format" in body and any(word in said for word in ("response_format", "schema", "grammar"))


def _image_tokens(width: int, height: int) -> int:
    """Patches of 14 pixels, which no common vision model makes finer."""
    return -(-width // 14) * -(-height // 14)


PROVIDER = ProviderType(name=NAME, connect=LocalProvider, api_key_env=KEY, default_model="default", unlisted=unlisted)
