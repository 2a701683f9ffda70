"""Pydantic's errors -> issues in the words of a pipeline's author, each at the path of the value that is wrong."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from aifirst_dagster.pipelines.graph import Issue

Path = tuple["str | int", ...]
M = TypeVar("M", bound=BaseModel)

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "date_type": "a date, say 2026-01-31",
    "date_parsing": "a date, say 2026-01-31",
    "date_from_datetime_parsing": "a date, say 2026-01-31",
    "date_from_datetime_inexact": "a date, say 2026-01-31",
    "none_required": "empty",
}
_BOUNDS = {
    "greater_than": ("must be more than", "gt"),
    "greater_than_equal": ("must be at least", "ge"),
    "less_than": ("must be less than", "lt"),
    "less_than_equal": ("must be at most", "le"),
}
_SILENT = {"default_factory_not_called"}


@dataclass(frozen=True)
class _Error:
    """One of Pydantic's errors, with the part of its location that the data has."""

    type: str
    path: Path
    union: Path | None
    branch: str
    name: str
    context: Mapping[str, Any]
    message: str


def validate(model: type[M], data: Any, context: dict[str, Any] | None = None) -> tuple[M | None, list[Issue]]:
    """Validate plain data strictly, as JSON Schema would: no text passes for a number, no number for true.

    Returns:
        The model (None where something is wrong) and the issues.
    """
    try:
        return model.model_validate_json(json.dumps(data), strict=True, context=context), []
    except ValidationError as error:
        return None, list(_issues(model, data, error))


def _issues(model: type[BaseModel], data: Any, error: ValidationError) -> list[Issue]:
    """All issues of a validation, alternatives of one field brought together."""
    found = [
        _place(data, detail["loc"], detail["type"], detail.get("ctx", {}), detail["msg"])
        for detail in error.errors(include_input=False, include_url=False)
        if detail["type"] not in _SILENT
    ]
    # A list whose items are wrong counts as empty for Pydantic.
    found = [item for item in found if not (item.type == "too_short" and at(data, item.path))]
    alone = [item for item in found if item.union is None]
    issues = [_word(model, data, item) for item in alone]
    for union in dict.fromkeys(item.union for item in found if item.union is not None):
        issues += _alternatives(model, data, union, [item for item in found if item.union == union])
    return issues


def _place(data: Any, loc: Sequence[str | int], type_: str, context: Mapping[str, Any], message: str) -> _Error:
    """Walk the data along a location; what the data does not have is the name of an alternative (or a missing key)."""
    value, path, union, branch = data, list[str | int](), None, ""
    steps = loc[:-1] if type_ == "missing" else loc
    for part in steps:
        if isinstance(value, Mapping) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            if union is None:
                union, branch = tuple(path), str(part)
            continue
        path.append(part)
    return _Error(type_, tuple(path), union, branch, str(loc[-1]) if loc else "", context, message)


def _alternatives(model: type[BaseModel], data: Any, union: Path, errors: list[_Error]) -> list[Issue]:
    """The issues of the alternative that was meant: the one whose outer shape fits, else all that would fit, in one."""
    branches: dict[str, list[_Error]] = {}
    for error in errors:
        branches.setdefault(error.branch, []).append(error)
    meant = [group for group in branches.values() if not any(e.path == union and e.type in _KINDS for e in group)]
    if meant:
        deepest = max(meant, key=lambda group: max(len(error.path) for error in group))
        return [_word(model, data, error) for error in deepest]
    kinds = list(dict.fromkeys(_KINDS[error.type] for error in errors if error.path == union and error.type in _KINDS))
    return [_mismatch(data, union, " or ".join(kinds))]


def _word(model: type[BaseModel], data: Any, error: _Error) -> Issue:
    """One error in the author's words."""
    field, value = label(error.path), at(data, error.path)
    if error.type == "missing":
        where = f" in {field}" if error.path else ""
        return Issue(error.path, f"`{error.name}` is missing{where}", _about(model, (*error.path, error.name)))
    if error.type == "extra_forbidden":
        return _unknown(model, error)
    if error.type in _KINDS:
        return _mismatch(data, error.path, _KINDS[error.type])
    if error.type == "literal_error":
        allowed = _literals(error.context)
        near = get_close_matches(str(value), allowed, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else ""
        return Issue(error.path, f"{field} must be one of {', '.join(allowed)}, not {_shown(value)}", hint)
    if error.type == "union_tag_invalid":
        allowed = _literals({"expected": error.context.get("expected_tags", "")})
        tag = str(error.context.get("tag", ""))
        near = get_close_matches(tag, allowed, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else ""
        return Issue((*error.path, "type"), f"`type` of {field} must be one of {', '.join(allowed)}, not {tag!r}", hint)
    if error.type == "union_tag_not_found":
        return Issue(error.path, f"`type` is missing in {field}", "Say which kind it is.")
    if error.type in _BOUNDS:
        words, name = _BOUNDS[error.type]
        return Issue(error.path, f"{field} {words} {_number(error.context[name])}, not {_shown(value)}")
    if error.type == "string_pattern_mismatch":
        return Issue(
            error.path, f"{field} has the wrong form: {_shown(value)}", f"It must match {error.context['pattern']}"
        )
    if error.type in ("too_short", "string_too_short"):
        return Issue(error.path, f"{field} may not be empty")
    if error.type == "string_too_long":
        return Issue(error.path, f"{field} is longer than {error.context['max_length']} characters")
    if error.type == "aifirst":
        return Issue(error.path, str(error.context["text"]), str(error.context["hint"]))
    if error.type == "value_error":
        return Issue(error.path, error.message.removeprefix("Value error, "))
    return Issue(error.path, f"{field}: {error.message[:1].lower()}{error.message[1:]}")


def _mismatch(data: Any, path: Path, wanted: str) -> Issue:
    """A value of the wrong kind, with the likeliest cause."""
    value, field, hint = at(data, path), label(path), ""
    if isinstance(value, Mapping) and "env" in value:
        extra = sorted(set(value) - {"env", "default"})
        if extra:
            near = (
                "Did you mean `default`?"
                if get_close_matches(extra[0], ["default"])
                else "It takes `env` and `default`."
            )
            return Issue((*path, extra[0]), f"unknown key `{extra[0]}` beside `env`", near, on_key=True)
        return Issue(path, f"{field} may not come from the environment", "Write it out: it names things.")
    if value is None:
        hint = "Give it a value, or remove the key."
    elif wanted == "text" and isinstance(value, Mapping):
        hint = "Quote a text that starts with `{` or holds `: `."
    elif wanted == "text" and isinstance(value, bool | int | float):
        hint = "Put it in quotes."
    elif wanted == "true or false" and str(value).lower() in ("yes", "no", "on", "off", "y", "n", "0", "1"):
        hint = f"Write {'true' if str(value).lower() in ('yes', 'on', 'y', '1') else 'false'}."
    elif wanted in ("a number", "a whole number") and isinstance(value, str):
        hint = "Write the number without quotes or unit."
    elif wanted == "a list" and not isinstance(value, Mapping):
        hint = "Write [a, b], or one `- item` a line."
    return Issue(path, f"{field} must be {wanted}, not {kind(value)}", hint)


def _unknown(model: type[BaseModel], error: _Error) -> Issue:
    """An unknown key, with the nearest known one."""
    known = sorted({name for parent in models_at(model, error.path[:-1]) for name in parent.model_fields})
    near = get_close_matches(str(error.path[-1]), known, n=1)
    hint = f"Did you mean `{near[0]}`?" if near else f"Known keys: {', '.join(known)}." if known else "Remove it."
    where = f" in {label(error.path[:-1])}" if len(error.path) > 1 else ""
    return Issue(error.path, f"unknown key `{error.path[-1]}`{where}", hint, on_key=True)


def models_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    """The models that may stand at a path of a model."""
    current: list[Any] = [model]
    for part in path:
        following: list[Any] = []
        for annotation in current:
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                if info := annotation.model_fields.get(str(part)):
                    following += _members(info.annotation)
            elif args := [arg for arg in get_args(annotation) if arg is not Ellipsis]:
                following += _members(args[-1])
        current = following
    return [item for item in current if isinstance(item, type) and issubclass(item, BaseModel)]


def _members(annotation: Any) -> list[Any]:
    """The alternatives of an annotation, without `Annotated` and `Union` around them."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [member for arg in get_args(annotation) for member in _members(arg)]
    return [annotation]


def _about(model: type[BaseModel], path: Path) -> str:
    """The description of the field at a path, as a hint."""
    for parent in models_at(model, path[:-1]):
        if info := parent.model_fields.get(str(path[-1])):
            return info.description or ""
    return ""


def at(data: Any, path: Path) -> Any:
    """The value at a path that the data has."""
    for part in path:
        data = data[part]
    return data


def label(path: Path) -> str:
    """A field as a message names it: its key, with the number of the item where it is in a list."""
    if not path:
        return "this mapping"
    *_, last = path
    if isinstance(last, int) and path[:-1] == ("steps",):
        return f"step {last + 1}"
    if isinstance(last, int):
        parent = next((part for part in reversed(path) if isinstance(part, str)), "list")
        return f"item {last + 1} of `{parent}`"
    return f"`{last}`"


def kind(value: Any) -> str:
    """What a value is, in the words of YAML's users."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {_number(value)}"
    return "text" if isinstance(value, str) else "a list" if isinstance(value, list) else "a mapping"


def _shown(value: Any) -> str:
    """A value in a message, cut."""
    if isinstance(value, str):
        return repr(value) if len(value) <= 40 else repr(value[:37] + "...")
    return kind(value)


def _number(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _literals(context: Mapping[str, Any]) -> list[str]:
    """The allowed values out of Pydantic's `'a', 'b' or 'c'`."""
    import re

    return re.findall(r"'([^']*)'", str(context.get("expected", "")))
