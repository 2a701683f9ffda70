"""What a loopback model server can be told to answer, misbehaviour included."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ToolUse:
    """A tool that the model calls.

    Attributes:
        arguments: A JSON object, or a text that is none.
    """

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """A proper answer. Token counts default to a count from the texts' lengths.

    Attributes:
        tools: Tools that the model calls after its text; `stop_reason` then stands at what the protocol says to it.
        headers: More response headers: rate limits.
    """

    text: str = ""
    thinking: str = ""
    stop_reason: str = "end_turn"
    refusal_category: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read: int = 0
    cache_write_1h: int = 0
    cache_write_5m: int = 0
    delay: float = 0.0
    tools: tuple[ToolUse, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fail:
    """An error response."""

    status: int
    type: str = "api_error"
    message: str = "scripted"
    error_code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MidStreamError:
    """A stream that turns into an `error` event after half of its text."""

    text: str = "half of it"
    type: str = "overloaded_error"


@dataclass(frozen=True)
class CutStream:
    """A connection that ends after half of the text. `clean`: with a proper end of the HTTP body."""

    text: str = "half of it"
    clean: bool = False


@dataclass(frozen=True)
class Raw:
    """A 200 whose body is no answer."""

    body: str
    content_type: str = "application/json"


@dataclass(frozen=True)
class Hang:
    """Silence for some seconds, then the connection is dropped."""

    seconds: float = 0.0


Scripted = Reply | Fail | MidStreamError | CutStream | Raw | Hang
