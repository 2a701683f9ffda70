"""What a loopback Claude server says: messages with their bill, as a whole and as events; models as it lists them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from aifirst_dagster_tests.loopback import pixels
from aifirst_dagster_tests.loopback.claude_cache import Cached, PromptCache
from aifirst_dagster_tests.loopback.claude_rules import MODELS, signature
from aifirst_dagster_tests.loopback.replies import Reply
from aifirst_dagster_tests.loopback.server import pieces, tokens


def listed(name: str) -> dict[str, Any]:
    """A model as the list shows it."""
    most, thinking, _ = MODELS[name]
    kinds = {kind: {"supported": kind in thinking} for kind in ("adaptive", "between_tools", "disabled", "enabled")}
    names = ("batch", "citations", "code_execution", "image_input", "pdf_input", "structured_outputs")
    return {
        "id": name,
        "type": "model",
        "display_name": name,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "deprecated" if name == "claude-sonnet-4-5" else "active",
        "deprecated_at": None,
        "retires_at": "2026-11-30T00:00:00Z" if name == "claude-sonnet-4-5" else None,
        "line": name.split("-")[1],
        "max_input_tokens": 200_000 if name == "claude-sonnet-4-5" else 1_000_000,
        "max_tokens": most,
        "capabilities": {
            **{capability: {"supported": True} for capability in names},
            "context_management": {"supported": False},
            "effort": {level: {"supported": True} for level in ("low", "medium", "high", "xhigh", "max")}
            | {"supported": True},
            "thinking": {"supported": True, "types": kinds},
            "server_tools": {
                "supported": True,
                "web_search": {"supported": True},
                "code_execution": {"supported": True},
            },
        },
    }


def message_of(cache: PromptCache, body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    """A whole message: what the reply says, billed as the prompt cache has it unless the reply says otherwise."""
    content: list[dict[str, Any]] = []
    thinks = (body.get("thinking") or {}).get("type") == "adaptive"
    if reply.thinking and thinks:
        shown = reply.thinking if body["thinking"].get("display") == "summarized" else ""
        sealed = signature(body, len(body["messages"]), shown)
        content.append({"type": "thinking", "thinking": shown, "signature": sealed})
    if reply.text:
        content.append({"type": "text", "text": reply.text})
    for use in reply.tools:
        content.append(
            {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:20]}", "name": use.name, "input": use.arguments}
        )
    scripted = reply.input_tokens is not None or reply.cache_read or reply.cache_write_5m or reply.cache_write_1h
    if scripted:
        given = reply.input_tokens if reply.input_tokens is not None else pixels.tokens(body)
        paid = Cached(given, reply.cache_read, reply.cache_write_5m, reply.cache_write_1h)
    else:
        paid = cache.bill(body, pixels.tokens(body))
    out = reply.output_tokens if reply.output_tokens is not None else tokens(reply.text + reply.thinking)
    written = {"ephemeral_5m_input_tokens": paid.written_5m, "ephemeral_1h_input_tokens": paid.written_1h}
    refused = {"type": "refusal", "category": reply.refusal_category, "explanation": None}
    return {
        "id": f"msg_{uuid.uuid4().hex[:20]}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": "tool_use" if reply.tools and reply.stop_reason == "end_turn" else reply.stop_reason,
        "stop_sequence": None,
        "stop_details": refused if reply.stop_reason == "refusal" else None,
        "usage": {
            "input_tokens": paid.fresh,
            "output_tokens": out,
            "cache_read_input_tokens": paid.read,
            "cache_creation_input_tokens": paid.written_5m + paid.written_1h,
            "cache_creation": written,
        },
    }


def billed_message(cache: PromptCache, body: dict[str, Any], reply: Reply) -> tuple[dict[str, Any], dict[str, int]]:
    """A message of a batch, and its bill."""
    message = message_of(cache, body, reply)
    message["usage"]["service_tier"] = "batch"
    return message, bill_of(message["usage"])


def bill_of(usage: dict[str, Any]) -> dict[str, int]:
    """Input and output tokens of a message's usage."""
    cached = usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    return {"input_tokens": usage["input_tokens"] + cached, "output_tokens": usage["output_tokens"]}


def events_of(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A message as a stream's events."""
    usage = message["usage"]
    start = {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_details": None,
        "usage": {**usage, "output_tokens": 1},
    }
    yield {"type": "message_start", "message": start}
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        if block["type"] == "thinking":
            empty = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        elif block["type"] == "tool_use":
            empty = {**block, "input": {}}
            written = json.dumps(block["input"])
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces(written))]
        else:
            empty = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ended = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": usage["output_tokens"]}}
    yield {"type": "message_stop"}
