"""Where templates lie: beside their tasks in the package, and, beating these, in the project's `resources/prompts/`."""

from __future__ import annotations

import re
from pathlib import Path

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.proposals.prompts.parse import parse
from aifirst_dagster.proposals.prompts.template import Prompt

_TASKS = Path(__file__).parent.parent
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def load(name: str, folder: Path | None = None) -> Prompt:
    """The template `name`: the project's own (`resources/prompts/<name>.md`) where there is one, else the shipped one.

    Args:
        name: A shipped name (`schema`, `mapping`, `rules`, `map_customer_schema`) or a project's.
        folder: The project's prompts; None: the shipped ones only.

    Raises:
        ConfigError: There is none of this name, or it is damaged or unsafe; says where.
    """
    own, shipped = own_file(name, folder), shipped_file(name)
    place = own or shipped
    if place is None:
        raise _missing(name, folder)
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"The prompt cannot be read: {reason}.", file=str(place)) from None
    return parse(text, str(place), name, shipped=own is None)


def own_file(name: str, folder: Path | None) -> Path | None:
    """The project's file of this name, or None.

    Raises:
        ConfigError: This is no name: it could lead out of the folder.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name of a prompt.", hint="Letters, digits, dots, hyphens and underscores.")
    path = folder / f"{name}.md" if folder else None
    return path if path and path.is_file() else None


def shipped_file(name: str) -> Path | None:
    """The shipped file of this name, or None."""
    places = [_TASKS / name / "prompt.md", *sorted(_TASKS.glob(f"*/prompts/{name}.md"))]
    return next((place for place in places if place.is_file()), None)


def names(folder: Path | None = None) -> list[str]:
    """Every prompt that `load` finds."""
    own = {path.stem for path in folder.glob("*.md") if _NAME.fullmatch(path.stem)} if folder else set()
    shipped = {path.parent.name for path in _TASKS.glob("*/prompt.md")}
    return sorted(own | shipped | {path.stem for path in _TASKS.glob("*/prompts/*.md")})


def _missing(name: str, folder: Path | None) -> ConfigError:
    from difflib import get_close_matches

    near = get_close_matches(name, names(folder), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names(folder))}."
    looked = f" (looked in {folder} and among the shipped ones)" if folder else ""
    return ConfigError(f"There is no prompt {name!r}{looked}.", hint=hint)
