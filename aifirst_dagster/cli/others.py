"""Other datasets that rules name, for the commands on a bare file: `--with NAME=FILE`, or the file's path itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import ConfigError, InputError

if TYPE_CHECKING:
    from aifirst_dagster.cli.table import FileTable


def finder(con: Any, given: Sequence[str], rules_path: str | None) -> Callable[[str], str]:
    """A function that finds the relation of another dataset by its name in a rule; each file is read once.

    Args:
        con: The session.
        given: `NAME=FILE` of each `--with`.
        rules_path: A path in a rule may start from this file's folder, too.
    """
    named = dict(_named(one) for one in given)
    read: dict[str, FileTable] = {}

    def find(name: str) -> str:
        from aifirst_dagster.cli.table import load

        if name not in read:
            read[name] = load(con, named.get(name) or _path(name, rules_path, named), f"__other_{len(read)}")
        return read[name].relation

    return find


def _named(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise ConfigError(f"--with {text!r} is no NAME=FILE.", hint="Such as --with customers=customers.csv")
    return name, path


def _path(name: str, rules_path: str | None, named: dict[str, str]) -> str:
    """The file that a rule names by its path."""
    beside = Path(rules_path).parent if rules_path and rules_path != "-" else Path()
    for path in (Path(name), beside / name):
        if path.is_file():
            return str(path)
    near = get_close_matches(name, named, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Say which file it is: --with {name}=FILE"
    raise InputError(f"There is no dataset {name!r}.", hint=hint)
