"""The target schema: fields of a Frictionless Table Schema, from a file or inline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.schema import FieldType


class TargetField(BaseModel):
    """One field as it should be. Keys of Table Schema that a mapping does not need are let through."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1)
    type: FieldType = "string"
    format: str = "default"
    title: str = ""
    description: str = ""


def load(target: str | list[dict[str, Any]] | None, root: Path | None = None) -> list[TargetField] | None:
    """The target's fields; None where a target is to be proposed.

    Args:
        target: A Table Schema file (JSON or YAML, `fields: [...]`), or the fields inline.
        root: What a relative path starts from.

    Raises:
        ConfigError: The file is missing or no Table Schema, a field is wrong, or two have one name.
    """
    if target is None:
        return None
    file = None
    if isinstance(target, str):
        path = (root or Path()) / target
        file = str(path)
        target = _fields(path)
    fields = []
    for number, entry in enumerate(target):
        try:
            fields.append(TargetField.model_validate({"name": entry} if isinstance(entry, str) else entry))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigError(
                f"Field {number + 1} of the target schema is wrong at {where or 'its top'}: {first['msg']}.",
                hint="A field is {name, type, format, description}, as in a Frictionless Table Schema.",
                file=file,
            ) from None
    names = [field.name for field in fields]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"The target schema has two fields {twice[0]!r}.", hint="Rename one.", file=file)
    if not fields:
        raise ConfigError(
            "The target schema has no fields.", hint="Name at least one, or leave `target` out.", file=file
        )
    return fields


def _fields(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The target schema cannot be read: {error}.", hint="Name a Table Schema file.",
                          file=str(path)) from None  # fmt: skip
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"The target schema is not valid: {error}.", hint="JSON or YAML with `fields: [...]`.",
                          file=str(path)) from None  # fmt: skip
    fields = data.get("fields") if isinstance(data, dict) else data
    if not isinstance(fields, list):
        raise ConfigError(
            "The target schema has no `fields`.", hint="JSON or YAML with `fields: [...]`.", file=str(path)
        )
    return fields
