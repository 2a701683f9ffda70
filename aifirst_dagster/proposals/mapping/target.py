"""The target schema: fields of a Frictionless Table Schema, from a file or inline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.matching.facts import Facts
from aifirst_dagster.inference.schema import Column, FieldType


class TargetField(BaseModel):
    """One field as it should be. Keys of Table Schema that a mapping does not need are let through.

    `values` are those that it may hold (Table Schema's `constraints.enum` or `categories`, our own annotation).
    """

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1)
    type: FieldType = "string"
    format: str = "default"
    title: str = ""
    description: str = ""
    values: list[str] = Field(default_factory=list)
    unit: str | None = None
    semantic_type: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _annotated(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        ours, limits = (_dict(data.get(key)) for key in ("aifirst", "constraints"))
        told = {key: ours[key] for key in ("unit", "semantic_type") if ours.get(key) and not data.get(key)}
        values = data.get("values") or limits.get("enum") or data.get("categories") or ours.get("values")
        listed = values if isinstance(values, list) else []
        plain = [one.get("value") if isinstance(one, dict) else one for one in listed]
        return {**data, **told, "values": [str(value) for value in plain if value is not None]}

    def said(self) -> dict[str, Any]:
        """The field as it shapes a design: what is not said takes no part."""
        more = {key for key in ("values", "unit", "semantic_type") if not getattr(self, key)}
        return self.model_dump(exclude=more)

    def facts(self) -> Facts:
        """The field as a column without rows."""
        column = Column(
            name=self.name, source_name=self.name, type=self.type, format=self.format, description=self.description,
            unit=self.unit, semantic_type=self.semantic_type,
        )  # fmt: skip
        values = dict.fromkeys(self.values, 1)
        return Facts(column, values, len(values), len(values), title=self.title, allowed=bool(values))


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


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


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
