"""A tool: what the model is told of it, what it runs, and how a call of it always ends in a result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.llm.parts import Frozen, ImagePart, TextPart, ToolCallPart, ToolResultPart, ToolSpec

Result = str | Sequence[TextPart | ImagePart]


class ToolError(AifirstError):
    """A call that a tool cannot serve as it is; its words go to the model, which may try again."""


@dataclass(frozen=True)
class Tool:
    """What a model may call.

    Attributes:
        spec: Name, description and arguments as the model sees them.
        run: Does the work, in a thread of its own, given `spec.arguments` validated. What goes wrong is raised as an
            `AifirstError`: the model reads its words. It bounds its own time.
    """

    spec: ToolSpec
    run: Callable[[Any], Result]


class Bounds(Frozen):
    """What a conversation may take.

    Attributes:
        turns: Answers of the model at most; it is told when the last one is due.
        seconds: From the first request to the last answer.
        usd: US dollars, within whatever the budget leaves: a request that could exceed it is not sent.
        result_chars: Characters of one result; the rest is cut off with a notice.
        calls: Tool calls of one turn that are run; more are refused.
    """

    turns: int = Field(default=8, ge=1)
    seconds: float = Field(default=300.0, gt=0)
    usd: float | None = Field(default=0.25, ge=0)
    result_chars: int = Field(default=8_000, ge=200)
    calls: int = Field(default=8, ge=1)


async def result_of(call: ToolCallPart, tools: dict[str, Tool], limit: int) -> ToolResultPart:
    """Run one call. Unknown tools, wrong arguments and failures are results too: nothing is raised but a cancellation.

    Args:
        call: What the model asked for.
        tools: By name.
        limit: Characters at most.
    """
    tool = tools.get(call.name)
    if tool is None:
        return failed(call, f"There is no tool {call.name!r}. There are: {', '.join(tools) or 'none'}.")
    try:
        arguments = tool.spec.arguments.model_validate(call.arguments)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)[:10]
        lines = [f"- {'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in problems]
        return failed(call, "\n".join(["The arguments are wrong:", *lines]))
    try:
        made = await asyncio.to_thread(tool.run, arguments)
    except AifirstError as error:
        return failed(call, truncated(f"{error.message} {error.hint}".strip(), limit))
    except Exception as error:  # noqa: BLE001
        # The words of an error that nobody foresaw may hold what no model should read.
        return failed(call, f"The tool failed ({type(error).__name__}).")
    return ToolResultPart(id=call.id, name=call.name, content=_bounded(made, limit))


def failed(call: ToolCallPart, words: str) -> ToolResultPart:
    """A result that says why there is none."""
    return ToolResultPart(id=call.id, name=call.name, content=(TextPart(text=words),), is_error=True)


def truncated(text: str, limit: int) -> str:
    """`text`, cut at `limit` characters with a notice that says how much is missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[cut off: {len(text) - limit} of {len(text)} characters left out; ask for less]"


def _bounded(made: Result, limit: int) -> tuple[TextPart | ImagePart, ...]:
    parts = (TextPart(text=made),) if isinstance(made, str) else tuple(made)
    bounded: list[TextPart | ImagePart] = []
    for part in parts:
        if isinstance(part, TextPart):
            bounded.append(TextPart(text=truncated(part.text, max(0, limit)) or "(nothing)"))
            limit -= len(part.text)
        else:
            bounded.append(part)
    return tuple(bounded) or (TextPart(text="(nothing)"),)
