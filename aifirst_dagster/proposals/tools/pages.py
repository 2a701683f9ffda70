"""`document_page`: one page of a PDF that the step was given: its text, and its looks where pictures are allowed."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.llm.parts import ImagePart, TextPart
from aifirst_dagster.llm.tools import Tool, ToolError
from aifirst_dagster.llm.types import ToolSpec
from aifirst_dagster.proposals.masking import mask
from aifirst_dagster.proposals.prompts import fence
from aifirst_dagster.proposals.tools.material import Material

TEXT, DOTS = 6_500, 110
# PDFium, which draws pages, may be used by one thread at a time.
_drawing = threading.Lock()


class Arguments(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    document: int = Field(description="The document's number, from 1, in the order they are listed.", ge=1)
    page: int = Field(description="The page's number, from 1.", ge=1)
    picture: bool = Field(description="Also how the page looks; where pictures are not allowed, text alone comes.")


def tool(material: Material) -> Tool:
    """The tool over the documents of `material`; others are out of its reach, since it takes no paths."""

    def run(arguments: Arguments) -> list[TextPart | ImagePart]:
        if arguments.document > len(material.documents):
            raise ToolError(f"There are {len(material.documents)} documents.")
        path = material.documents[arguments.document - 1]
        with _drawing:
            text, pages, picture = _read(path, arguments.page, arguments.picture and material.pictures)
        whole = {"page": arguments.page, "of": pages, "text": _short(mask(text))}
        parts: list[TextPart | ImagePart] = [TextPart(text=fence("page", whole))]
        if picture is not None:
            parts.append(picture)
        elif arguments.picture:
            parts.append(TextPart(text="Pictures are not allowed here: nothing in them can be masked."))
        return parts

    listed = fence("documents", [path.name for path in material.documents[:50]])
    return Tool(
        ToolSpec(
            name="document_page",
            description=f"Read one page of a document. The documents, numbered from 1:\n{listed}",
            arguments=Arguments,
        ),
        run,
    )


def _read(path: Path, number: int, draw: bool) -> tuple[str, int, ImagePart | None]:
    """(text, number of pages, picture) of a page."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfminer.pdfexceptions import PDFException
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(path) as document:
            pages = len(document.pages)
            if number > pages:
                raise ToolError(f"The document has {pages} pages.")
            page = document.pages[number - 1]
            return page.extract_text() or "", pages, _drawn(page) if draw else None
    except (PDFException, PdfminerException, PDFPasswordIncorrect, ValueError, OSError) as error:
        raise ToolError(f"The document cannot be read ({type(error).__name__}).") from None


def _drawn(page: Any) -> ImagePart:
    image = page.to_image(resolution=DOTS).original
    image.thumbnail((1568, 1568))
    held = io.BytesIO()
    image.save(held, "PNG")
    return ImagePart.of(held.getvalue(), "image/png", image.size)


def _short(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[:TEXT]} [{len(text) - TEXT} characters left out]"
