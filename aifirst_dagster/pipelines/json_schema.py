"""The JSON Schema of pipeline files, for editors: made from the models, one branch of `config` per step type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aifirst_dagster.pipelines.spec import PipelineSpec, Schedule
from aifirst_dagster.steps.registry import step_types

FILE = "pipeline.schema.json"
#: The line that makes editors use it.
MODELINE = f"# yaml-language-server: $schema=./{FILE}"

_REFERENCE: dict[str, Any] = {
    "type": "object",
    "description": "A value from the environment: {env: NAME}, or {env: NAME, default: X}.",
    "properties": {
        "env": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "description": "The variable's name."},
        "default": {"type": ["string", "number", "boolean", "null"], "description": "Stands in where it is not set."},
    },
    "required": ["env"],
    "additionalProperties": False,
}
_IDENTITY = {"name", "version", "type", "key", "needs"}
_SCALARS = {"string", "number", "integer", "boolean"}


def schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a pipeline file with the step types that are installed."""
    made = PipelineSpec.model_json_schema()
    definitions: dict[str, Any] = made.pop("$defs")
    step = definitions["StepSpec"]
    step["required"] = ["name", "type"]
    types = step_types()
    step["properties"]["type"]["enum"] = sorted(types)
    step["properties"]["config"] = {"type": ["object", "null"], "description": "The step type's own settings."}
    step["allOf"] = []
    for name, kind in sorted(types.items()):
        config = kind.config.model_json_schema()
        definitions.update(config.pop("$defs", {}))
        config["description"] = kind.summary
        definitions[f"config_{name}"] = config
        then: dict[str, Any] = {
            "properties": {"config": {"anyOf": [{"$ref": f"#/$defs/config_{name}"}, {"type": "null"}]}}
        }
        if config.get("required"):
            then["required"] = ["config"]
        step["allOf"].append({"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": then})
    made["properties"]["schedule"] = _short_form(made["properties"]["schedule"], Schedule)
    result = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Pipeline",
        **{key: value for key, value in made.items() if key != "title"},
        "$defs": definitions,
    }
    return _opened(_tidy(result)) | {"$defs": {**_opened(_tidy(result["$defs"])), "env": _REFERENCE}}


def text() -> str:
    """The schema as it stands in a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def write(path: Path) -> None:
    """Write the schema to `path`, whole or not at all."""
    from aifirst_dagster.pipelines.replace import replace_file

    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text())


def _short_form(field: dict[str, Any], model: type[Schedule]) -> dict[str, Any]:
    """A schedule may be written as its cron expression alone."""
    options = [option for option in field.pop("anyOf") if option.get("type") != "null"]
    return {**field, "anyOf": [{"type": "string", "description": model.model_fields["cron"].description}, *options]}


def _tidy(node: Any) -> Any:
    """Without what says nothing to an editor: Pydantic's titles, and defaults that are null."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _tidy(item) for name, item in value.items()} if key in ("properties", "$defs") else _tidy(value)
        for key, value in node.items()
        if not (key == "title" and value != "Pipeline") and not (key == "default" and value is None)
    }


def _opened(node: Any) -> Any:
    """Every setting that takes a single value also takes a reference, except what names things or tells kinds apart."""
    if isinstance(node, list):
        return [_opened(item) for item in node]
    if not isinstance(node, dict):
        return node
    result: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            kept = _fixed(value)
            result[key] = {name: value[name] if name in kept else _setting(value[name]) for name in value}
        elif key in ("items", "additionalProperties"):
            result[key] = _setting(value)
        elif key in ("if", "enum", "default", "required", "discriminator"):
            result[key] = value
        else:
            result[key] = _opened(value)
    return result


def _fixed(properties: dict[str, Any]) -> set[str]:
    """Properties that stay as they are: `_IDENTITY` of a pipeline or a step, the `type` that tells partitions apart."""
    if "steps" in properties or "needs" in properties:
        return _IDENTITY | {"config"}
    return {"type"} if "start" in properties or set(properties) == {"type"} else set()


def _setting(field: Any) -> Any:
    """A setting that takes a reference too, where it takes a single value."""
    if not isinstance(field, dict):
        return field
    inner, reference = _opened(field), {"$ref": "#/$defs/env"}
    if "anyOf" in inner:
        single = any(option.get("type") in _SCALARS or "enum" in option for option in inner["anyOf"])
        return {**inner, "anyOf": [*inner["anyOf"], reference]} if single else inner
    if inner.get("type") not in _SCALARS and "enum" not in inner and "const" not in inner:
        return inner
    outside = {key: inner.pop(key) for key in ("description", "default") if key in inner}
    return {**outside, "anyOf": [inner, reference]}
