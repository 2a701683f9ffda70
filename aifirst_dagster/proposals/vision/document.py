"""`of_file`: charts and tables on an image or a PDF's pages, read by a model, and compared with a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.vision.against import Against
from aifirst_dagster.proposals.vision.ask import look, require_pictures
from aifirst_dagster.proposals.vision.charts import chart_claims
from aifirst_dagster.proposals.vision.pages import Shown, shown
from aifirst_dagster.proposals.vision.proposal import DocumentProposal
from aifirst_dagster.proposals.vision.scans import table_claims
from aifirst_dagster.proposals.vision.sight import Sight

if TYPE_CHECKING:
    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.llm.types import LLMResponse


def of_file(
    path: Path,
    llm: LLM,
    wish: Wish = Wish(),
    against: Against | None = None,
    where: tuple[str | None, str | None] = (None, None),
) -> Sight:
    """Have a model transcribe the charts and tables of an image or a PDF. Nothing in the pictures is masked.

    Args:
        path: PNG, JPEG, GIF, WebP or PDF; of a PDF the first pages.
        llm: Whom to ask.
        wish: How; its `samples` may forbid pictures altogether.
        against: What to compare with; None: a page's own text, else nothing.
        where: Pipeline and step, for the ledger.

    Raises:
        InputError: The file cannot be read.
        ConfigError: No model was named, or values must not be shown.
        LLMError: There was no answer, say because the model takes no images.
    """
    require_pictures(llm, wish)
    file = shown(path)
    response, notes = _asked(file, llm, wish, where)
    said = response.parsed_as(DocumentProposal)
    claims = [
        *(claim for nth, chart in enumerate(said.charts, 1) for claim in chart_claims(chart, nth, against, file.texts)),
        *(claim for nth, table in enumerate(said.tables, 1) for claim in table_claims(table, nth, against, file.texts)),
    ]
    if len(file.images) < file.pages:
        notes.append(f"{file.name}: {len(file.images)} of {file.pages} pages were shown.")
    return Sight(
        kind="document",
        claims=claims,
        reading=said.model_dump(mode="json"),
        model=response.model,
        usage=response.usage,
        pictures=[(image.width or 0, image.height or 0) for image in file.images],
        notes=notes,
    )


def _asked(file: Shown, llm: LLM, wish: Wish, where: tuple[str | None, str | None]) -> tuple[LLMResponse, list[str]]:
    """The answer: to the PDF itself where its pages hold text and the model takes PDFs, else to pictures of them."""
    from aifirst_dagster.llm.failures import RejectedError

    values = {
        "instructions": wish.instructions or "(nothing in particular)",
        "pages": {"file": file.name, "pages_shown": len(file.images), "pages_of_the_file": file.pages},
    }
    how = {"prompt": "vision_document", "output": DocumentProposal, "where": where, "tokens": 3_000}
    notes: list[str] = []
    if file.document is not None:
        try:
            return look([file.document], values, llm, wish, **how)  # type: ignore[arg-type]
        except RejectedError as error:
            notes.append(f"{file.name} is shown as pictures of its pages: {error.message}")
    response, more = look(file.images, values, llm, wish, **how)  # type: ignore[arg-type]
    return response, [*notes, *more]
