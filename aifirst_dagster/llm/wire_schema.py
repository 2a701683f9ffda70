"""A Pydantic model as the JSON schema that a provider can be held to, and the way back.

Providers compile a schema into a grammar and take only part of JSON Schema, each another part (`Dialect`): closed
objects, no bounds or patterns, no recursion, few optional and union-typed properties. What they cannot enforce is said
in descriptions and validated here afterwards. Free-form mappings, which a closed object cannot hold, travel as lists
of key and value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import BaseModel

from aifirst_dagster.errors import ConfigError


@dataclass(frozen=True)
class Dialect:
    """What a provider takes of JSON Schema.

    Attributes:
        optional: Properties that may be left out of an answer, over the whole schema.
        unions: Union-typed properties at most; None: any number.
        const: Whether `const` is known; otherwise it is an `enum` of one.
        typed: Whether constants and enumerations need a `type` beside them.
        formats: Values of `format` that it knows.
    """

    optional: int
    unions: int | None
    const: bool
    typed: bool
    formats: frozenset[str]


_COMMON = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
#: Anthropic's structured outputs; the limits are for a whole request (docs, structured outputs, August 2026).
CLAUDE = Dialect(optional=24, unions=16, const=True, typed=False, formats=_COMMON | {"uri"})
#: OpenAI's strict mode: every key is required (docs, structured outputs).
OPENAI = Dialect(optional=0, unions=None, const=True, typed=True, formats=_COMMON)
#: Gemini's `responseJsonSchema`: no `const` (docs, structured output).
GEMINI = Dialect(optional=1_000, unions=None, const=False, typed=True, formats=frozenset({"date-time", "date", "time"}))

_PLAIN = {"string", "integer", "number", "boolean", "null"}
_SAID = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matching the regular expression {}",
    "format": "in the format {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "uniqueItems": "without repetition",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
}
_ANY = "Any JSON value, written as JSON text."
_TYPE_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


@dataclass(frozen=True)
class WireSchema:
    """What is sent (`schema`) and how an answer becomes the model again.

    Attributes:
        optional: Properties that may be left out, which providers limit over a whole request.
        unions: Union-typed properties, likewise.
    """

    model: type[BaseModel]
    schema: dict[str, Any]
    source: dict[str, Any]
    optional: int
    unions: int

    def parse(self, text: str) -> BaseModel:
        """The answer's text as the model.

        Raises:
            ValueError: No JSON, or not what the model says (pydantic's `ValidationError` is one).
        """
        return answer_of(self.model, text)

    def decoded(self, value: Any) -> Any:
        """A JSON value as the model knows it: lists of key and value are mappings again."""
        return _decode(self.source, value, self.source.get("$defs", {}))


def answer_of(model: type[BaseModel], text: str) -> BaseModel:
    """An answer's text as the model, whatever dialect was sent.

    Raises:
        ValueError: No JSON, or not what the model says (pydantic's `ValidationError` is one).
    """
    try:
        value = json.loads(_unfenced(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"The answer is no JSON: {error.msg} at character {error.pos}.") from error
    # Through JSON, not Python values: a strict model takes a date's text from JSON alone.
    source = _source(model)
    return model.model_validate_json(json.dumps(_decode(source, value, source.get("$defs", {}))))


@cache
def _source(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


@cache
def wire_schema(model: type[BaseModel], dialect: Dialect = CLAUDE) -> WireSchema:
    """The schema for `model` as a provider takes it.

    Raises:
        ConfigError: The model is recursive, or has more optional and union-typed properties than providers take.
    """
    source = _source(model)
    _refuse_recursion(source, model)
    build = _Build(source.get("$defs", {}), dialect)
    schema = build.node({key: value for key, value in source.items() if key != "$defs"})
    if build.defs:
        schema["$defs"] = build.defs
    if dialect.unions is not None and build.unions > dialect.unions:
        raise ConfigError(
            f"{model.__name__} has {build.unions} union-typed properties; providers take {dialect.unions}.",
            hint="Split the model, or give the properties one type.",
        )
    return WireSchema(model, schema, source, build.optional, build.unions)


@dataclass
class _Build:
    """One schema in the making: definitions met so far, and what counts against the limits."""

    sources: dict[str, Any]
    dialect: Dialect
    defs: dict[str, Any] = field(default_factory=dict)
    optional: int = 0
    unions: int = 0

    def node(self, source: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in source:
            return self._reference(source)
        if "allOf" in source and len(source["allOf"]) == 1:
            rest = {key: value for key, value in source.items() if key != "allOf"}
            return self.node({**source["allOf"][0], **rest})
        variants = source.get("anyOf") or source.get("oneOf")
        if variants:
            self.unions += 1
            return _described({"anyOf": [self.node(variant) for variant in variants]}, source)
        if "const" in source:
            return _described(self._fixed([source["const"]]), source)
        if "enum" in source:
            return _described(self._fixed(list(source["enum"])), source)
        return self._typed(source)

    def _fixed(self, values: list[Any]) -> dict[str, Any]:
        """One of some values."""
        kinds = list(dict.fromkeys(_TYPE_NAMES.get(type(value), "string") for value in values))
        typed = {"type": kinds[0] if len(kinds) == 1 else kinds} if self.dialect.typed else {}
        if kinds == ["boolean"] and not self.dialect.const:
            return {**typed, "description": f"Always {json.dumps(values[0])}."} if len(values) == 1 else typed
        single = self.dialect.const and len(values) == 1
        return {**typed, "const": values[0]} if single else {**typed, "enum": values}

    def _reference(self, source: dict[str, Any]) -> dict[str, Any]:
        name = source["$ref"].rsplit("/", 1)[-1]
        target = self.sources[name]
        if target.get("type") != "object" or "properties" not in target:
            return self.node({**target, **{key: value for key, value in source.items() if key != "$ref"}})
        if name not in self.defs:
            self.defs[name] = {}
            self.defs[name] = self.node(target)
        return {"$ref": f"#/$defs/{name}"}

    def _typed(self, source: dict[str, Any]) -> dict[str, Any]:
        kind = source.get("type")
        if kind == "object" and "properties" in source:
            return self._object(source)
        if kind == "object":
            entries = source.get("additionalProperties")
            value = self.node(entries) if isinstance(entries, dict) else {"type": "string", "description": _ANY}
            pair = _closed({"key": {"type": "string"}, "value": value}, ["key", "value"])
            return _described({"type": "array", "items": pair}, source, "one entry for each key")
        if kind == "array":
            items = source.get("items") or {}
            if "prefixItems" in source:
                items = {"anyOf": source["prefixItems"]}
            bound = source.get("minItems")
            kept = {"minItems": bound} if bound in (0, 1) else {}
            return _described({"type": "array", "items": self.node(items), **kept}, source)
        if kind in _PLAIN:
            known = {"format": source["format"]} if source.get("format") in self.dialect.formats else {}
            return _described({"type": kind, **known}, source)
        return _described({"type": "string", "description": _ANY}, source)

    def _object(self, source: dict[str, Any]) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        for name, given in source["properties"].items():
            bare = _without_null(given)
            # A missing key may stand for null: that costs an optional property, which are many, not a union, which
            # are few. Every other property is required: the model is to state it, not to leave it to a default.
            if bare is not None and name not in source.get("required", ()) and self.optional < self.dialect.optional:
                self.optional += 1
                properties[name] = self.node(bare)
            else:
                properties[name] = self.node(given)
                required.append(name)
        return _described(_closed(properties, required), source)


def _closed(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _described(node: dict[str, Any], source: dict[str, Any], *more: str) -> dict[str, Any]:
    """`node` with the source's description, and in words what the schema cannot say."""
    said = [words.format(source[key]) for key, words in _SAID.items() if key in source and key not in node]
    note = ", ".join([*said, *more])
    parts = [source.get("description", ""), node.get("description", ""), f"({note})" if note else ""]
    text = " ".join(dict.fromkeys(part for part in parts if part))
    return {**node, "description": text} if text else node


def _without_null(source: dict[str, Any]) -> dict[str, Any] | None:
    """A nullable property's other type, or None where it is not nullable with null as its default."""
    variants = source.get("anyOf")
    if not variants or {"type": "null"} not in variants or source.get("default", ...) is not None:
        return None
    others = [variant for variant in variants if variant != {"type": "null"}]
    rest = {key: value for key, value in source.items() if key not in ("anyOf", "default")}
    return {**others[0], **rest} if len(others) == 1 else {**rest, "anyOf": others}


def _refuse_recursion(source: dict[str, Any], model: type[BaseModel]) -> None:
    defs = source.get("$defs", {})

    def visit(node: Any, above: tuple[str, ...]) -> None:
        if isinstance(node, list):
            for item in node:
                visit(item, above)
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).rsplit("/", 1)[-1]
            if name in above:
                raise ConfigError(
                    f"{model.__name__} is recursive (through {name}); providers take no recursive schema.",
                    hint="Flatten it: a list of nodes that name their parents.",
                )
            if name in defs:
                visit(defs[name], (*above, name))
            for key, item in node.items():
                if key != "$defs":
                    visit(item, above)

    visit(source, ())


def _unfenced(text: str) -> str:
    """The text without a Markdown code fence around it, which models without a grammar like to add."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text[text.index("\n") + 1 : -3]
    return text


def _decode(source: dict[str, Any], value: Any, defs: dict[str, Any]) -> Any:
    """Undo what `_Build` did to free-form values, guided by the model's own schema."""
    if "$ref" in source:
        return _decode(defs[source["$ref"].rsplit("/", 1)[-1]], value, defs)
    if "allOf" in source and len(source["allOf"]) == 1:
        return _decode(source["allOf"][0], value, defs)
    variants = source.get("anyOf") or source.get("oneOf")
    if variants:
        fitting = next((variant for variant in variants if _fits(variant, value, defs)), None)
        return value if fitting is None else _decode(fitting, value, defs)
    kind = source.get("type")
    if kind == "object" and "properties" in source and isinstance(value, dict):
        known = source["properties"]
        return {name: _decode(known[name], item, defs) if name in known else item for name, item in value.items()}
    if kind == "object" and "properties" not in source and isinstance(value, list | dict):
        entries = source.get("additionalProperties")
        inner = entries if isinstance(entries, dict) else {}
        if isinstance(value, dict):
            return {key: _decode(inner, item, defs) for key, item in value.items()}
        if all(isinstance(pair, dict) and pair.keys() == {"key", "value"} for pair in value):
            return {pair["key"]: _decode(inner, pair["value"], defs) for pair in value}
        return value
    if kind == "array" and isinstance(value, list):
        return [_decode(source.get("items") or {}, item, defs) if "items" in source else item for item in value]
    if kind is None and not source.keys() & {"const", "enum"} and isinstance(value, str):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


_JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
    "array": list,
}


def _fits(source: dict[str, Any], value: Any, defs: dict[str, Any]) -> bool:
    """Whether a value, as sent, can be of this variant."""
    if "$ref" in source:
        return _fits(defs[source["$ref"].rsplit("/", 1)[-1]], value, defs)
    if "const" in source:
        return bool(value == source["const"])
    if "enum" in source:
        return value in source["enum"]
    kind = source.get("type")
    if kind == "object" and "properties" in source:
        if not isinstance(value, dict) or not set(source.get("required", ())) <= value.keys():
            return False
        known = source["properties"]
        tags = {name for name, item in known.items() if "const" in item}
        return value.keys() <= known.keys() and all(
            value.get(tag, known[tag]["const"]) == known[tag]["const"] for tag in tags
        )
    if kind == "object":
        # A model that is not held to the schema may write a mapping as one.
        return isinstance(value, dict) or (
            isinstance(value, list) and all(isinstance(pair, dict) and "key" in pair for pair in value)
        )
    if kind in _JSON_TYPES:
        return isinstance(value, _JSON_TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    return True
