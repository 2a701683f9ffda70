"""`of_table`: a table drawn, looked at by a model, and what it saw compared with the parsed data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.vision.ask import look, require_pictures
from aifirst_dagster.proposals.vision.compare import claims
from aifirst_dagster.proposals.vision.picture import fits, pictures, shown
from aifirst_dagster.proposals.vision.proposal import PreviewProposal
from aifirst_dagster.proposals.vision.sheet import Sheet, letter, sheet
from aifirst_dagster.proposals.vision.sight import Sight

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable
    from aifirst_dagster.llm.client import LLM

#: Cells that the model has to read back, at most.
READ_BACK = 8


def of_table(
    con: duckdb.DuckDBPyConnection,
    table: ReadTable,
    columns: Sequence[Column],
    llm: LLM,
    wish: Wish = Wish(),
    where: tuple[str | None, str | None] = (None, None),
) -> Sight:
    """Have a model look at the first file of `table` as a spreadsheet shows it.

    Args:
        con: The session that holds the table's relation.
        table: As a connector read it, with at least one column.
        columns: Verified, in the order of `table.columns`.
        llm: Whom to ask.
        wish: How; its `samples` may forbid pictures altogether.
        where: Pipeline and step, for the ledger.

    Raises:
        ConfigError: No model was named, or values must not be shown.
        LLMError: There was no answer, say because the model takes no images.
    """
    require_pictures(llm, wish)
    drawn = sheet(con, table, columns)
    images, visible = pictures(drawn), shown(drawn)
    asked = cells_to_read(drawn, min(visible, len(drawn.columns)))
    values = {
        "instructions": wish.instructions or "(nothing in particular)",
        "table": _about(drawn, len(columns), visible),
        "cells_to_read": list(asked),
    }
    response, notes = look(
        images, values, llm, wish, prompt="vision", output=PreviewProposal, where=where,
        tokens=200 + 40 * visible,
    )  # fmt: skip
    said = response.parsed_as(PreviewProposal)
    found, trusted = claims(con, table, drawn, said, asked, visible)
    return Sight(
        kind="preview",
        claims=found,
        reading=said.model_dump(mode="json"),
        model=response.model,
        usage=response.usage,
        trusted=trusted,
        pictures=[(image.width or 0, image.height or 0) for image in images],
        notes=notes,
    )


def cells_to_read(drawn: Sheet, visible: int) -> dict[str, str]:
    """Address -> text, spread over the records that are shown: what tells whether a model can read the picture."""
    records = [row for row in drawn.rows if row.line is not None and any(row.cells[:visible])]
    wanted = min(READ_BACK, len(records) * 3)
    found: dict[str, str] = {}
    for nth in range(wanted):
        row = records[round(nth * (len(records) - 1) / max(1, wanted - 1))]
        filled = [at for at, cell in enumerate(row.cells[:visible]) if cell and fits(cell)]
        if filled:
            at = filled[nth % len(filled)]
            found[f"{letter(at)}{row.number}"] = row.cells[at]
    return found


def _about(drawn: Sheet, columns: int, visible: int) -> dict[str, Any]:
    """What the pictures leave out."""
    return {
        "columns_shown": min(visible, columns),
        "columns_not_shown": max(0, columns - visible),
        "rows_shown": len(drawn.rows),
        "more_rows_in_the_file": drawn.total > sum(1 for row in drawn.rows if row.line is not None),
    }
