"""From a template's text to a `Prompt`, or every reason why not: first of all that data could speak as instruction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.proposals.prompts import front as front_matter
from aifirst_dagster.proposals.prompts.fencing import TAG
from aifirst_dagster.proposals.prompts.template import VARIABLE, Prompt

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\n(?P<front>.*?)\n---[ \t]*(?:\n(?P<body>.*))?\Z", re.DOTALL)
_SYSTEM, _USER = re.compile(r"# System[ \t]*"), re.compile(r"# User[ \t]*")
_BRACES = re.compile(r"\{\{.*?\}\}|\{\{|\}\}|\{%")
_BLOCK = re.compile(r" {0,3}(```|~~~)")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a template; `line` and `column` are 1-based."""

    line: int
    column: int
    message: str
    hint: str = ""


def parse(text: str, file: str, name: str | None = None, *, shipped: bool = False) -> Prompt:
    """A template from its text.

    Args:
        text: The file's content.
        file: For messages.
        name: What the front matter has to call it.
        shipped: Whether it came with the package.

    Raises:
        ConfigError: The first fault, at its place.
    """
    prompt, found = _read(text, file, name, shipped)
    if found or prompt is None:
        first = found[0]
        more = f" (and {len(found) - 1} more: run `aifirst lint`)" if len(found) > 1 else ""
        raise ConfigError(first.message, hint=f"{first.hint}{more}", file=file, line=first.line, column=first.column)
    return prompt


def faults(text: str, name: str | None = None) -> list[Fault]:
    """Everything that is wrong with a template's text, in its order; none: it is sound."""
    return sorted(_read(text, "", name, False)[1], key=lambda fault: (fault.line, fault.column))


def _read(text: str, file: str, name: str | None, shipped: bool) -> tuple[Prompt | None, list[Fault]]:
    text = text.replace("\r\n", "\n")
    match = _FRONT.match(text)
    if not match:
        return None, [Fault(1, 1, "A prompt starts with front matter.", "Between two lines `---`: " + _KEYS)]
    try:
        front, places = front_matter.read(match["front"])
    except front_matter.FrontError as error:
        return None, [Fault(line + 1, column, message, hint) for line, column, message, hint in error.faults]
    lines = (match["body"] or "").split("\n")
    first = text.count("\n", 0, match.start("body")) + 1 if match["body"] is not None else text.count("\n") + 1
    split = next((at for at, line in enumerate(lines) if _USER.fullmatch(line)), None)
    if split is None:
        message = "A prompt has a heading `# User` between what is standing and what varies."
        return None, [Fault(first, 1, message, "Instructions stand above it, data below.")]
    found = list(_unsafe(lines, first, split))
    found += _undeclared(lines, first, split, front.inputs, places.get("inputs", 1) + 1)
    if name is not None and front.name != name and not found:
        found.append(
            Fault(places["name"] + 1, 1, f"It calls itself {front.name!r}; its file says {name!r}.", "Make them agree.")
        )
    system, user = lines[:split], lines[split + 1 :]
    heading = next((at for at, line in enumerate(system) if _SYSTEM.fullmatch(line)), None)
    if heading is not None:
        system = system[:heading] + system[heading + 1 :]
    prompt = Prompt(
        front.name, front.version, front.inputs, "\n".join(system).strip(), "\n".join(user).strip(), file,
        front.output, front.hints, shipped,
    )  # fmt: skip
    return prompt, found


_KEYS = "name, version and inputs; output and hints as you like."


def _unsafe(lines: list[str], first: int, split: int) -> Iterator[Fault]:
    """Where what a variable stands for could be read as something else than fenced data."""
    block = None
    for at, line in enumerate(lines):
        if mark := _BLOCK.match(line):
            block = None if block == mark[1] else block or mark[1]
        for tag in TAG.finditer(line):
            message = f"A template may not write the fence {tag[0]!r} itself: data could stand outside of it."
            yield Fault(first + at, tag.start() + 1, message, "Each variable brings its own; leave the tag out.")
        for braces in _BRACES.finditer(line):
            place = first + at, braces.start() + 1
            if not VARIABLE.fullmatch(braces[0]):
                message = f"{braces[0]!r} is no variable."
                yield Fault(
                    *place, message, "Variables are {{ name }}, lower case; there are no filters or conditions."
                )
            elif at < split:
                message = f"{braces[0]} stands above `# User`: in the standing part, data would be instruction."
                yield Fault(*place, message, "Move it below `# User`.")
            elif line.strip() != braces[0]:
                message = f"{braces[0]} is part of a sentence: data would speak in your words."
                yield Fault(*place, message, "Give it a line of its own, below the sentence.")
            elif block:
                message = f"{braces[0]} stands in a {block} block: the data could close it."
                yield Fault(*place, message, "Leave the block out: a variable brings a fence that nothing closes.")


def _undeclared(lines: list[str], first: int, split: int, inputs: tuple[str, ...], declared_at: int) -> Iterator[Fault]:
    """Variables that the front matter does not declare, and those declared that are not used."""
    used = set()
    for at, line in enumerate(lines[split + 1 :], first + split + 1):
        for variable in VARIABLE.finditer(line):
            used.add(variable["name"])
            if variable["name"] not in inputs:
                message = f"The variable {variable['name']!r} is not declared."
                yield Fault(at, variable.start() + 1, message, "Add it to `inputs` of the front matter.")
    for name in inputs:
        if name not in used:
            message = f"`inputs` declares {name!r}, which is not used below `# User`."
            yield Fault(declared_at, 1, message, f"Write {{{{ {name} }}}} on a line of its own, or take it out.")
