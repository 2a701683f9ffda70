"""What today's Responses API refuses, as far as this project can run into it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from aifirst_dagster_tests.loopback.openai_schema import check_strict
from aifirst_dagster_tests.loopback.server import Refused

_DEEP = {"low", "medium", "high", "xhigh", "max"}
#: Models on offer: the reasoning efforts that they take.
MODELS: dict[str, set[str]] = {
    "gpt-6.2-astra": _DEEP,
    "gpt-6.2-sol": _DEEP,
    "gpt-6.1-terra": {"none", *_DEEP},
    "gpt-6-luna": {"none", *_DEEP},
}
MAX_OUTPUT = 128_000
_KEYS = {
    "background", "conversation", "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata",
    "model", "parallel_tool_calls", "previous_response_id", "prompt_cache_key", "prompt_cache_options", "reasoning",
    "safety_identifier", "service_tier", "store", "stream", "stream_options", "temperature", "text", "tool_choice",
    "tools", "top_logprobs", "top_p", "truncation",
}  # fmt: skip
_USER = {"input_text", "input_image", "input_file"}
_IMAGES = {"png", "jpeg", "gif", "webp"}


def check(headers: dict[str, str], body: dict[str, Any], key: str) -> None:
    """Raise `Refused` for what the API would refuse."""
    authorize(headers, key)
    for name in body:
        must(name in _KEYS, f"Unknown parameter: '{name}'.", "unknown_parameter")
    model = body.get("model")
    must(model in MODELS, f"The requested model '{model}' does not exist.", "model_not_found")
    for name in ("temperature", "top_p"):
        must(name not in body, f"Unsupported parameter: '{name}' is not supported with this model.")
    most = body.get("max_output_tokens", MAX_OUTPUT)
    must(isinstance(most, int) and 16 <= most <= MAX_OUTPUT, f"Invalid 'max_output_tokens': {most}, not 16..128000.")
    effort = (body.get("reasoning") or {}).get("effort")
    must(effort in (None, *MODELS[model]), f"Unsupported value: '{effort}' is not supported with the '{model}' model.")
    _cache(body)
    _items(body)
    form = (body.get("text") or {}).get("format")
    if form is not None:
        must(form.get("type") in ("json_schema", "json_object", "text"), "Invalid value: 'text.format.type'.")
        if form["type"] == "json_schema":
            must(form.get("strict") is True, "text.format.strict: this server takes strict schemas only")
            check_strict(form.get("name", ""), form.get("schema"), "text.format")
    for tool in body.get("tools", ()):
        must(tool.get("type") == "function", f"Invalid value: '{tool.get('type')}'.")
        must({"name", "parameters", "strict"} <= tool.keys(), "Missing required parameter in 'tools'.")
        if tool["strict"]:
            check_strict(tool["name"], tool["parameters"], "tools")


def authorize(headers: dict[str, str], key: str) -> None:
    """Raise `Refused` without the right key."""
    if headers.get("authorization") != f"Bearer {key}":
        raise Refused(401, "invalid_api_key", "Incorrect API key provided.")


def must(holds: bool, message: str, code: str = "invalid_value") -> None:
    """Raise a 400 unless `holds`."""
    if not holds:
        raise Refused(400, code, message)


def sealed(body: dict[str, Any], upto: int) -> str:
    """Encrypted reasoning: bound to the model and to everything said before it."""
    before = [body["model"], body.get("instructions"), body["input"][:upto]]
    return hashlib.sha256(json.dumps(before, sort_keys=True).encode()).hexdigest()


def image(url: str) -> None:
    """Raise unless it is a data URL that holds an image."""
    head, _, data = url.partition(";base64,")
    must(head.removeprefix("data:image/") in _IMAGES, f"Invalid image: {head[:40]}", "invalid_image_format")
    must(len(base64.b64decode(data, validate=True)) > 0, "Invalid image: empty", "empty_image_file")


def _cache(body: dict[str, Any]) -> None:
    options = body.get("prompt_cache_options") or {}
    must(set(options) <= {"mode", "ttl"}, "Unknown parameter in 'prompt_cache_options'.")
    must(options.get("mode", "implicit") in ("implicit", "explicit"), "Invalid value: 'prompt_cache_options.mode'.")
    marks = json.dumps(body.get("input")).count('"prompt_cache_breakpoint"')
    must(marks <= 4, f"{marks} prompt cache breakpoints; the limit is 4.")


def _items(body: dict[str, Any]) -> None:
    items = body.get("input")
    must(isinstance(items, list) and bool(items), "Missing required parameter: 'input'.")
    assert isinstance(items, list)
    open_calls: set[str] = set()
    for index, item in enumerate(items):
        kind = item.get("type", "message")
        if kind == "message":
            _message(index, item)
        elif kind == "function_call":
            must({"call_id", "name", "arguments"} <= item.keys(), f"Missing required parameter: 'input[{index}]'.")
            must(isinstance(item["arguments"], str), f"Invalid type for 'input[{index}].arguments': expected a string.")
            open_calls.add(item["call_id"])
        elif kind == "function_call_output":
            call = item.get("call_id")
            must(call in open_calls, f"No tool call found for function call output with call_id {call}.")
            open_calls.discard(call)
            output = item.get("output")
            if isinstance(output, list):
                _content(index, output, _USER)
            else:
                must(isinstance(output, str), f"Invalid type for 'input[{index}].output'.")
        else:
            must(kind == "reasoning", f"Invalid value: '{kind}'. input[{index}].type")
            _reasoning(body, items, index, item)
    must(not open_calls, f"No tool output found for function call {sorted(open_calls)[:1]}.")


def _message(index: int, item: dict[str, Any]) -> None:
    role = item.get("role")
    must(role in ("user", "assistant", "system", "developer"), f"Invalid value: '{role}'. input[{index}].role")
    content = item.get("content")
    if isinstance(content, str):
        must(bool(content), f"input[{index}].content is empty")
        return
    must(isinstance(content, list) and bool(content), f"input[{index}].content is empty")
    _content(index, content or [], {"output_text", "refusal"} if role == "assistant" else _USER)


def _content(index: int, content: list[dict[str, Any]], kinds: set[str]) -> None:
    for block in content:
        kind = block.get("type")
        must(kind in kinds, f"Invalid value: '{kind}'. Supported values are: {sorted(kinds)}. input[{index}].content")
        if kind == "input_image":
            image(block.get("image_url", ""))
        if kind == "input_file":
            must(bool(block.get("filename")), f"Missing required parameter: 'input[{index}].content.filename'.")
            must(block.get("file_data", "").startswith("data:application/pdf;base64,"), "Invalid file data.")


def _reasoning(body: dict[str, Any], items: list[dict[str, Any]], index: int, item: dict[str, Any]) -> None:
    must({"id", "summary"} <= item.keys(), f"Missing required parameter: 'input[{index}]'.")
    must(bool(item.get("encrypted_content")), f"Item with id '{item.get('id')}' not found. Items are not persisted when `store` is set to false.")  # fmt: skip  # noqa: E501
    must(item["encrypted_content"] == sealed(body, index), f"The encrypted content of item {item['id']} could not be verified.")  # fmt: skip  # noqa: E501
    after = items[index + 1] if index + 1 < len(items) else {}
    own = after.get("type") == "function_call" or after.get("role") == "assistant"
    must(own, f"Item '{item['id']}' of type 'reasoning' was provided without its required following item.")
