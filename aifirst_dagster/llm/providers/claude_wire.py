"""The Messages API's wire format: a request as its body, a message as an `Answer`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.catalogue import Model
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
from aifirst_dagster.llm.wire_schema import CLAUDE, wire_schema

if TYPE_CHECKING:
    from anthropic.types import Message as WireMessage

NAME = "claude"
WHO = "Claude"
_DEEP = ("xhigh", "max")
#: Cache marks that a request may carry, and tools that may be strict (docs: prompt caching, structured outputs).
_MARKS, _STRICT_TOOLS = 4, 20
#: Tokens at most for the picture of a PDF page: the cap of an image.
PAGE_TOKENS = 4_784


def request_body(
    request: LLMRequest, model: Model, max_tokens: int, effort: Effort | None, schema: bool, notices: list[str]
) -> tuple[dict[str, Any], bool]:
    """The body of `POST /v1/messages`, and whether it asks for something to be written to the prompt cache.

    Args:
        request: What is asked.
        model: Who is asked.
        max_tokens: Cap on the answer.
        effort: How deep, where wished.
        schema: Whether answers are held to a schema; otherwise the prompt asks for it.
        notices: Gets what the model could not be asked as wished.
    """
    marker = _Marker(request, model)
    thinking = _thinking(request, model, notices)
    body: dict[str, Any] = {"model": model.name, "max_tokens": max_tokens}
    if request.tools:
        body["tools"] = _tools(request)
    system = request.system
    if request.output is not None and not schema:
        system = "\n\n".join(text for text in (system, asked_for(wire_schema(request.output).schema)) if text)
    if system:
        body["system"] = marker.system(system, request.cache_system)
    body["messages"] = [_message(message, marker) for message in request.messages]
    if thinking:
        body["thinking"] = thinking
    output = _output_config(request, effort, model, thinking, schema, notices)
    if output:
        body["output_config"] = output
    return body, marker.used


def asked_for(schema: dict[str, Any]) -> str:
    """A schema in words, for who cannot be held to it."""
    return (
        "Answer with one JSON object and nothing else: no explanation before or after it, no code fence. "
        f"It must satisfy this JSON Schema:\n{json.dumps(schema, ensure_ascii=False)}"
    )


def image_tokens(width: int, height: int) -> int:
    """Tokens at most for an image: patches of 28 pixels, up to the cap of today's models (docs, vision)."""
    return min(-(-width // 28) * -(-height // 28), PAGE_TOKENS)


def answer(
    message: WireMessage, tools: tuple[ToolSpec, ...], request_id: str | None, limits: tuple[RateLimit, ...]
) -> Answer:
    """The message as it came, and what it says.

    Raises:
        UnavailableError: It is no message.
    """
    # The SDK hands through what is no message at all (a proxy's text, say) unless told to be strict.
    usage = getattr(message, "usage", None)
    if usage is None or getattr(message, "content", None) is None:
        raise malformed(WHO, "it holds no message with its usage")
    parts: list[Part] = []
    for block in message.content:
        if block.type == "text":
            parts.append(TextPart(text=block.text))
            continue
        parts.append(ProviderPart(provider=NAME, block=block.model_dump(mode="json", exclude_unset=True)))
        if block.type == "tool_use":
            parts.append(_tool_call(block.id, block.name, block.input, tools))
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


class _Marker:
    """Marks prefixes for the prompt cache: four at most, the latest, and only those long enough to be kept."""

    def __init__(self, request: LLMRequest, model: Model) -> None:
        wished = [part for message in request.messages for part in message.content if _wished(part)]
        room = _MARKS - int(request.cache_system and bool(request.system))
        self._kept = {id(part) for part in wished[-room:]}
        self._least = model.cache_minimum
        self._so_far = len(json.dumps(_tools(request))) if request.tools else 0
        self.used = False

    def system(self, text: str, wished: bool) -> str | list[dict[str, Any]]:
        """The system prompt, as a marked block where that is wished and of use."""
        block = self._marked({"type": "text", "text": text}, text, wished)
        return [block] if "cache_control" in block else text

    def text(self, part: TextPart) -> dict[str, Any]:
        """A text block."""
        return self._marked({"type": "text", "text": part.text}, part.text, id(part) in self._kept)

    def _marked(self, block: dict[str, Any], text: str, wished: bool) -> dict[str, Any]:
        self._so_far += len(text.encode())
        # A token is three bytes or more of ordinary text: shorter prefixes would not be kept.
        long_enough = self._least is not None and self._so_far >= self._least * 3
        if not (wished and long_enough):
            return block
        self.used = True
        return {**block, "cache_control": {"type": "ephemeral"}}


def _wished(part: Part) -> bool:
    return isinstance(part, TextPart) and part.cache and bool(part.text)


def _tools(request: LLMRequest) -> list[dict[str, Any]]:
    """Strict as long as the request's schemas stay within what is compiled; the rest is validated when called."""
    held = wire_schema(request.output) if request.output is not None else None
    optional, unions = (held.optional, held.unions) if held else (0, 0)
    found = []
    for place, tool in enumerate(request.tools):
        wire = wire_schema(tool.arguments)
        optional, unions = optional + wire.optional, unions + wire.unions
        within = optional <= CLAUDE.optional and unions <= (CLAUDE.unions or 0) and place < _STRICT_TOOLS
        described = {"name": tool.name, "description": tool.description, "input_schema": wire.schema}
        found.append({**described, "strict": True} if within else described)
    return found


def _tool_call(call_id: str, name: str, given: Any, tools: tuple[ToolSpec, ...]) -> ToolCallPart:
    spec = next((tool for tool in tools if tool.name == name), None)
    return ToolCallPart(id=call_id, name=name, arguments=wire_schema(spec.arguments).decoded(given) if spec else given)


def _message(message: Message, marker: _Marker) -> dict[str, Any]:
    own = [part.block for part in message.content if isinstance(part, ProviderPart) and part.provider == NAME]
    # Our own calls go back as they came, arguments included: what is thought later is bound to them.
    called = {block["id"] for block in own if block.get("type") == "tool_use"}
    blocks: list[dict[str, Any]] = [_result(part) for part in message.content if isinstance(part, ToolResultPart)]
    for part in message.content:
        if isinstance(part, TextPart) and part.text:
            blocks.append(marker.text(part))
        elif isinstance(part, ProviderPart) and part.provider == NAME:
            blocks.append(part.block)
        elif isinstance(part, ImagePart | DocumentPart):
            blocks.append(_media(part))
        elif isinstance(part, ToolCallPart) and part.id not in called:
            blocks.append({"type": "tool_use", "id": part.id, "name": part.name, "input": part.arguments})
    return {"role": message.role, "content": blocks}


def _result(part: ToolResultPart) -> dict[str, Any]:
    content = [
        {"type": "text", "text": inner.text or "(nothing)"} if isinstance(inner, TextPart) else _media(inner)
        for inner in part.content
    ]
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": part.id, "content": content or "(nothing)"}
    return {**block, "is_error": True} if part.is_error else block


def _media(part: ImagePart | DocumentPart) -> dict[str, Any]:
    if isinstance(part, ImagePart):
        return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": part.data}}
    source = {"type": "base64", "media_type": "application/pdf", "data": part.data}
    return {"type": "document", "source": source, **({"title": part.title} if part.title else {})}


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
    request: LLMRequest,
    effort: Effort | None,
    model: Model,
    thinking: dict[str, Any] | None,
    schema: bool,
    notices: list[str],
) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if effort in _DEEP and thinking == {"type": "between_tools"}:
        notices.append(f"{model.name} takes effort {effort} only with thinking; high is used.")
        effort = "high"
    if effort and effort not in model.effort:
        notices.append(f"{model.name} has no effort {effort}; its default is used.")
    elif effort:
        config["effort"] = effort
    if request.output is not None and schema:
        config["format"] = {"type": "json_schema", "schema": wire_schema(request.output).schema}
    return config


def _details(message: WireMessage) -> str:
    details = getattr(message, "stop_details", None)
    said = (getattr(details, "category", None), getattr(details, "explanation", None))
    return ": ".join(str(part) for part in said if part)
