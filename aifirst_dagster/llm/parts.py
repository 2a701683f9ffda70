"""What a message is made of: text, images, documents, tool calls and their results, a provider's own blocks."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

ImageType = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]


class Frozen(BaseModel):
    """Base of everything that travels through this layer: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TextPart(Frozen):
    """Plain text.

    Attributes:
        cache: The prompt up to and including this part is the same in many requests: providers with a prompt cache
            that is asked for keep it.
    """

    type: Literal["text"] = "text"
    text: str
    cache: bool = False


class ImagePart(Frozen):
    """A picture, base64.

    Attributes:
        data: Base64 of the file's bytes.
        width: Pixels, where known; decides what it costs.
        height: Pixels, where known.
    """

    type: Literal["image"] = "image"
    media_type: ImageType = "image/png"
    data: str
    width: int | None = None
    height: int | None = None

    @classmethod
    def of(cls, content: bytes, media_type: ImageType = "image/png", size: tuple[int, int] | None = None) -> ImagePart:
        """From a file's bytes."""
        width, height = size or (None, None)
        return cls(media_type=media_type, data=base64.b64encode(content).decode(), width=width, height=height)


class DocumentPart(Frozen):
    """A PDF, or some of its pages as a PDF, base64.

    Attributes:
        pages: Number of pages, where known; decides what it costs.
    """

    type: Literal["document"] = "document"
    data: str
    title: str = ""
    pages: int | None = None

    @classmethod
    def read(cls, path: Path, pages: int | None = None) -> DocumentPart:
        """From a PDF file."""
        return cls(data=base64.b64encode(path.read_bytes()).decode(), title=path.name, pages=pages)


class ToolCallPart(Frozen):
    """The model asks for a tool."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    name: str
    arguments: dict[str, Any]


class ToolResultPart(Frozen):
    """What a tool said, in the user's turn after the call; all results of a turn come before any text."""

    type: Literal["tool_result"] = "tool_result"
    id: str
    name: str
    content: tuple[TextPart | ImagePart, ...]
    is_error: bool = False


class ProviderPart(Frozen):
    """A provider's own block (thinking with its signature, say): sent back exactly as it came, dropped elsewhere."""

    type: Literal["provider"] = "provider"
    provider: str
    block: dict[str, Any]


Part = Annotated[
    TextPart | ImagePart | DocumentPart | ToolCallPart | ToolResultPart | ProviderPart, Field(discriminator="type")
]


class Message(Frozen):
    """One turn of the conversation."""

    role: Literal["user", "assistant"]
    content: tuple[Part, ...]

    @field_validator("content", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return (TextPart(text=value),) if isinstance(value, str) else value

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(part.text for part in self.content if isinstance(part, TextPart))


class ToolSpec(Frozen):
    """A tool as a model sees it.

    Attributes:
        name: Letters, digits and underscores.
        description: What it does, when to use it, what it returns.
        arguments: The Pydantic model that its arguments must satisfy.
    """

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
    description: str
    arguments: type[BaseModel]
