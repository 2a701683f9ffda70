"""Images as the Messages API takes them: readable, of the type they claim, within the limits; and what they cost."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

#: Pixels a side: of any image, and of each where there are many.
LARGEST, MANY, LARGEST_OF_MANY = 8_000, 20, 2_000
#: Tokens of one image at most (models from 4.7 on), and of a page's picture and text.
MOST_TOKENS, PAGE = 4_784, 4_000


def fault(data: bytes, media_type: str, images: int) -> str | None:
    """What the API would say against an image, one of so many in the request; None: nothing."""
    try:
        with Image.open(BytesIO(data)) as picture:
            picture.load()
            size, found = picture.size, Image.MIME.get(picture.format or "")
    except (OSError, UnidentifiedImageError):
        return "Could not process image"
    if found != media_type:
        return f"The image was specified using the {media_type} media type, but it appears to be a {found} image"
    most = LARGEST if images <= MANY else LARGEST_OF_MANY
    return f"At least one of the image dimensions exceeds max allowed size: {most} pixels" if max(size) > most else None


def count(body: dict[str, Any]) -> int:
    """Images in a request, those in tool results included."""
    return sum(block["type"] == "image" for block in _blocks(body["messages"]))


def tokens(body: dict[str, Any]) -> int:
    """Input tokens of a request: four signs each, and images and documents by what they show."""
    media = [block for block in _blocks(body["messages"]) if block["type"] in ("image", "document")]
    written = len(json.dumps([body["messages"], body.get("system")])) - sum(len(b["source"]["data"]) for b in media)
    return max(1, written // 4) + sum(_cost(block) for block in media)


def _cost(block: dict[str, Any]) -> int:
    data = base64.b64decode(block["source"]["data"])
    if block["type"] == "document":
        return PAGE * max(1, data.count(b"/Type /Page") + data.count(b"/Type/Page"))
    with Image.open(BytesIO(data)) as picture:
        return min(MOST_TOKENS, -(-picture.width // 28) * -(-picture.height // 28))


def _blocks(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [block for item in value for block in _blocks(item)]
    if not isinstance(value, dict):
        return []
    return [*([value] if "type" in value else []), *_blocks(value.get("content"))]
