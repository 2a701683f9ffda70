"""Images and PDF files as a model is shown them: within its limits, and never more pages than were asked for."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.errors import InputError
from aifirst_dagster.llm.parts import DocumentPart, ImagePart

if TYPE_CHECKING:
    from PIL.Image import Image

#: Longest edge and most pixels (1,568 patches of 28 by 28): what the smallest of today's models looks at.
EDGE, PIXELS = 1_568, 1_568 * 28 * 28
#: Pages of a PDF that are shown; larger files than this are not opened.
PAGES, BYTES = 8, 30_000_000
#: A page with less text than this is a scan: there is nothing to compare with.
TEXT = 20
_DOTS = 130
_MAGIC = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"%PDF-": "pdf"}
# PDFium may be used by one thread at a time.
_drawing = threading.Lock()


@dataclass(frozen=True)
class Shown:
    """What a model is shown of a file.

    Attributes:
        name: The file's name.
        images: Its pages as pictures.
        document: The same pages as a PDF, where they hold text; a model that takes PDFs reads them better.
        texts: The text that each page holds; empty for images and scans.
        pages: How many pages the file has.
    """

    name: str
    images: tuple[ImagePart, ...]
    texts: tuple[str, ...]
    pages: int
    document: DocumentPart | None = None


def kind(path: Path) -> str | None:
    """`png`, `jpeg`, `gif`, `webp` or `pdf` by the file's first bytes; None where it is something else."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def shown(path: Path) -> Shown:
    """An image or PDF file, ready to be sent.

    Raises:
        InputError: It is neither, it is damaged, encrypted, or too large.
    """
    found = kind(path)
    if found is None:
        raise InputError("This is neither an image nor a PDF.", hint="PNG, JPEG, GIF, WebP and PDF.", file=str(path))
    if path.stat().st_size > BYTES:
        raise InputError(f"The file has more than {BYTES // 1_000_000} MB.", hint="Cut it down.", file=str(path))
    return _pdf(path) if found == "pdf" else Shown(path.name, (_image(path),), ("",), 1)


def _image(path: Path) -> ImagePart:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            # As a person sees it: a photo's orientation stands beside its pixels.
            return _sent(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputError(f"The image cannot be read: {error}.", hint="Save it anew as PNG.", file=str(path)) from None


def _sent(picture: Image) -> ImagePart:
    """The picture, scaled down to what a model looks at, on white, as PNG: lines and digits stay sharp."""
    from PIL import Image

    clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    whole = picture.convert("RGBA" if clear else "RGB")
    scale = min(1.0, EDGE / max(whole.size), (PIXELS / (whole.width * whole.height)) ** 0.5)
    if scale < 1:
        size = (max(1, int(whole.width * scale)), max(1, int(whole.height * scale)))
        # In two steps: the first, a coarse one, spares nine tenths of the time on large scans.
        whole = whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if clear:
        whole = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    held = io.BytesIO()
    whole.save(held, "PNG", optimize=True)
    return ImagePart.of(held.getvalue(), "image/png", whole.size)


def _pdf(path: Path) -> Shown:
    import pypdfium2

    with _drawing:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            raise InputError(
                f"The PDF cannot be read: {error}.", hint="Save it without a password.", file=str(path)
            ) from None
        try:
            number = len(document)
            first = range(min(number, PAGES))
            texts = tuple(document[at].get_textpage().get_text_range() for at in first)
            images = tuple(_sent(document[at].render(scale=_DOTS / 72).to_pil()) for at in first)
            part = _cut(document, list(first), path.name) if all(len(text.strip()) >= TEXT for text in texts) else None
        finally:
            document.close()
    if not images:
        raise InputError("The PDF has no pages.", file=str(path))
    return Shown(path.name, images, texts, number, part)


def _cut(document: object, pages: list[int], name: str) -> DocumentPart:
    """The pages as a PDF of their own."""
    import base64

    import pypdfium2

    fresh = pypdfium2.PdfDocument.new()
    held = io.BytesIO()
    try:
        fresh.import_pages(document, pages)
        fresh.save(held)
    finally:
        fresh.close()
    return DocumentPart(data=base64.b64encode(held.getvalue()).decode(), title=name, pages=len(pages))
