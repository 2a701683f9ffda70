"""What was said in a conversation with tools: every turn, what it took, how it ended; for a person to read later."""

from __future__ import annotations

from typing import Any, Literal

from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.parts import (
    DocumentPart,
    Frozen,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from aifirst_dagster.llm.types import LLMRequest, LLMResponse
from aifirst_dagster.llm.usage import Usage

Ended = Literal["answered", "turns", "seconds", "usd", "failed"]


class ToolUse(Frozen):
    """One call of a tool and what came of it."""

    name: str
    arguments: dict[str, Any]
    is_error: bool
    seconds: float


class Conversation(Frozen):
    """A conversation, whole.

    Attributes:
        request: What it began with.
        messages: Every turn, the model's as they came; to be continued by appending.
        response: The last answer; None where there is none to use.
        ended: `answered`, or the bound that ended it, or `failed`.
        turns: Answers of the model.
        uses: Every call of a tool, in order.
        usage: What all of it took.
        seconds: From the first request to the end.
    """

    request: LLMRequest
    messages: tuple[Message, ...]
    response: LLMResponse | None
    ended: Ended
    turns: int
    uses: tuple[ToolUse, ...]
    usage: Usage
    seconds: float

    def transcript(self) -> dict[str, Any]:
        """The conversation as JSON: texts, thinking as far as it is shown, calls, results; pictures by their size."""
        return {
            "task": self.request.metadata.task,
            "model": self.response.model if self.response else self.request.model,
            "ended": self.ended,
            "turns": self.turns,
            "seconds": round(self.seconds, 3),
            "usage": self.usage.model_dump(mode="json"),
            "tools": [tool.name for tool in self.request.tools],
            "uses": [use.model_dump(mode="json") for use in self.uses],
            "system": self.request.system,
            "messages": [
                {"role": message.role, "content": [_told(part) for part in message.content if _says(part)]}
                for message in self.messages
            ],
        }


class ConversationError(LLMError):
    """The conversation ended without an answer to use; `conversation` holds what was said all the same."""

    def __init__(self, message: str, conversation: Conversation, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint, retryable=retryable)
        self.conversation, self.usage = conversation, conversation.usage


def _says(part: Part) -> bool:
    """Whether a part says something of its own: a provider's block of a call or a text stands beside what it says."""
    if not isinstance(part, ProviderPart):
        return True
    return bool(part.block.get("thought")) or any(
        word in str(part.block.get("type")) for word in ("thinking", "reason")
    )


def _told(part: Part) -> dict[str, Any]:
    """One part, without bytes that nobody reads."""
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ToolCallPart():
            return {"type": "tool_call", "name": part.name, "arguments": part.arguments}
        case ToolResultPart():
            content = [_told(inner) for inner in part.content]
            return {"type": "tool_result", "name": part.name, "is_error": part.is_error, "content": content}
        case ImagePart():
            return {"type": "image", "media_type": part.media_type, "width": part.width, "height": part.height}
        case DocumentPart():
            return {"type": "document", "title": part.title, "pages": part.pages}
        case ProviderPart():
            shown = {name: part.block[name] for name in ("type", "thinking") if part.block.get(name)}
            return {"type": "provider", "provider": part.provider, "block": shown}
