"""Gemini's `generateContent`: a request as its body, a response (or its pieces) as an `Answer`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import InvalidAnswerError, RejectedError, UnavailableError
from aifirst_dagster.llm.providers.gemini_errors import WHO
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
    TextPart,
    Tokens,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
)
from aifirst_dagster.llm.wire_schema import GEMINI, wire_schema

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse, GenerateContentResponseUsageMetadata

NAME = "gemini"
#: Ids of calls that came without one; they are ours alone and do not go back.
_OURS = "unnamed-"
_TRUNCATED = {"MAX_TOKENS", "CONTINUATION"}
_AGAIN = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"}
_REFUSED = {
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION", "MODEL_ARMOR",
    "PUP_LIMITED_DISABLED", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
}  # fmt: skip


def request_body(
    request: LLMRequest, model: Model, max_tokens: int, effort: Effort | None, notices: list[str]
) -> dict[str, Any]:
    """The request: `contents` as in the REST API, `config` as the SDK's `GenerateContentConfig`."""
    config: dict[str, Any] = {"maxOutputTokens": max_tokens}
    if request.system:
        config["systemInstruction"] = request.system
    thinking = _thinking(request, model, effort, notices)
    if thinking:
        config["thinkingConfig"] = thinking
    if request.output is not None:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = wire_schema(request.output, GEMINI).schema
    if request.tools:
        config["tools"] = [{"functionDeclarations": [_tool(tool) for tool in request.tools]}]
    contents = [{"role": _role(message), "parts": _parts(message)} for message in request.messages]
    return {"model": model.name, "contents": [content for content in contents if content["parts"]], "config": config}


def image_tokens(width: int, height: int) -> int:
    """Tokens at most for an image: the budget of the finest media resolution, whatever its size."""
    return 2_240


#: Tokens at most for the picture of a PDF page.
PAGE_TOKENS = 2_240


def answer(responses: Iterable[GenerateContentResponse], tools: tuple[ToolSpec, ...]) -> Answer:
    """One response, or the pieces of a stream, as an answer.

    Raises:
        LLMError: It is no response; or the model's call of a tool cannot be read.
    """
    blocks: list[dict[str, Any]] = []
    finish: str | None = None
    details = model = ""
    usage: GenerateContentResponseUsageMetadata | None = None
    request_id: str | None = None
    for response in responses:
        usage = response.usage_metadata or usage
        model, request_id = response.model_version or model, response.response_id or request_id
        feedback = response.prompt_feedback
        if feedback and feedback.block_reason:
            finish, details = "PROHIBITED_CONTENT", f"prompt blocked: {feedback.block_reason.value}"
        for candidate in (response.candidates or ())[:1]:
            if candidate.finish_reason:
                finish, details = candidate.finish_reason.value, candidate.finish_message or ""
            for part in (candidate.content.parts or ()) if candidate.content else ():
                _collect(blocks, part.model_dump(mode="json", exclude_none=True, by_alias=True))
    if usage is None and finish is None and not blocks:
        raise malformed(WHO, "it holds neither candidates nor usage")
    tokens = _tokens(usage)
    return Answer(
        content=tuple(_seen(blocks, tools)),
        text="".join(block["text"] for block in blocks if block.get("text") and not block.get("thought")),
        thinking="".join(block["text"] for block in blocks if block.get("text") and block.get("thought")),
        stop_reason=_stop(finish, details, any("functionCall" in block for block in blocks), tokens),
        stop_details=f"{finish}: {details}" if details else (finish or ""),
        tokens=tokens,
        model=model,
        request_id=request_id,
    )


def _collect(blocks: list[dict[str, Any]], block: dict[str, Any]) -> None:
    """Pieces of one text become one; whatever carries a signature stays as it came."""
    plain = {"text", "thought"}
    if blocks and set(block) <= plain >= set(blocks[-1]) and block.get("thought") == blocks[-1].get("thought"):
        blocks[-1] = {**blocks[-1], "text": blocks[-1].get("text", "") + block.get("text", "")}
    elif block and block != {"text": ""}:
        blocks.append(block)


def _seen(blocks: list[dict[str, Any]], tools: tuple[ToolSpec, ...]) -> Iterable[Part]:
    """Every part as it came, to be sent back; and what callers read of it."""
    for place, block in enumerate(blocks):
        yield ProviderPart(provider=NAME, block=block)
        if block.get("text") and not block.get("thought"):
            yield TextPart(text=block["text"])
        if "functionCall" in block:
            call = block["functionCall"]
            spec = next((tool for tool in tools if tool.name == call["name"]), None)
            arguments = call.get("args") or {}
            decoded = wire_schema(spec.arguments, GEMINI).decoded(arguments) if spec else arguments
            yield ToolCallPart(id=call.get("id") or f"{_OURS}{place}", name=call["name"], arguments=decoded)


def _role(message: Message) -> str:
    return "model" if message.role == "assistant" else "user"


def _parts(message: Message) -> list[dict[str, Any]]:
    """A turn's parts. One of our own answers goes back exactly as it came: signatures are bound to their parts."""
    own = [part.block for part in message.content if isinstance(part, ProviderPart) and part.provider == NAME]
    if own:
        return own
    results = [_result(part) for part in message.content if isinstance(part, ToolResultPart)]
    return results + [block for part in message.content if (block := _part(part))]


def _part(part: Part) -> dict[str, Any] | None:
    if isinstance(part, TextPart):
        return {"text": part.text} if part.text else None
    if isinstance(part, ImagePart):
        return _inline(part.media_type, part.data)
    if isinstance(part, DocumentPart):
        return _inline("application/pdf", part.data)
    if isinstance(part, ToolCallPart):
        # Another provider's call has no signature; Google says to put this in its place.
        return {"functionCall": _identified(part, args=part.arguments), "thoughtSignature": _SKIP}
    return None


#: Google's documented stand-in for the signature of a call that another model made.
_SKIP = "skip_thought_signature_validator"


def _result(part: ToolResultPart) -> dict[str, Any]:
    text = "\n".join(inner.text for inner in part.content if isinstance(inner, TextPart))
    images = [_inline(inner.media_type, inner.data) for inner in part.content if isinstance(inner, ImagePart)]
    response: dict[str, Any] = {"error" if part.is_error else "output": text or ("(images)" if images else "(nothing)")}
    found = _identified(part, response=response)
    return {"functionResponse": {**found, "parts": images} if images else found}


def _identified(part: ToolCallPart | ToolResultPart, **more: Any) -> dict[str, Any]:
    return {**({} if part.id.startswith(_OURS) else {"id": part.id}), "name": part.name, **more}


def _inline(media_type: str, data: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": media_type, "data": data}}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    schema = wire_schema(tool.arguments, GEMINI).schema
    return {"name": tool.name, "description": tool.description, "parametersJsonSchema": schema}


def _thinking(request: LLMRequest, model: Model, effort: Effort | None, notices: list[str]) -> dict[str, Any]:
    """The thinking level; empty leaves it to the model's default."""
    if not model.thinking:
        if request.thinking == "adaptive":
            notices.append(f"{model.name} does not think; it answers without.")
        return {}
    if effort and effort not in model.effort:
        notices.append(f"{model.name} has no effort {effort}; its default is used.")
        effort = None
    level = {"thinkingLevel": effort.upper()} if effort else {}
    if request.thinking == "adaptive":
        return {**level, "includeThoughts": True}
    if "disabled" in model.thinking:
        return {"thinkingBudget": 0}
    notices.append(f"{model.name} always thinks first; it cannot be told not to.")
    return level or ({"thinkingLevel": model.effort[0].upper()} if model.effort else {})


def _tokens(usage: GenerateContentResponseUsageMetadata | None) -> Tokens:
    """The prompt's count includes what was read from the cache; thoughts are counted beside the answer."""
    if usage is None:
        return Tokens()
    cached = usage.cached_content_token_count or 0
    given = (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0)
    wrote = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
    return Tokens(input=max(0, given - cached), cache_read=cached, output=wrote)


def _stop(finish: str | None, details: str, called: bool, tokens: Tokens) -> str | None:
    """Why it ended, in Claude's words."""
    said = f"{finish}: {details}" if details else str(finish)
    if finish in _AGAIN:
        raise InvalidAnswerError(
            f"The model's answer cannot be used ({said}).", retryable=True, billed="yes", tokens=tokens
        )
    if finish == "MISSING_THOUGHT_SIGNATURE":
        raise RejectedError(f"{WHO} misses a thought signature ({details}).", billed="yes", tokens=tokens)
    if finish == "OTHER":
        raise UnavailableError(f"{WHO} stopped ({said}).", retryable=True, billed="yes", tokens=tokens)
    if finish in _TRUNCATED:
        return "max_tokens"
    if finish in _REFUSED:
        return "refusal"
    if finish in (None, "FINISH_REASON_UNSPECIFIED"):
        return None
    return "tool_use" if called else ("end_turn" if finish == "STOP" else finish)


def counted_as(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What to count: the count takes contents only, so the system's words and the tools go in front as text."""
    config = body["config"]
    extra = [config.get("systemInstruction", ""), *(json.dumps(tool) for tool in config.get("tools", ()))]
    front = [{"role": "user", "parts": [{"text": text}]} for text in extra if text]
    return [*front, *body["contents"]]
