"""What a model saw on a table's preview, beside what the reader and DuckDB say: cells, header, columns, counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.inference.contract.retype import retyped
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.inference.units import CURRENCIES
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.schema import measure
from aifirst_dagster.proposals.schema.proposal import ProposedColumn
from aifirst_dagster.proposals.schema.task import type_claim
from aifirst_dagster.proposals.vision.glyphs import visible
from aifirst_dagster.proposals.vision.oddities import odd
from aifirst_dagster.proposals.vision.proposal import PreviewProposal, SeenColumn
from aifirst_dagster.proposals.vision.sheet import LENGTH, Sheet, place
from aifirst_dagster.proposals.vision.sight import SightClaim

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable

#: The share of cells that must be read back rightly, or nothing that the model says of the pictures counts.
EYESIGHT = 0.75
_ADDRESS = re.compile(r"([A-Za-z]+)\s*(\d+)")


def claims(
    con: duckdb.DuckDBPyConnection,
    table: ReadTable,
    drawn: Sheet,
    said: PreviewProposal,
    asked: Mapping[str, str],
    shown: int,
) -> tuple[list[SightClaim], bool | None]:
    """Every claim of `said` with its state, and whether the model can read the pictures (None: nothing was asked).

    Args:
        con: The session that holds the table's relation.
        table: As a connector read it.
        drawn: What the pictures show.
        said: What the model saw.
        asked: Address -> text as drawn, of the cells that it had to read back.
        shown: Columns that the pictures show.
    """
    cells, right = _cells(con, table, drawn, said, asked)
    rest = [
        *_shape(drawn, said, shown),
        *_columns(con, table, drawn, said.columns, shown),
        *(odd(con, table, drawn, oddity) for oddity in said.oddities),
    ]
    trusted = right >= EYESIGHT * len(asked) if asked else None
    if trusted is False:
        misread = f"The model misread {len(asked) - right} of the {len(asked)} cells that it had to read back."
        rest = [claim.model_copy(update={"state": "untested", "evidence": misread}) for claim in rest]
    return [*cells, *rest], trusted


def _cells(
    con: duckdb.DuckDBPyConnection, table: ReadTable, drawn: Sheet, said: PreviewProposal, asked: Mapping[str, str]
) -> tuple[list[SightClaim], int]:
    """Each cell that was asked for: the model's reading, the picture's text and DuckDB's value."""
    seen = {cell.cell.replace("$", "").strip().upper(): cell.text for cell in said.cells}
    stored, found, right = _stored(con, table, drawn, asked), [], 0
    for address, text in asked.items():
        read, value = seen.get(address), stored[address]
        claim = SightClaim(subject=address, what="cell", value=read or "", data=value, state="failed")
        right += read is not None and _plain(read) == _plain(text)
        if read is None:
            claim.evidence = "It was not read back."
        elif _plain(read) == _plain(value):
            claim.state, claim.evidence = "tested", "DuckDB has the same."
        elif _plain(read) == _plain(text):
            claim.evidence = "The picture says so, and so does the file; the parsed value is another."
        else:
            claim.evidence = "The picture says otherwise: it was misread."
        found.append(claim)
    return found, right


def _stored(con: duckdb.DuckDBPyConnection, table: ReadTable, drawn: Sheet, asked: Mapping[str, str]) -> dict[str, str]:
    """Address -> what the parsed table has there, masked and drawn as the picture's cells are."""
    places = {address: _place(address) for address in asked}
    lines = {number: row.line for number in {row for _, row in places.values()} if (row := drawn.at(number))}
    if not lines:
        return dict.fromkeys(asked, "")
    wanted = ", ".join(f"{ident(column.source_name)}::VARCHAR" for column in drawn.columns)
    rows = con.execute(
        f"SELECT {LINE}, {wanted} FROM {table.relation} WHERE {SOURCE} = {literal(drawn.file)} "
        f"AND {LINE} IN ({', '.join(str(line) for line in lines.values() if line is not None) or 'NULL'})"
    ).fetchall()
    known = {row[0]: row[1:] for row in rows}
    values = {}
    for address, (at, number) in places.items():
        column, cells = drawn.columns[at], known.get(lines.get(number), ())
        text = cells[at] if at < len(cells) and cells[at] is not None else ""
        text = visible(mask(text[:400], names_people(column.source_name, column.semantic_type)))
        values[address] = text if len(text) <= LENGTH else f"{text[: LENGTH - 3]}..."
    return values


def _shape(drawn: Sheet, said: PreviewProposal, shown: int) -> Iterator[SightClaim]:
    """Header, number of columns, and how many of the rows shown are records."""
    records = sum(1 for row in drawn.rows if row.line is not None)
    for what, seen, known in (
        ("header_rows", _listed(said.header_rows), _listed(drawn.header)),
        ("columns", str(len(said.columns)), str(min(shown, len(drawn.columns)))),
        ("data_rows", str(said.data_rows), str(records)),
    ):
        same = seen == known
        evidence = "The reader says the same." if same else "The reader says otherwise."
        yield SightClaim(subject="table", what=what, value=seen, data=known, evidence=evidence,
                         state="tested" if same else "failed")  # fmt: skip


def _columns(
    con: duckdb.DuckDBPyConnection, table: ReadTable, drawn: Sheet, seen: Sequence[SeenColumn], shown: int
) -> Iterator[SightClaim]:
    """Name, type and unit of each column."""
    known: list[tuple[SeenColumn, Column]] = []
    for said in seen:
        at = place(said.letter)
        if not 0 <= at < min(shown, len(drawn.columns)):
            yield SightClaim(subject=said.letter, what="column", value=said.name, state="failed",
                             evidence="The table has no such column.")  # fmt: skip
        else:
            known.append((said, drawn.columns[at]))
    typed = _typed(con, table, [(said, column) for said, column in known if column.source_name not in drawn.native])
    for said, column in known:
        yield _name(said, column, bool(drawn.header))
        yield typed.get(said.letter) or SightClaim(
            subject=column.source_name, what="type", value=said.type, data=column.type,
            state="corroborated" if said.type == column.type else "untested", evidence="The file itself has types.",
        )  # fmt: skip
        if said.unit.strip():
            yield _unit(said, column)


def _name(said: SeenColumn, column: Column, header: bool) -> SightClaim:
    seen, name = _plain(said.name), _plain(visible(mask(column.source_name)))
    claim = SightClaim(subject=column.source_name, what="name", value=said.name, data=column.source_name)
    if not header:
        claim.data = ""
        claim.state = "failed" if seen else "tested"
        claim.evidence = "The reader found no header; the name in the dataset is made up."
    elif seen == name or (seen and (seen in name or name in seen)):
        claim.state, claim.evidence = "tested", "The reader has the same."
    else:
        claim.state, claim.evidence = "failed", "The reader has another name."
    return claim


def _typed(
    con: duckdb.DuckDBPyConnection, table: ReadTable, pairs: Sequence[tuple[SeenColumn, Column]]
) -> dict[str, SightClaim]:
    """Letter -> whether all rows bear the type out."""
    tried = [retyped(column, said.type, column.format if said.type == column.type else "default")
             for said, column in pairs]  # fmt: skip
    measured = measure.count(con, table.relation, tried)
    found = {}
    for (said, column), counted in zip(pairs, measured, strict=True):
        proposed = ProposedColumn(column=column.source_name, type=said.type, format="default", null_tokens=[],
                                  semantic_type="", unit="", description="")  # fmt: skip
        claim = type_claim(proposed, column, counted, True)
        found[said.letter] = SightClaim(**claim.model_dump(), data=column.type)
    return found


def _unit(said: SeenColumn, column: Column) -> SightClaim:
    """A unit: the engine may have found it in the cells, or the name may hold it."""
    seen = CURRENCIES.get(said.unit.strip(), said.unit.strip()).lower()
    own = (column.unit or "").lower()
    claim = SightClaim(subject=column.source_name, what="unit", value=said.unit, data=column.unit or "")
    if seen in {own, *(unit.lower() for unit in column.units_seen)}:
        claim.state, claim.evidence = "corroborated", "The engine says the same."
    elif seen in column.source_name.lower() or said.unit.strip().lower() in column.source_name.lower():
        claim.state, claim.evidence = "corroborated", "The column's name says so."
    elif own:
        claim.state, claim.evidence = "failed", "The engine found another unit in the cells."
    return claim


def _place(address: str) -> tuple[int, int]:
    match = _ADDRESS.fullmatch(address)
    return (place(match[1]), int(match[2])) if match else (-1, 0)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in sorted(set(numbers))) or "none"


def _plain(text: str) -> str:
    """What has to agree of a text: not its case, not the number of its blanks."""
    return " ".join(text.split()).casefold()
