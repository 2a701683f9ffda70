"""Chat completions, as llama.cpp, vLLM and Ollama speak them: a request as its body, chunks as an `Answer`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.providers.claude_wire import asked_for
from aifirst_dagster.llm.providers.openai_wire import schema_name, tool_call
from aifirst_dagster.llm.providers.sdk_failures import malformed
from aifirst_dagster.llm.types import (
    Answer,
    DocumentPart,
    ImagePart,
    LLMRequest,
    Message,
    Part,
    RateLimit,
    TextPart,
    Tokens,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
)
from aifirst_dagster.llm.wire_schema import OPENAI, wire_schema

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

WHO = "The local server"
_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def request_body(request: LLMRequest, model: Model, max_tokens: int, stream: bool, schema: bool) -> dict[str, Any]:
    """The body of `POST /v1/chat/completions`.

    Args:
        request: What is asked.
        model: Who is asked.
        max_tokens: Cap on the answer.
        stream: Whether the answer comes in pieces.
        schema: Whether the server holds the model to a schema; otherwise the prompt asks for it.
    """
    messages = [{"role": "system", "content": request.system}] if request.system else []
    body: dict[str, Any] = {
        "model": model.name,
        "max_tokens": max_tokens,
        "messages": [*messages, *(turn for message in request.messages for turn in _turns(message))],
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    if request.output is not None:
        body["response_format"] = _format(request.output)
        body = body if schema else without_schema(body)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    return body


def without_schema(body: dict[str, Any]) -> dict[str, Any]:
    """The same request with its schema in the prompt instead of `response_format`."""
    rest = {name: value for name, value in body.items() if name != "response_format"}
    asked = asked_for(body["response_format"]["json_schema"]["schema"])
    messages: list[dict[str, Any]] = body["messages"]
    if messages[0]["role"] == "system":
        first = {"role": "system", "content": f"{messages[0]['content']}\n\n{asked}"}
        return {**rest, "messages": [first, *messages[1:]]}
    return {**rest, "messages": [{"role": "system", "content": asked}, *messages]}


@dataclass
class Collected:
    """An answer as it comes in."""

    text: str = ""
    thinking: str = ""
    stop: str | None = None
    model: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    calls: dict[int, dict[str, str]] = field(default_factory=dict)

    def answer(self, tools: tuple[ToolSpec, ...], request_id: str | None, limits: tuple[RateLimit, ...]) -> Answer:
        """What was collected, as an answer."""
        # A call cut off by the cap is no call.
        whole = self.stop != "length"
        calls = [
            tool_call(WHO, tools, call["id"] or f"call_{place}", call["name"], call["arguments"], self.tokens)
            for place, call in sorted(self.calls.items())
            if whole
        ]
        content: list[Part] = [*([TextPart(text=self.text)] if self.text else []), *calls]
        stop = _STOPS.get(self.stop, self.stop) if self.stop else None
        return Answer(
            content=tuple(content),
            text=self.text,
            thinking=self.thinking,
            # Some servers say `stop` after a call.
            stop_reason="tool_use" if calls and stop == "end_turn" else stop,
            tokens=self.tokens,
            model=self.model,
            request_id=request_id,
            limits=limits,
        )


def whole(completion: ChatCompletion) -> Collected:
    """A completion that came in one piece.

    Raises:
        UnavailableError: It is no completion.
    """
    choices = getattr(completion, "choices", None)
    if not choices:
        raise malformed(WHO, "it holds no choices")
    message, found = choices[0].message, Collected(stop=choices[0].finish_reason, model=completion.model)
    found.text = message.content or ""
    found.thinking = getattr(message, "reasoning_content", None) or ""
    found.tokens = _tokens(completion.usage)
    for place, call in enumerate(message.tool_calls or ()):
        if call.type == "function":
            found.calls[place] = {
                "id": call.id,
                "name": call.function.name,
                "arguments": call.function.arguments,
            }
    return found


async def collected(chunks: AsyncIterator[ChatCompletionChunk]) -> Collected:
    """A completion from its pieces; `stop` stays None where the last ones did not come."""
    found = Collected()
    async for chunk in chunks:
        found.model = chunk.model or found.model
        if chunk.usage:
            found.tokens = _tokens(chunk.usage)
        for choice in chunk.choices[:1]:
            found.stop = choice.finish_reason or found.stop
            found.text += choice.delta.content or ""
            found.thinking += getattr(choice.delta, "reasoning_content", None) or ""
            for piece in choice.delta.tool_calls or ():
                call = found.calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
                call["id"] = piece.id or call["id"]
                if piece.function:
                    call["name"] += piece.function.name or ""
                    call["arguments"] += piece.function.arguments or ""
    return found


def _tokens(usage: Any) -> Tokens:
    """Zero where a server does not count: it costs nothing."""
    if usage is None:
        return Tokens()
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens or 0) if details else 0
    return Tokens(input=max(0, usage.prompt_tokens - cached), cache_read=cached, output=usage.completion_tokens)


def _format(model: type[BaseModel]) -> dict[str, Any]:
    held = {"name": schema_name(model), "strict": True, "schema": wire_schema(model, OPENAI).schema}
    return {"type": "json_schema", "json_schema": held}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    parameters = wire_schema(tool.arguments, OPENAI).schema
    described = {"name": tool.name, "description": tool.description, "parameters": parameters, "strict": True}
    return {"type": "function", "function": described}


def _turns(message: Message) -> list[dict[str, Any]]:
    if message.role == "assistant":
        calls = [_call(part) for part in message.content if isinstance(part, ToolCallPart)]
        if not calls and not message.text:
            return []
        return [{"role": "assistant", "content": message.text or None, **({"tool_calls": calls} if calls else {})}]
    results = [part for part in message.content if isinstance(part, ToolResultPart)]
    turns = [{"role": "tool", "tool_call_id": part.id, "content": _said(part)} for part in results]
    # A tool's message holds text only: its images follow as the user's.
    images = [inner for part in results for inner in part.content if isinstance(inner, ImagePart)]
    own = [part for part in message.content if isinstance(part, TextPart | ImagePart | DocumentPart)]
    content = [_block(part) for part in (*images, *own)]
    if content and all(block["type"] == "text" for block in content):
        # Some servers take no list of blocks.
        return [*turns, {"role": "user", "content": "\n".join(block["text"] for block in content)}]
    return [*turns, *([{"role": "user", "content": content}] if content else [])]


def _call(part: ToolCallPart) -> dict[str, Any]:
    arguments = json.dumps(part.arguments, ensure_ascii=False)
    return {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": arguments}}


def _said(part: ToolResultPart) -> str:
    text = "\n".join(inner.text for inner in part.content if isinstance(inner, TextPart))
    if not text and any(isinstance(inner, ImagePart) for inner in part.content):
        text = "(an image; it follows)"
    return f"The tool failed: {text}" if part.is_error else text or "(nothing)"


def _block(part: TextPart | ImagePart | DocumentPart) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImagePart):
        return {"type": "image_url", "image_url": {"url": f"data:{part.media_type};base64,{part.data}"}}
    data = f"data:application/pdf;base64,{part.data}"
    return {"type": "file", "file": {"filename": part.title or "document.pdf", "file_data": data}}
