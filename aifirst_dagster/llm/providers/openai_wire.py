"""The Responses API's wire format: a request as its body, a response as an `Answer`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import InvalidAnswerError
from aifirst_dagster.llm.providers.openai_errors import in_midst
from aifirst_dagster.llm.providers.sdk_failures import malformed
from aifirst_dagster.llm.types import (
    Answer,
    DocumentPart,
    Effort,
    ImagePart,
    LLMRequest,
    Message,
    Part,
    ProviderPart,
    RateLimit,
    TextPart,
    Tokens,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
)
from aifirst_dagster.llm.wire_schema import OPENAI, wire_schema

if TYPE_CHECKING:
    from openai.types.responses import Response, ResponseUsage

NAME = "openai"
WHO = "OpenAI"
#: The API takes no smaller cap on an answer.
LEAST_OUTPUT = 16
#: Explicit cache marks that a request may write.
_MARKS = 4


def request_body(
    request: LLMRequest, model: Model, max_tokens: int, effort: Effort | None, notices: list[str]
) -> tuple[dict[str, Any], bool]:
    """The body of `POST /v1/responses`, and whether it asks for something to be written to the prompt cache.

    `notices` gets what the model could not be asked as wished.
    """
    marker = _Marker(request, model)
    body: dict[str, Any] = {
        "model": model.name,
        "max_output_tokens": max_tokens,
        "input": [
            *_system(request, marker),
            *(item for message in request.messages for item in _items(message, marker)),
        ],
        # Nothing is kept at OpenAI; reasoning comes back to us, sealed, to be sent with the next turn.
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    if model.cache_minimum is not None:
        # By default each long prompt would be written to the cache, at 1.25 times the price, asked for or not.
        body["prompt_cache_options"] = {"mode": "explicit"}
    reasoning = _reasoning(request, model, effort, notices)
    if reasoning:
        body["reasoning"] = reasoning
    if request.output is not None:
        body["text"] = {"format": {"type": "json_schema", **_named(request.output), "strict": True}}
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    return body, marker.used


def image_tokens(width: int, height: int) -> int:
    """Tokens at most for an image: patches of 32 pixels, times more than any multiplier that OpenAI has published."""
    return -(-width // 32) * -(-height // 32) * 3


#: Tokens at most for the picture of a PDF page.
PAGE_TOKENS = 5_000


def answer(
    response: Response, tools: tuple[ToolSpec, ...], request_id: str | None, limits: tuple[RateLimit, ...]
) -> Answer:
    """The response as it came, and what it says.

    Raises:
        LLMError: It failed; or it is no response; or a tool's arguments are no JSON object.
    """
    usage, output = getattr(response, "usage", None), getattr(response, "output", None)
    if getattr(response, "status", None) == "failed":
        said = response.error
        raise in_midst(WHO, said.code if said else "server_error", said.message if said else "no reason given")
    if output is None or usage is None:
        raise malformed(WHO, "it holds no output with its usage")
    tokens = _tokens(usage)
    parts: list[Part] = []
    texts: list[str] = []
    refusals: list[str] = []
    thinking: list[str] = []
    for item in output:
        parts.append(ProviderPart(provider=NAME, block=item.model_dump(mode="json", exclude_none=True, by_alias=True)))
        if item.type == "message":
            said_texts = [block.text for block in item.content if block.type == "output_text"]
            refusals += [block.refusal for block in item.content if block.type == "refusal"]
            texts += said_texts
            parts += [TextPart(text=text) for text in said_texts if text]
        elif item.type == "function_call":
            parts.append(tool_call(WHO, tools, item.call_id, item.name, item.arguments, tokens))
        elif item.type == "reasoning":
            thinking += [summary.text for summary in item.summary]
    called = any(isinstance(part, ToolCallPart) for part in parts)
    return Answer(
        content=tuple(parts),
        text="".join(texts),
        thinking="\n".join(thinking),
        stop_reason=_stop(response, bool(refusals), called),
        stop_details="; ".join(refusals),
        tokens=tokens,
        model=response.model,
        request_id=request_id,
        limits=limits,
    )


def tool_call(
    who: str, tools: tuple[ToolSpec, ...], call_id: str, name: str, arguments: str, tokens: Tokens
) -> ToolCallPart:
    """A call as the tool's own model knows its arguments.

    Raises:
        InvalidAnswerError: The arguments are no JSON object; it may be asked again.
    """
    try:
        value = json.loads(arguments or "{}")
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise InvalidAnswerError(
            f"{who} called the tool {name!r} with arguments that are no JSON object.",
            retryable=True,
            billed="yes",
            tokens=tokens,
        )
    spec = next((tool for tool in tools if tool.name == name), None)
    decoded = wire_schema(spec.arguments, OPENAI).decoded(value) if spec else value
    return ToolCallPart(id=call_id, name=name, arguments=decoded)


def schema_name(model: type[BaseModel]) -> str:
    """A model's name as schemas may be called."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", model.__name__)[:64] or "answer"


def _named(model: type[BaseModel]) -> dict[str, Any]:
    return {"name": schema_name(model), "schema": wire_schema(model, OPENAI).schema}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    parameters = wire_schema(tool.arguments, OPENAI).schema
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": parameters,
        "strict": True,
    }


class _Marker:
    """Marks parts for the prompt cache: the last few, and only prefixes that are long enough to be kept."""

    def __init__(self, request: LLMRequest, model: Model) -> None:
        wished = [part for message in request.messages for part in message.content if _marked(part)]
        room = _MARKS - int(request.cache_system and bool(request.system))
        self._kept = {id(part) for part in wished[len(wished) - room :]} if len(wished) > room else set(map(id, wished))
        self._least = model.cache_minimum
        self._so_far = len(json.dumps([_tool(tool) for tool in request.tools])) if request.tools else 0
        self.used = False

    def mark(self, block: dict[str, Any], text: str, wished: bool) -> dict[str, Any]:
        """The block, marked where that is wished and of use."""
        self._so_far += len(text.encode())
        # A token is three bytes or more of ordinary text: shorter prefixes would not be kept.
        long_enough = self._least is not None and self._so_far >= self._least * 3
        if not (wished and long_enough):
            return block
        self.used = True
        return {**block, "prompt_cache_breakpoint": {"mode": "explicit"}}

    def wished(self, part: Part) -> bool:
        """Whether a part is one of those to be marked."""
        return id(part) in self._kept


def _marked(part: Part) -> bool:
    return isinstance(part, TextPart) and part.cache


def _system(request: LLMRequest, marker: _Marker) -> list[dict[str, Any]]:
    if not request.system:
        return []
    block = marker.mark({"type": "input_text", "text": request.system}, request.system, request.cache_system)
    return [{"role": "developer", "content": [block]}]


def _items(message: Message, marker: _Marker) -> list[dict[str, Any]]:
    """A turn as items. One of our own answers goes back exactly as it came: its reasoning is bound to it."""
    if message.role == "assistant":
        own = [part.block for part in message.content if isinstance(part, ProviderPart) and part.provider == NAME]
        return own or _assistant(message)
    results = [_result(part) for part in message.content if isinstance(part, ToolResultPart)]
    content = [
        _input(part, marker) for part in message.content if isinstance(part, TextPart | ImagePart | DocumentPart)
    ]
    return [*results, *([{"role": "user", "content": content}] if content else [])]


def _assistant(message: Message) -> list[dict[str, Any]]:
    """Another provider's answer."""
    items: list[dict[str, Any]] = []
    for part in message.content:
        if isinstance(part, TextPart) and part.text:
            items.append({"role": "assistant", "content": [{"type": "output_text", "text": part.text}]})
        elif isinstance(part, ToolCallPart):
            arguments = json.dumps(part.arguments, ensure_ascii=False)
            items.append({"type": "function_call", "call_id": part.id, "name": part.name, "arguments": arguments})
    return items


def _input(part: TextPart | ImagePart | DocumentPart, marker: _Marker) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return marker.mark({"type": "input_text", "text": part.text}, part.text, marker.wished(part))
    if isinstance(part, ImagePart):
        return {"type": "input_image", "image_url": f"data:{part.media_type};base64,{part.data}", "detail": "high"}
    data = f"data:application/pdf;base64,{part.data}"
    return {"type": "input_file", "filename": part.title or "document.pdf", "file_data": data}


def _result(part: ToolResultPart) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for inner in part.content:
        if isinstance(inner, TextPart):
            content.append({"type": "input_text", "text": inner.text})
        else:
            url = f"data:{inner.media_type};base64,{inner.data}"
            content.append({"type": "input_image", "image_url": url, "detail": "high"})
    if part.is_error:
        content.insert(0, {"type": "input_text", "text": "The tool failed:"})
    return {"type": "function_call_output", "call_id": part.id, "output": content or "(nothing)"}


def _reasoning(request: LLMRequest, model: Model, effort: Effort | None, notices: list[str]) -> dict[str, str]:
    """The `reasoning` field; empty leaves it to the model's default."""
    if effort and effort not in model.effort:
        if model.thinking:
            notices.append(f"{model.name} has no effort {effort}; its default is used.")
        effort = None
    if request.thinking == "adaptive":
        if "adaptive" not in model.thinking:
            notices.append(f"{model.name} does not reason; it answers without.")
            return {}
        return {"summary": "auto", **({"effort": effort} if effort else {})}
    if not model.thinking:
        return {}
    if "disabled" in model.thinking:
        if request.effort:
            notices.append(f"Effort {request.effort} is how deep {model.name} reasons; it was asked not to.")
        return {"effort": "none"}
    notices.append(f"{model.name} always thinks first; it cannot be told not to.")
    return {"effort": effort or model.effort[0]} if model.effort else {}


def _tokens(usage: ResponseUsage) -> Tokens:
    """The total includes what was read from and written to the prompt cache."""
    details = usage.input_tokens_details
    read = (details.cached_tokens or 0) if details else 0
    written = (getattr(details, "cache_write_tokens", 0) or 0) if details else 0
    split = getattr(details, "cache_write_tokens_details", None)
    long = (split.ttl_12h_tokens or 0) if split else 0
    return Tokens(
        input=max(0, usage.input_tokens - read - written),
        cache_read=read,
        cache_write_5m=written - long,
        cache_write_1h=long,
        output=usage.output_tokens,
    )


def _stop(response: Response, refused: bool, called: bool) -> str | None:
    """Why it ended, in Claude's words."""
    if response.status == "incomplete":
        reason = response.incomplete_details.reason if response.incomplete_details else None
        return {"max_output_tokens": "max_tokens", "content_filter": "refusal"}.get(reason or "", "max_tokens")
    if response.status != "completed":
        return None
    if refused:
        return "refusal"
    return "tool_use" if called else "end_turn"
