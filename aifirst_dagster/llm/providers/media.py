"""What images and documents cost in tokens at most, and whether a model takes the request's parts at all."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import RejectedError
from aifirst_dagster.llm.types import DocumentPart, ImagePart, LLMRequest, ToolCallPart, ToolResultPart

#: Text tokens of a dense PDF page (Claude's PDF guide: 1,500 to 3,000; other tokenizers are alike).
PAGE_TEXT = 3_000


def require_able(request: LLMRequest, model: Model) -> None:
    """Check that the model can serve what the request holds.

    Raises:
        RejectedError: It cannot; the message names the capability.
    """
    if not request.messages or request.messages[-1].role != "user":
        raise RejectedError("The conversation must end with the user's turn: answers cannot be begun for the model.")
    needs = {
        "vision": ("images", any(isinstance(part, ImagePart) for part in media(request))),
        "pdf": ("PDF documents", any(isinstance(part, DocumentPart) for part in media(request))),
        "tools": ("tools", bool(request.tools) or _called(request)),
        "structured_output": ("an answer held to a schema", request.output is not None),
    }
    for capability, (words, needed) in needs.items():
        if needed and not getattr(model, capability):
            raise RejectedError(
                f"{model.name} does not take {words} (capability {capability!r}).",
                hint="Name a model that does, or correct its entry in resources/llm/models.yaml.",
            )


def media(request: LLMRequest) -> Iterator[ImagePart | DocumentPart]:
    """Every image and document, those in tool results included."""
    for message in request.messages:
        for part in message.content:
            if isinstance(part, ImagePart | DocumentPart):
                yield part
            elif isinstance(part, ToolResultPart):
                yield from (inner for inner in part.content if isinstance(inner, ImagePart))


def most_input_tokens(
    request: LLMRequest, body: dict[str, Any], image: Callable[[int, int], int], page: int
) -> int | None:
    """An upper bound of the input where there are images or documents, else None: the body's bytes are the bound.

    Args:
        request: What was asked.
        body: How it is sent, base64 included.
        image: A provider's rule: tokens at most for an image of so many pixels.
        page: Tokens at most for the picture of a PDF page; its text comes on top.
    """
    found = list(media(request))
    if not found:
        return None
    written = len(json.dumps(body, ensure_ascii=False).encode()) - sum(len(part.data) for part in found)
    return written + sum(
        image(*_pixels(part)) if isinstance(part, ImagePart) else _pages(part) * (PAGE_TEXT + page) for part in found
    )


def _called(request: LLMRequest) -> bool:
    parts = (part for message in request.messages for part in message.content)
    return any(isinstance(part, ToolCallPart | ToolResultPart) for part in parts)


def _pixels(part: ImagePart) -> tuple[int, int]:
    if part.width and part.height:
        return part.width, part.height
    from PIL import Image

    try:
        with Image.open(BytesIO(base64.b64decode(part.data))) as picture:
            return picture.size
    except (OSError, ValueError) as error:
        raise RejectedError(f"An image of the request is no readable {part.media_type}: {error}.") from error


def _pages(part: DocumentPart) -> int:
    if part.pages:
        return part.pages
    import pypdfium2

    name = repr(part.title or "A document")
    try:
        with pypdfium2.PdfDocument(base64.b64decode(part.data)) as document:
            return len(document)
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise RejectedError(
            f"{name} is no readable PDF: {error}.", hint="Encrypted files must be opened and saved without a password."
        ) from error
