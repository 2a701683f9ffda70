"""`{env: NAME}` and `{env: NAME, default: X}`: values that the environment gives when a step runs.

In a step's `config` they stay symbolic from the file to the run, so that no secret reaches definitions, snapshots or
the UI. While loading, a stand-in of the right kind takes their place, so that everything around them is checked; a
default is checked like any written value. When the step runs, the variable's text is read and validated as the
field's type. Settings of the pipeline (`schedule`, `budget`, ...) shape the definitions: they are read when the file
loads.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aifirst_dagster.errors import ConfigError

Path = tuple["str | int", ...]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class EnvRef:
    """A reference to an environment variable, found at `path` of a configuration."""

    path: Path
    name: str
    has_default: bool
    default: Any = None


def is_reference(value: Any) -> bool:
    """Whether a value has the shape of a reference: a mapping of `env` and, perhaps, `default`."""
    return isinstance(value, Mapping) and "env" in value and set(value) <= {"env", "default"}


def wrong_reference(value: Mapping[str, Any]) -> tuple[str, str] | None:
    """Message and hint if a mapping of the shape of a reference cannot be one."""
    name = value["env"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "`env` must name an environment variable", "Letters, digits and underscores, say `{env: WAREHOUSE_URL}`."
    if isinstance(value.get("default"), Mapping | list):
        return "`default` must be a single value", "Text, a number, true or false."
    return None


def references(value: Any) -> list[EnvRef]:
    """All references within a configuration, in order."""
    found: list[EnvRef] = []
    substitute(value, lambda ref: found.append(ref))
    return found


def substitute(value: Any, give: Callable[[EnvRef], Any], path: Path = ()) -> Any:
    """A copy of `value` in which each reference is replaced by what `give` returns for it."""
    if isinstance(value, Mapping):
        if is_reference(value):
            return give(EnvRef(path, str(value["env"]), "default" in value, value.get("default")))
        return {key: substitute(item, give, (*path, key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(item, give, (*path, index)) for index, item in enumerate(value)]
    return value


def resolve_env(config: Any, environ: Mapping[str, str] | None = None, place: str = "config") -> Any:
    """A copy of `config` with every reference replaced by its variable's text, or its default.

    A variable that is set but empty counts as not set, as compose files and CI systems pass unset ones that way.

    Args:
        config: Plain values, as `StepSpec.config` holds them.
        environ: Default: the process's environment.
        place: What to call the configuration in the error.

    Raises:
        ConfigError: A variable without default is not set; names the variable and where it is used, never a value.
    """
    environ = os.environ if environ is None else environ

    def give(ref: EnvRef) -> Any:
        if text := environ.get(ref.name):
            return text
        if ref.has_default:
            return ref.default
        where = ".".join(str(part) for part in (place, *ref.path))
        raise ConfigError(
            f"the environment variable {ref.name} is not set; `{where}` needs it",
            hint=f"Set {ref.name}, or give it a default: {{env: {ref.name}, default: ...}}.",
        )

    return substitute(config, give)
