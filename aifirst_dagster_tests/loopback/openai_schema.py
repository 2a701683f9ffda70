"""What OpenAI's strict mode refuses in a JSON schema (structured outputs guide)."""

from __future__ import annotations

import json
import re
from typing import Any

from aifirst_dagster_tests.loopback.server import Refused

MAX_PROPERTIES, MAX_DEPTH, MAX_ENUM = 5_000, 10, 1_000
_KEYS = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs",
    "description", "title", "format", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minItems", "maxItems", "minLength", "maxLength",
}  # fmt: skip
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_strict(name: str, schema: Any, where: str) -> None:
    """Raise `Refused` for what strict mode would not take."""
    _must(_NAME.fullmatch(name) is not None, f"Invalid '{where}.name': string does not match pattern.")
    _must(isinstance(schema, dict) and schema.get("type") == "object", f"schema must be a JSON Schema of 'type: object' for '{name}'")  # fmt: skip  # noqa: E501
    counts = {"properties": 0, "enum": 0}
    _node(name, schema, schema.get("$defs", {}), 0, counts, ())
    for definition in schema.get("$defs", {}).values():
        _node(name, definition, schema["$defs"], 0, counts, ())
    _must(counts["properties"] <= MAX_PROPERTIES, f"{counts['properties']} properties exceed the limit")
    _must(counts["enum"] <= MAX_ENUM, f"{counts['enum']} enum values exceed the limit")
    _must(len(json.dumps(schema)) <= 120_000, "the schema is too long")


def _node(
    name: str, node: Any, defs: dict[str, Any], depth: int, counts: dict[str, int], path: tuple[str, ...]
) -> None:
    at = f"Invalid schema for '{name}': In context={path}, "
    _must(isinstance(node, dict), f"{at}schema must be an object")
    _must(depth <= MAX_DEPTH, f"{at}{depth} levels of nesting exceed the limit of {MAX_DEPTH}.")
    for key in node:
        _must(key in _KEYS, f"{at}'{key}' is not permitted.")
    if "$ref" in node:
        _must(len(node) == 1, f"{at}$ref cannot have keywords {set(node) - {'$ref'}}.")
        _must(node["$ref"].removeprefix("#/$defs/") in defs or node["$ref"] == "#", f"{at}reference does not resolve")
        return
    if "anyOf" in node:
        _must(bool(path), f"{at}the root schema must not be an anyOf")
        first = [_first(variant, defs) for variant in node["anyOf"]]
        known = [key for key in first if key]
        _must(len(known) == len(set(known)), f"{at}Objects provided via 'anyOf' must not share identical first keys.")
        for variant in node["anyOf"]:
            _node(name, variant, defs, depth + 1, counts, (*path, "anyOf"))
        return
    _must("type" in node, f"{at}schema must have a 'type' key.")
    counts["enum"] += len(node.get("enum", ()))
    _must(node.get("format", "date") in _FORMATS, f"{at}'{node.get('format')}' is not a valid format.")
    if node["type"] == "object":
        _must(node.get("additionalProperties") is False, f"{at}'additionalProperties' is required to be supplied and to be false.")  # fmt: skip  # noqa: E501
        properties = node.get("properties", {})
        missing = set(properties) ^ set(node.get("required", ()))
        _must(not missing, f"{at}'required' is required to be supplied and to be an array including every key in properties. Missing '{sorted(missing)[:1]}'.")  # fmt: skip  # noqa: E501
        counts["properties"] += len(properties)
        for key, child in properties.items():
            _node(name, child, defs, depth + 1, counts, (*path, "properties", key))
    if node["type"] == "array":
        _must("items" in node, f"{at}array schema missing items.")
        _node(name, node["items"], defs, depth + 1, counts, (*path, "items"))


def _first(variant: dict[str, Any], defs: dict[str, Any]) -> str | None:
    """What tells an object among others from its first key: the key, with its value where that is fixed."""
    node = defs.get(str(variant.get("$ref", "")).removeprefix("#/$defs/"), variant)
    for key, child in node.get("properties", {}).items():
        fixed = child.get("const", tuple(child.get("enum", ())))
        return f"{key}={fixed!r}" if fixed not in ((), None) else key
    return None


def _must(holds: bool, message: str) -> None:
    if not holds:
        raise Refused(400, "invalid_json_schema", message)
