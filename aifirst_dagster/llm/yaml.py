"""Strict YAML: a Pydantic model or an error with its file, line and column, and the nearest key that exists."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from aifirst_dagster.errors import ConfigError

_Model = TypeVar("_Model", bound=BaseModel)


def load_strict(path: Path, model: type[_Model], **extra: Any) -> _Model:
    """Read `path` as a `model`; `extra` are fields that do not stand in the file.

    Raises:
        ConfigError: Unreadable, no YAML, or not what `model` says.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        document = _parsed(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = {"line": mark.line + 1, "column": mark.column + 1} if mark else {}
        raise ConfigError(f"This is no YAML: {error.problem}.", file=str(path), **place) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"This is no YAML: {str(error).splitlines()[0]}", file=str(path)) from error
    except OSError as error:
        raise ConfigError(f"The file cannot be read: {error.strerror}.", file=str(path)) from error
    if not isinstance(document, dict):
        raise ConfigError("The file holds no keys.", hint="Write `key: value` lines.", file=str(path))
    try:
        return model.model_validate({**_plain(document), **extra})
    except ValidationError as error:
        raise _worded(path, document, error, model) from error


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """The document that `text` is, with its marks, only to be read: each step of a run asks for the same few files."""
    from ruamel.yaml import YAML

    return YAML(typ="rt").load(text)


def _worded(path: Path, document: Any, error: ValidationError, model: type[BaseModel]) -> ConfigError:
    errors = error.errors()
    # A misspelt key shows up twice: as unknown, and as missing. The former is the one to name.
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    place = [key for key in first["loc"] if isinstance(key, str | int)]
    line, column = _position(document, place)
    name = ".".join(str(key) for key in place)
    if first["type"] == "extra_forbidden":
        top = [field.alias or key for key, field in model.model_fields.items()] if len(place) == 1 else []
        missing = [str(one["loc"][-1]) for one in errors if one["type"] == "missing"]
        known = list(dict.fromkeys((*top, *missing)))
        near = get_close_matches(str(place[-1]), known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}." if known else ""
        return ConfigError(f"Unknown key {name!r}.", hint=hint, file=str(path), line=line, column=column)
    return ConfigError(f"{name}: {first['msg']}.", file=str(path), line=line, column=column)


def _position(document: Any, place: list[str | int]) -> tuple[int | None, int | None]:
    """1-based line and column of the deepest part of `place` that the file has."""
    found: tuple[int | None, int | None] = (None, None)
    for key in place:
        try:
            marks: Any = getattr(document, "lc", None)
            line, column = marks.key(key) if isinstance(document, dict) else marks.item(key)
            found, document = (line + 1, column + 1), document[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return found


def _plain(value: Any) -> Any:
    """ruamel's containers as plain ones."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
