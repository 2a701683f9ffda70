"""`docs/pipelines.md`: the reference of pipeline files, made from the models that read them.

`python -m aifirst_dagster.pipelines.docs` writes it and the JSON Schema; a test proves that both are current.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from aifirst_dagster.pipelines import json_schema
from aifirst_dagster.pipelines.monitoring import Monitoring
from aifirst_dagster.pipelines.replace import replace_file
from aifirst_dagster.pipelines.spec import (
    Drift,
    FilePartitions,
    PipelineSpec,
    Retry,
    Schedule,
    StepSpec,
    WindowPartitions,
)
from aifirst_dagster.steps.base import StepType
from aifirst_dagster.steps.registry import step_types

_INTRODUCTION = """\
# Pipeline files

<!-- Made by `python -m aifirst_dagster.pipelines.docs`: change the models, not this page. -->

A pipeline is one YAML file in `resources/pipelines/`. Add a file and reload the code location: each step is an asset.

```yaml
# yaml-language-server: $schema=./pipeline.schema.json
name: "Customers"
steps:
  - name: "Load files"
    type: "connector"
    config: {type: "csv", path: "in/*.csv"}
  - name: "Check"
    type: "llm_validation"
    config: {rules: "auto_generate", threshold: 0.95}
  - name: "Save"
    type: "output"
    config: {format: "parquet"}
```

- The first line gives editors completion and checks; `aifirst lint --schema FILE` writes the schema, with the step
  types of installed plug-ins.
- Keys are strict. `aifirst lint` reports every error of every file with its line, column and the nearest valid key.
- YAML is read by version 1.2's rules: `yes`, `no`, `on` and `12:30` are text, true and false are written so. Numbers
  are numbers, not quoted text. Anchors, aliases and `<<` work; tags (`!x`) do not.
- A step reads the step before it. `needs` names others, by name or key: one, several (fan-in), or none (`[]`).
- `key` is a step's stable name. Without it the name makes it: `Load files` is `load_files`; where letters beyond ASCII
  are lost, a short hash is added. Set `key` before you rename a step, and its data and designs stay its own.
- Recomputation follows the content: the types, settings and inputs of steps. Comments, layout, `version`, descriptions,
  owners, tags, schedules and budgets do not count.

## Values from the environment

`{env: NAME}` or `{env: NAME, default: X}` may stand for any single value, but not for what names things (`name`, `key`,
`type`, `needs`, `version`).

- In a step's `config` it is read when the step runs, and never earlier: no secret gets into definitions or the UI.
  Around it everything is checked when the file loads; a default is checked too.
- Elsewhere (`schedule`, `budget`, `llm`, ...) it shapes the definitions, and is read when the file loads.
- An empty variable counts as not set. A missing one without default is an error that names it and its place.
"""
_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("Pipeline", "At the left margin.", PipelineSpec),
    ("`schedule`", "A cron expression, or:", Schedule),
    ("`partitions` by time", "", WindowPartitions),
    ("`partitions` by file", "", FilePartitions),
    ("`drift`", "", Drift),
    ("`monitoring`", "", Monitoring),
    ("Step", "An item of `steps`.", StepSpec),
    ("`retry`", "", Retry),
)
_ROWS = {
    "source": "reads rows from files",
    "one_to_one": "each row goes out or to quarantine",
    "filter": "each row goes out, to quarantine, or is left behind and counted",
    "merge": "each row goes out or to quarantine, or is merged into its duplicate",
    "free": "a query: accounts for its inputs only",
}


def text() -> str:
    """The page."""
    parts = [_INTRODUCTION]
    for title, intro, model in _SECTIONS:
        parts.append(f"## {title}\n\n{intro + chr(10) * 2 if intro else ''}{_table(model)}")
    parts.append("## Step types\n")
    parts += [_type(name, kind) for name, kind in sorted(step_types().items())]
    return "\n".join(parts)


def _type(name: str, kind: StepType) -> str:
    """The section of one step type."""
    least, most = kind.inputs
    count = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} to {most}"
    facts = f"Inputs: {count}. Rows: {_ROWS[kind.rows]}.{' May ask a model.' if kind.uses_llm else ''}"
    return f"### `{name}`\n\n{kind.summary} {facts}\n\n{_table(kind.config)}"


def _table(model: type[BaseModel]) -> str:
    """The fields of a model as a table."""
    properties = model.model_json_schema()
    definitions = properties.get("$defs", {})
    lines = ["| Key | Value | Default | |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        described = properties["properties"][name]
        needed = field.is_required() or (model is StepSpec and name == "name")
        default = "required" if needed else _default(field.default)
        lines.append(f"| `{name}` | {_value(described, definitions)} | {default} | {_cell(field.description or '')} |")
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    """A default as it would be written."""
    if value is None or value is PydanticUndefined or value in ((), {}, []):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _value(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What may be written for a field, in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        target = definitions[name]
        return _value(target, definitions) if "enum" in target else "mapping"
    if options := field.get("anyOf") or field.get("oneOf"):
        words = [_value(one, definitions) for one in options if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(words))
    if "enum" in field or "const" in field:
        return ", ".join(f"`{option}`" for option in field.get("enum", [field.get("const")]))
    kind = field.get("type")
    if kind == "array":
        return f"list of {_value(field.get('items', {}), definitions)}"
    if kind == "object":
        extra = field.get("additionalProperties")
        return f"mapping to {_value(extra, definitions)}" if isinstance(extra, dict) and extra else "mapping"
    if kind == "string":
        return "date" if field.get("format") == "date" else "text"
    names = {"number": "number", "integer": "whole number", "boolean": "true or false"}
    if isinstance(kind, list):
        return " or ".join("text" if one == "string" else names.get(str(one), "any") for one in kind)
    return names.get(str(kind), "any") + _bounds(field)


def _bounds(field: dict[str, Any]) -> str:
    """The limits of a number."""
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {field[key]:g}" for key, sign in words.items() if key in field]
    return f" {', '.join(found)}" if found else ""


def _cell(words: str) -> str:
    """Text that a table's cell can hold."""
    return words.replace("|", "\\|").replace("<", "\\<").replace("\n", " ")


def main(root: Path | None = None) -> None:
    """Write the page and the schema into the source tree."""
    root = root or Path(__file__).resolve().parents[2]
    replace_file(root / "docs" / "pipelines.md", text())
    json_schema.write(root / "resources" / "pipelines" / json_schema.FILE)


if __name__ == "__main__":
    main()
