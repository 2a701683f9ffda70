"""What today's Gemini API refuses, as far as this project can run into it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from aifirst_dagster_tests.loopback.server import Refused

#: Models on offer: the thinking levels that they take.
MODELS = {
    "gemini-4-argon": {"LOW", "MEDIUM", "HIGH"},
    "gemini-4-carbon": {"LOW", "MEDIUM", "HIGH"},
    "gemini-4-hydrogen": {"LOW", "MEDIUM", "HIGH", "XHIGH"},
    "gemini-3.8-flash": {"LOW", "MEDIUM", "HIGH"},
}
MAX_OUTPUT = 65_536
SKIP = base64.urlsafe_b64decode("skip_thought_signature_validator")
_KEYS = {"contents", "systemInstruction", "generationConfig", "tools", "toolConfig", "safetySettings", "cachedContent"}
_CONFIG = {
    "maxOutputTokens", "temperature", "topP", "topK", "stopSequences", "seed", "candidateCount", "responseMimeType",
    "responseSchema", "responseJsonSchema", "thinkingConfig", "mediaResolution", "responseModalities",
}  # fmt: skip
_SCHEMA = {
    "$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems",
    "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties", "required",
    "propertyOrdering",
}  # fmt: skip
_MEDIA = {"image/png", "image/jpeg", "image/webp", "image/heic", "image/gif", "application/pdf"}


#: What is the caller's own, whose names are not the protocol's.
_OPAQUE = {"args", "response", "responseJsonSchema", "parametersJsonSchema"}


def one_case(value: Any) -> Any:
    """A request with its names in camel case: the API takes either, and the SDK mixes them."""
    if isinstance(value, list):
        return [one_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): item for name, item in value.items()}
    return {name: item if name in _OPAQUE else one_case(item) for name, item in named.items()}


def check(headers: dict[str, str], model: str, body: dict[str, Any], key: str) -> None:
    """Raise `Refused` for what the API would refuse."""
    authorize(headers, key)
    if model not in MODELS:
        raise Refused(404, "NOT_FOUND", f"models/{model} is not found for API version v1.")
    _known(body, _KEYS, "")
    config = body.get("generationConfig") or {}
    _known(config, _CONFIG, " at 'generation_config'")
    most = config.get("maxOutputTokens", MAX_OUTPUT)
    must(1 <= most <= MAX_OUTPUT, f"Unable to submit request because it has a maxOutputTokens value of {most}.")
    thinking = config.get("thinkingConfig") or {}
    _known(thinking, {"includeThoughts", "thinkingBudget", "thinkingLevel"}, " at 'thinking_config'")
    must("thinkingBudget" not in thinking, "Thinking budget is not supported for this model. Use thinking level.")
    level = thinking.get("thinkingLevel")
    must(level in (None, *MODELS[model]), f"Thinking level {level} is not supported for this model.")
    if "responseJsonSchema" in config:
        must(config.get("responseMimeType") == "application/json", "responseJsonSchema needs response mime type JSON.")
        _schema(config["responseJsonSchema"], config["responseJsonSchema"].get("$defs", {}))
    for tool in body.get("tools", ()):
        for declared in tool.get("functionDeclarations", ()):
            must(
                re.fullmatch(r"[A-Za-z_][A-Za-z0-9_:.-]{0,127}", declared.get("name", "")) is not None, "Invalid name."
            )
            schema = declared.get("parametersJsonSchema") or {}
            _schema(schema, schema.get("$defs", {}))
    contents(model, body.get("contents"))


def authorize(headers: dict[str, str], key: str) -> None:
    """Raise `Refused` without the right key: none is a 403, a wrong one a 400."""
    given = headers.get("x-goog-api-key")
    if not given:
        raise Refused(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.")
    if given != key:
        raise Refused(400, "API_KEY_INVALID", "API key not valid. Please pass a valid API key.")


def must(holds: bool, message: str) -> None:
    """Raise a 400 unless `holds`."""
    if not holds:
        raise Refused(400, "INVALID_ARGUMENT", message)


def signature(model: str, part: dict[str, Any]) -> str:
    """A part's thought signature: bound to the model and to the part."""
    said = {name: value for name, value in part.items() if name != "thoughtSignature"}
    digest = hashlib.sha256(json.dumps([model, said], sort_keys=True).encode()).digest()
    return base64.b64encode(digest).decode()


def contents(model: str, turns: Any) -> None:
    """Raise for turns that the API would not take."""
    must(isinstance(turns, list) and bool(turns), "contents is not specified")
    must(turns[-1].get("role") == "user", "Please ensure that multiturn requests end with a user role.")
    called = 0
    for index, turn in enumerate(turns):
        must(turn.get("role") in ("user", "model"), "Please use a valid role: user, model.")
        must(bool(turn.get("parts")), f"contents[{index}].parts must not be empty")
        results = sum("functionResponse" in part for part in turn["parts"])
        same = "the number of function response parts is equal to the number of function call parts"
        must(results == called, f"Please ensure that {same} of the function call turn.")
        called = sum("functionCall" in part for part in turn["parts"])
        for part in turn["parts"]:
            _part(model, index, turn["role"], part)


def _part(model: str, index: int, role: str, part: dict[str, Any]) -> None:
    kinds = part.keys() & {"text", "inlineData", "functionCall", "functionResponse"}
    must(len(kinds) == 1, f"contents[{index}]: required oneof field 'data' must have one initialized field")
    _known(part, {*kinds, "thought", "thoughtSignature"}, f" at 'contents[{index}].parts'")
    if "functionCall" in part or "thoughtSignature" in part:
        seal = part.get("thoughtSignature")
        must(bool(seal), "Function call is missing a thought_signature in functionCall parts.")
        given = _bytes(seal)
        must(given in (SKIP, base64.b64decode(signature(model, part))), "Corrupted thought signature.")
    must(role == "model" or "functionCall" not in part, f"contents[{index}]: function call in a user turn")
    must(role == "user" or "functionResponse" not in part, f"contents[{index}]: function response in a model turn")
    blobs = [part] if "inlineData" in part else (part.get("functionResponse") or {}).get("parts", [])
    for blob in blobs:
        data = blob.get("inlineData") or {}
        kind = data.get("mimeType")
        must(kind in _MEDIA, f"Unsupported MIME type: {kind}")
        must(len(_bytes(data.get("data", ""))) > 0, "Provided image is not valid.")
    if "functionResponse" in part:
        must(isinstance(part["functionResponse"].get("response"), dict), "functionResponse.response is not an object")


def _bytes(text: Any) -> bytes:
    """Base64 of either alphabet, as the API takes it."""
    try:
        return base64.b64decode(str(text).replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        raise Refused(400, "INVALID_ARGUMENT", "Base64 decoding failed.") from None


def _known(value: dict[str, Any], known: set[str], where: str) -> None:
    for name in value:
        must(name in known, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')


def _schema(node: dict[str, Any], defs: dict[str, Any]) -> None:
    for name in node:
        must(name in _SCHEMA, f'Unknown name "{name}" in the schema')
    if "$ref" in node:
        must(all(name.startswith("$") for name in node), "$ref takes no other keys")
        must(node["$ref"].removeprefix("#/$defs/") in defs, f"{node['$ref']} does not resolve")
        return
    must("anyOf" in node or "type" in node or not node, "a schema needs a type")
    for child in (*node.get("properties", {}).values(), *node.get("anyOf", ()), *defs.values()):
        if isinstance(child, dict) and child is not node and child not in defs.values():
            _schema(child, defs)
    if "items" in node:
        _schema(node["items"], defs)
    for value in node.get("enum", ()):
        must(isinstance(value, str | int | float) or value is None, "enum takes strings and numbers")
