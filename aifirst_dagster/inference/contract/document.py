"""A contract as a Frictionless Table Schema (its versions 1 and 2), and back.

What Table Schema has no word for lies under the key `aifirst` of the schema and of each field. A schema without that
key is one that a person wrote: everything it says is pinned.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import ValidationError

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.contract import constraints
from aifirst_dagster.inference.contract.contract import Contract, ContractField
from aifirst_dagster.inference.contract.retype import PHYSICAL, retyped
from aifirst_dagster.inference.numbers import STYLES
from aifirst_dagster.inference.schema import Column, FieldType

OURS = "aifirst"
_HINT = "A Table Schema is JSON or YAML: {fields: [{name, type, format, ...}], missingValues, primaryKey}."
#: Said by Table Schema itself, or counted anew with every load.
_SAID = {"name", "type", "format", "description", "null_tokens", "evidence", "source_name", "confidence", "nullable",
         "unique", "values"}  # fmt: skip
_KNOWN = {"name", "type", "format", "description", "constraints", "missingValues", OURS}
_TOP = {"fields", "missingValues", "primaryKey", OURS}
_DATES = ("date", "datetime", "time", "yearmonth")


def descriptor(contract: Contract) -> dict[str, Any]:
    """The contract as a Table Schema."""
    schema: dict[str, Any] = {"fields": [_field(field) for field in contract.fields], "missingValues": [""]}
    if contract.primary_key:
        schema["primaryKey"] = contract.primary_key
    return {**schema, **contract.extra, OURS: {"version": contract.version}}


def text(contract: Contract) -> str:
    """The contract as the text of its file."""
    return json.dumps(descriptor(contract), ensure_ascii=False, indent=2) + "\n"


def load(path: Path | str) -> Contract:
    """The contract of a Table Schema file, JSON or YAML.

    Raises:
        ConfigError: The file is missing, or no Table Schema.
    """
    file = Path(path)
    try:
        content = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"The schema cannot be read: {said}.", hint=_HINT, file=str(path)) from None
    return parse(content, str(path))


def parse(content: str, file: str) -> Contract:
    """As `load`, from text; `file` is for messages."""
    try:
        data = json.loads(content) if content.lstrip()[:1] in ("{", "[") else yaml.safe_load(content)
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"The schema is neither JSON nor YAML: {error}.", hint=_HINT, file=file) from None
    if isinstance(data, dict) and isinstance(data.get("resources"), list):  # a data package of one resource
        first = next((one for one in data["resources"] if isinstance(one, dict) and "schema" in one), {})
        data = first.get("schema")
    if not isinstance(data, dict) or not isinstance(data.get("fields"), list) or not data["fields"]:
        raise ConfigError("This is no Table Schema: it has no `fields`.", hint=_HINT, file=file)
    return _contract(data, file)


def _contract(data: dict[str, Any], file: str) -> Contract:
    """The contract of a Table Schema that was parsed."""
    ours = data.get(OURS) if isinstance(data.get(OURS), dict) else None
    missing = _tokens(data.get("missingValues"), file)
    fields = [_read(entry, missing, ours is None, f"field {at}", file) for at, entry in enumerate(data["fields"], 1)]
    names = [field.name.casefold() for field in fields]
    if twice := next((field.name for field in fields if names.count(field.name.casefold()) > 1), None):
        raise ConfigError(f"The schema has two fields {twice!r}.", hint="Rename one.", file=file)
    primary = data.get("primaryKey") or []
    version = (ours or {}).get("version", 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ConfigError("aifirst.version is no whole number above 0.", hint="Put the last one back.", file=file)
    return Contract(
        fields=fields,
        version=version,
        primary_key=[primary] if isinstance(primary, str) else list(primary),
        extra={name: value for name, value in data.items() if name not in _TOP},
    )


def _field(field: ContractField) -> dict[str, Any]:
    """One field of the Table Schema."""
    column = field.column
    entry: dict[str, Any] = {"name": column.name, "type": column.type}
    if column.format != "default" and (column.type in _DATES or column.type == "string"):
        entry["format"] = column.format
    if column.description:
        entry["description"] = column.description
    if field.constraints:
        entry["constraints"] = field.constraints
    if column.null_tokens:
        entry["missingValues"] = list(dict.fromkeys(["", *column.null_tokens]))
    style = STYLES.get(column.number_style or "")
    if style is not None and column.type in ("number", "integer"):
        if column.type == "number" and style.decimal != ".":
            entry["decimalChar"] = style.decimal
        if style.drop:
            entry["groupChar"] = style.drop[0]
        if column.units_seen:
            entry["bareNumber"] = False
    ours: dict[str, Any] = {"source_names": field.source_names or [column.source_name]}
    if field.pins:
        ours["pins"] = field.pins
    if field.optional:
        ours["optional"] = True
    if field.ways:
        ours["ways"] = field.ways
    if field.undecided:
        ours["undecided"] = True
    said = column.model_dump(mode="json", exclude=_SAID, exclude_defaults=True)
    if column.type not in PHYSICAL or said.get("physical_type") != PHYSICAL[column.type]:
        said.setdefault("physical_type", column.physical_type)
    elif "physical_type" in said:
        del said["physical_type"]
    if column.format != "default" and "format" not in entry:
        said["format"] = column.format
    if said:
        ours["column"] = said
    return {**entry, **{k: v for k, v in field.extra.items() if k not in entry}, OURS: ours}


def _read(entry: Any, missing: list[str], foreign: bool, where: str, file: str) -> ContractField:
    """One field; in a `foreign` schema all that is said is pinned."""
    if isinstance(entry, str):
        entry = {"name": entry}
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise ConfigError(f"The schema's {where} has no name.", hint=_HINT, file=file)
    name, type_, format_ = entry["name"], entry.get("type"), entry.get("format") or "default"
    if type_ is not None and type_ not in get_args(FieldType):
        from difflib import get_close_matches

        near = get_close_matches(str(type_), get_args(FieldType), n=1)
        raise ConfigError(
            f"The schema's field {name!r} has a type that Table Schema does not know: {type_!r}.",
            hint=f"Did you mean {near[0]!r}?" if near else f"Types: {', '.join(get_args(FieldType))}.",
            file=file,
        )
    rules = entry.get("constraints") or {}
    constraints.check(rules, name, file)
    tokens = _tokens(entry["missingValues"], file) if "missingValues" in entry else missing
    ours = entry.get(OURS) if isinstance(entry.get(OURS), dict) else {}
    assert ours is not None
    said = dict(ours.get("column") or {})
    try:
        base = Column.model_validate({
            "source_name": (ours.get("source_names") or [name])[0],
            "physical_type": PHYSICAL.get(type_ or "string", "VARCHAR"), **said,
            "name": name, "type": type_ or "string",
            "format": said.get("format", format_ if format_ != "any" else "default"),
            "description": entry.get("description") or "", "null_tokens": [one for one in tokens if one],
        })  # fmt: skip
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"The schema's field {name!r}: {place}: {first['msg']}.", hint=_HINT, file=file) from None
    if foreign:
        base = _as_written(base, entry)
    pins = list(ours.get("pins") or []) if not foreign else _said(entry, type_, format_, rules)
    return ContractField(
        column=base,
        source_names=list(ours.get("source_names") or [name]),
        pins=pins,
        constraints=rules,
        optional=bool(ours.get("optional")),
        ways=[str(way) for way in ours.get("ways") or []],
        undecided=bool(ours.get("undecided")),
        extra={key: value for key, value in entry.items() if key not in _KNOWN and not _written(key)},
    )


def _as_written(column: Column, entry: dict[str, Any]) -> Column:
    """A column of a schema that a person wrote, read as its `format`, `decimalChar` and `groupChar` say."""
    plain = column.model_copy(update={"type": "string", "format": "default", "physical_type": "VARCHAR"})
    column = retyped(plain, column.type, column.format)
    if column.type not in ("number", "integer"):
        return column
    point, group = entry.get("decimalChar", "."), entry.get("groupChar", "")
    if point == "." and not group and entry.get("bareNumber", True):
        return column
    if group:
        keys = [key for key, style in STYLES.items() if group in style.drop and style.decimal == point]
    else:
        keys = ["dot_grouped" if point == "," else "comma_grouped"]
    if not keys:
        return column
    return column.model_copy(update={"number_style": keys[0], "physical_type": "VARCHAR"})


def _said(entry: dict[str, Any], type_: str | None, format_: str, rules: dict[str, Any]) -> list[str]:
    """What a person's own schema says of a field."""
    pins = ["name"]
    if type_ not in (None, "any"):
        pins.append("type")
    if format_ not in ("default", "any") or (type_ in _DATES and entry.get("format") == "default"):
        pins.append("format")
    if any(_written(key) for key in entry):
        pins.append("number_style")
    if "missingValues" in entry:
        pins.append("null_tokens")
    if entry.get("description"):
        pins.append("description")
    return [*pins, "constraints"] if rules else pins


def _written(key: str) -> bool:
    return key in ("decimalChar", "groupChar", "bareNumber")


def _tokens(given: Any, file: str) -> list[str]:
    """`missingValues`: texts, or version 2's {value, label}."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise ConfigError("`missingValues` is no list.", hint='Write it as ["", "NA"].', file=file)
    return [str(one["value"]) if isinstance(one, dict) and "value" in one else str(one) for one in given]
