"""What today's Messages API refuses (version 2026-10-21), as far as this project can run into it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from aifirst_dagster_tests.loopback import pixels
from aifirst_dagster_tests.loopback.server import Refused

VERSION = "2026-10-21"
#: Models on offer: output cap, accepted thinking types, whether tools may be forced.
MODELS: dict[str, tuple[int, set[str], bool]] = {
    "claude-sonnet-5-5": (128_000, {"adaptive", "between_tools"}, False),
    "claude-sonnet-5": (128_000, {"adaptive", "disabled"}, True),
    "claude-haiku-5-5": (128_000, {"adaptive", "disabled"}, True),
    "claude-opus-5-5": (128_000, {"adaptive"}, False),
    "claude-sonnet-4-5": (64_000, {"disabled", "enabled"}, True),
}
_KEYS = {
    "model", "max_tokens", "messages", "system", "stream", "thinking", "output_config", "tools", "tool_choice",
    "cache_control", "metadata", "service_tier", "stop_sequences", "inference_geo", "container", "speed",
}  # fmt: skip
_SCHEMA_KEYS = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "allOf", "$ref",
    "$defs", "description", "title", "format", "minItems",
}  # fmt: skip
_TOOL_KEYS = {"name", "description", "input_schema", "strict", "cache_control", "type"}
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}


def authorize(headers: dict[str, str], key: str) -> None:
    """Raise `Refused` without the right key and version."""
    if headers.get("authorization") != f"Bearer {key}":
        raise Refused(401, "authentication_error", "invalid bearer token")
    _must(headers.get("anthropic-version") == VERSION, f"anthropic-version: must be {VERSION}")


def check(headers: dict[str, str], body: Any, key: str, counting: bool = False) -> None:
    """Raise `Refused` for what the API would refuse; a count of tokens takes the same, without `max_tokens`."""
    authorize(headers, key)
    _must(isinstance(body, dict), "body: not an object")
    if counting:
        _must("max_tokens" not in body, "max_tokens: Extra inputs are not permitted")
        body = {**body, "max_tokens": 1}
    for name in ("temperature", "top_p", "top_k"):
        _must(name not in body, f"{name}: sampling parameters are not supported")
    for name in body:
        _must(name in _KEYS, f"{name}: Extra inputs are not permitted")
    model = body.get("model")
    if model not in MODELS:
        raise Refused(404, "not_found_error", f"model: {model}")
    most, _, _ = MODELS[model]
    tokens = body.get("max_tokens")
    _must(isinstance(tokens, int) and 1 <= tokens <= most, f"max_tokens: {tokens} > {most} or no integer")
    _tools(body)
    _thinking(body)
    _messages(body)
    _output_config(body)
    _compiled(body)
    _marks(body)


def signature(body: dict[str, Any], upto: int, thinking: str) -> str:
    """The signature of a thinking block: bound to the model and everything said before it."""
    before = [body["model"], body.get("system"), body.get("tools"), _content(body["messages"][:upto]), thinking]
    return hashlib.sha256(json.dumps(before, sort_keys=True).encode()).hexdigest()


def _must(holds: bool, message: str) -> None:
    if not holds:
        raise Refused(400, "invalid_request_error", message)


def _tools(body: dict[str, Any]) -> None:
    tools = body.get("tools", [])
    _must(len({tool.get("name") for tool in tools}) == len(tools), "tools: names must be unique")
    _must(sum(bool(tool.get("strict")) for tool in tools) <= 20, "tools: at most 20 strict tools")
    for tool in tools:
        _must(set(tool) <= _TOOL_KEYS, f"tools: extra keys in {sorted(tool)}")
        _must(bool(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool.get("name", ""))), "tools.name: does not match pattern")
        schema = tool.get("input_schema") or {}
        _must(schema.get("type") == "object", "tools.input_schema.type: must be object")
        if tool.get("strict"):
            counts = {"optional": 0, "unions": 0}
            _schema(schema, schema.get("$defs", {}), (), counts)
            _must(counts["optional"] <= 24, "tools: too many optional parameters")
    choice = (body.get("tool_choice") or {}).get("type")
    if choice in ("any", "tool"):
        _must(MODELS[body["model"]][2], "tool_choice: forced tool use is not supported by this model")


def _compiled(body: dict[str, Any]) -> None:
    """All that is strict in a request counts together."""
    schemas = [tool["input_schema"] for tool in body.get("tools", ()) if tool.get("strict")]
    form = (body.get("output_config") or {}).get("format")
    counts = {"optional": 0, "unions": 0}
    for schema in [*schemas, *([form["schema"]] if form else [])]:
        _schema(schema, schema.get("$defs", {}), (), counts)
    _must(counts["optional"] <= 24, f"strict schemas: {counts['optional']} optional parameters, limit 24")
    _must(counts["unions"] <= 16, f"strict schemas: {counts['unions']} union-typed parameters, limit 16")


def _marks(body: dict[str, Any]) -> None:
    """Prompt cache: four marks at most, on blocks that are not empty."""
    system = body.get("system")
    blocks = [*(system if isinstance(system, list) else []), *body.get("tools", ())]
    blocks += [block for message in body["messages"] for block in message["content"] if isinstance(block, dict)]
    marked = [block for block in blocks if "cache_control" in block]
    _must(len(marked) <= 4, f"A maximum of 4 blocks with cache_control may be provided. Found {len(marked)}.")
    for block in marked:
        control = block["cache_control"]
        _must(control.get("type") == "ephemeral" and control.get("ttl", "5m") in ("5m", "1h"), "cache_control: unknown")
        _must(block.get("text") != "", "cache_control cannot be set for empty text blocks")


def _media(index: int, role: str, block: dict[str, Any], images: int) -> None:
    kinds = {"image": {"image/jpeg", "image/png", "image/gif", "image/webp"}, "document": {"application/pdf"}}
    known = {
        "type",
        "source",
        "cache_control",
        *(("title", "context", "citations") if block["type"] != "image" else ()),
    }
    _must(role == "user", f"messages.{index}: {block['type']} blocks are not permitted for {role}")
    _must(set(block) <= known, f"messages.{index}: extra keys in {block['type']}")
    source = block.get("source") or {}
    _must(source.get("type") == "base64", f"messages.{index}.source.type: must be base64")
    _must(source.get("media_type") in kinds[block["type"]], f"messages.{index}.source.media_type: not supported")
    data = base64.b64decode(source.get("data", ""), validate=True)
    _must(bool(data) and len(source["data"]) <= 10_485_760, f"messages.{index}.source: empty or above 10 MB")
    _must(block["type"] == "image" or data.startswith(b"%PDF"), f"messages.{index}: The PDF specified was not valid.")
    wrong = pixels.fault(data, source["media_type"], images) if block["type"] == "image" else None
    _must(wrong is None, f"messages.{index}.content: {wrong}")


def _thinking(body: dict[str, Any]) -> None:
    thinking = body.get("thinking")
    if thinking is None:
        return
    kind = thinking.get("type")
    _must(kind in MODELS[body["model"]][1], f"thinking.type: {kind} is not supported by this model")
    _must(kind == "enabled" or "budget_tokens" not in thinking, "thinking.budget_tokens: not supported")
    effort = (body.get("output_config") or {}).get("effort")
    if kind == "between_tools":
        _must(set(thinking) == {"type"}, "thinking: between_tools takes no other field")
        _must(effort not in ("xhigh", "max"), "thinking.type: between_tools needs effort high or lower")
    elif "display" in thinking:
        _must(thinking["display"] in ("summarized", "omitted"), "thinking.display: unknown")


def _messages(body: dict[str, Any]) -> None:
    messages = body.get("messages")
    _must(isinstance(messages, list) and bool(messages), "messages: at least one message is required")
    _must(messages[-1]["role"] == "user", "messages: the conversation must end with a user message (no prefill)")
    _must(messages[0]["role"] == "user", "messages: first message must use the user role")
    for index, message in enumerate(messages):
        _must(message.get("role") in ("user", "assistant"), f"messages.{index}.role: unknown")
        content = message.get("content")
        _must(bool(content), f"messages.{index}: content must not be empty")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        for block in blocks:
            _block(body, index, message["role"], block)
        _results(messages, index, blocks)


def _block(body: dict[str, Any], index: int, role: str, block: dict[str, Any]) -> None:
    kind = block.get("type")
    if kind == "text":
        _must(set(block) <= {"type", "text", "cache_control", "citations"}, f"messages.{index}: extra keys in text")
        _must(bool(block.get("text")), f"messages.{index}: text content blocks must be non-empty")
        _must(not block.get("citations"), f"messages.{index}: citations are not permitted here")
        return
    if kind == "tool_use":
        _must(role == "assistant" and isinstance(block.get("input"), dict), f"messages.{index}: tool_use is misplaced")
        _must(bool(body.get("tools")), "tools: must be given where messages hold tool_use")
        return
    if kind == "tool_result":
        _must(role == "user", f"messages.{index}: tool_result is not permitted for {role}")
        _must(set(block) <= {"type", "tool_use_id", "content", "is_error", "cache_control"}, "tool_result: extra keys")
        kinds = {inner.get("type") for inner in block.get("content", []) if isinstance(inner, dict)}
        _must(kinds <= {"text", "image", "document"}, f"messages.{index}: tool_result cannot hold {kinds}")
        for inner in block.get("content", []):
            if isinstance(inner, dict) and inner["type"] in ("image", "document"):
                _media(index, role, inner, pixels.count(body))
        return
    if kind in ("image", "document"):
        _media(index, role, block, pixels.count(body))
        return
    _must(kind == "thinking" and role == "assistant", f"messages.{index}: block {kind} is not permitted for {role}")
    expected = signature(body, index, block.get("thinking", ""))
    _must(block.get("signature") == expected, f"messages.{index}: thinking block or what came before it was modified")


def _results(messages: list[dict[str, Any]], index: int, blocks: list[dict[str, Any]]) -> None:
    """Each call of a turn is answered in the next one, and nothing stands before the results."""
    before = messages[index - 1]["content"] if index else []
    called = [block["id"] for block in before if isinstance(block, dict) and block.get("type") == "tool_use"]
    kinds = [block.get("type") for block in blocks]
    answered = [block["tool_use_id"] for block in blocks if block.get("type") == "tool_result"]
    _must(
        sorted(answered) == sorted(called),
        f"messages.{index}: tool_use ids were found without tool_result blocks immediately after, or the reverse",
    )
    _must(
        "tool_result" not in kinds[len(answered) :],
        f"messages.{index}: tool_result blocks must come before any other content",
    )


def _content(messages: list[dict[str, Any]]) -> list[Any]:
    return [[message["role"], message["content"]] for message in messages]


def _output_config(body: dict[str, Any]) -> None:
    config = body.get("output_config") or {}
    _must(set(config) <= {"format", "effort"}, "output_config: Extra inputs are not permitted")
    _must(config.get("effort") in (None, "low", "medium", "high", "xhigh", "max"), "output_config.effort: unknown")
    if "format" not in config:
        return
    _must(config["format"].get("type") == "json_schema", "output_config.format.type: must be json_schema")
    schema = config["format"].get("schema")
    counts = {"optional": 0, "unions": 0}
    _schema(schema, schema.get("$defs", {}), (), counts)
    _must(counts["optional"] <= 24, f"output_config.format.schema: {counts['optional']} optional parameters, limit 24")
    _must(counts["unions"] <= 16, f"output_config.format.schema: {counts['unions']} union-typed parameters, limit 16")


def _schema(node: dict[str, Any], defs: dict[str, Any], above: tuple[str, ...], counts: dict[str, int]) -> None:
    where = "output_config.format.schema: "
    for name in node:
        _must(name in _SCHEMA_KEYS, f"{where}{name} is not supported")
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        _must(name in defs, f"{where}$ref {node['$ref']} does not resolve")
        _must(name not in above, f"{where}recursive schemas are not supported")
        _schema(defs[name], defs, (*above, name), counts)
        return
    known = {"anyOf", "allOf", "enum", "const", "type"}
    _must(bool(known & node.keys()), f"{where}a schema needs a type")
    if node.get("type") == "object":
        _must(node.get("additionalProperties") is False, f"{where}additionalProperties must be false")
        properties = node.get("properties", {})
        counts["optional"] += len(set(properties) - set(node.get("required", ())))
        for child in properties.values():
            _schema(child, defs, above, counts)
    if node.get("type") == "array":
        _must(node.get("minItems", 0) in (0, 1), f"{where}minItems above 1 is not supported")
        _schema(node.get("items", {}), defs, above, counts)
    _must(node.get("format", "date") in _FORMATS, f"{where}format {node.get('format')} is not supported")
    if "anyOf" in node:
        counts["unions"] += 1
        for child in node["anyOf"]:
            _schema(child, defs, above, counts)
