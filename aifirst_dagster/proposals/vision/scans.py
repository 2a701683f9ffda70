"""A printed table's rows beside a dataset: the row of the data that agrees best, and every cell in which it differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.proposals.vision.against import (
    Against,
    folded,
    is_moment,
    is_number,
    number,
    printed,
    same,
)
from aifirst_dagster.proposals.vision.proposal import SeenRow, SeenTable
from aifirst_dagster.proposals.vision.sight import SightClaim

#: Rows of a printed table that are compared, and rows of the data that are looked through.
ROWS, DATA = 300, 200_000
_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")


def table_claims(table: SeenTable, place: int, against: Against | None, texts: Sequence[str]) -> Iterator[SightClaim]:
    """The columns of a table, and each of its rows.

    Args:
        table: As the model read it.
        place: Its place among those seen, from 1.
        against: The data; None: there is none.
        texts: The text of each page that has some.
    """
    page = texts[table.page - 1] if 0 < table.page <= len(texts) else ""
    name = f"table {place}"
    columns = _columns(table, against) if against else {}
    yield from _named(table, name, columns, against, page)
    rows = table.rows[:ROWS]
    found = _best(rows, columns, against) if against and columns else {}
    for at, row in enumerate(rows):
        claim = SightClaim(subject=name, what=f"row {at + 1}", value=" | ".join(row.cells)[:200])
        if at in found:
            _judged(claim, table, row, columns, *found[at])
        elif columns:
            claim.evidence = "No row of the data agrees with most of it."
        cells = [cell for cell in row.cells if cell.strip()]
        if claim.state == "untested" and cells and all(printed(cell, page) for cell in cells):
            claim.state, claim.evidence = "corroborated", "The page's own text has all of its cells."
        yield claim


def _named(
    table: SeenTable, name: str, columns: dict[int, tuple[str, str]], against: Against | None, page: str
) -> Iterator[SightClaim]:
    for at, column in enumerate(table.columns):
        claim = SightClaim(subject=name, what="column", value=column)
        if at in columns:
            claim.state, claim.data, claim.evidence = "tested", columns[at][0], "The data has this column."
        elif against:
            claim.evidence = "The data has no such column."
        elif printed(column, page):
            claim.state, claim.evidence = "corroborated", "The page's own text has this name."
        yield claim


def _columns(table: SeenTable, against: Against) -> dict[int, tuple[str, str]]:
    """Place in the printed table -> (column of the data, its type), by name."""
    types = against.types()
    known = {_bare(name): name for name in types}
    for column in against.columns:
        known.setdefault(_bare(column.source_name), column.name)
    found: dict[int, tuple[str, str]] = {}
    for at, heading in enumerate(table.columns):
        near = get_close_matches(_bare(heading), known, n=1, cutoff=0.85)
        if near and known[near[0]] not in {name for name, _ in found.values()}:
            found[at] = (known[near[0]], types[known[near[0]]])
    return found


def _best(
    rows: Sequence[SeenRow], columns: dict[int, tuple[str, str]], against: Against
) -> dict[int, tuple[list[bool], list[str]]]:
    """Row -> for each matched column whether it agrees, and the data's value, of the row that agrees best.

    Only where more than half of the filled cells agree: else it is another row's.
    """
    con, found = against.con, {}
    wanted = ", ".join(f"{ident(name)} AS c{at}" for at, (name, _) in columns.items())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE aifirst_printed AS SELECT {wanted} FROM {ident(against.relation)} LIMIT {DATA}"
    )
    try:
        for at, row in enumerate(rows):
            tests = {
                place: _agrees(f"c{place}", type_, row.cells[place])
                for place, (_, type_) in columns.items()
                if place < len(row.cells) and row.cells[place].strip()
            }
            if not tests:
                continue
            agree = ", ".join(f"coalesce({tests[place]}, false)" if place in tests else "true" for place in columns)
            points = " + ".join(f"coalesce({test}, false)::INTEGER" for test in tests.values())
            values = ", ".join(f"coalesce(c{place}::VARCHAR, '')" for place in columns)
            best = con.execute(
                f"SELECT {points} AS points, [{agree}], [{values}] FROM aifirst_printed ORDER BY points DESC LIMIT 1"
            ).fetchall()
            if best and best[0][0] * 2 > len(tests):
                found[at] = (best[0][1], best[0][2])
    finally:
        con.execute("DROP TABLE aifirst_printed")
    return found


def _agrees(column: str, type_: str, text: str) -> str:
    """SQL: whether a cell of the data is what is printed, as exactly as it is printed."""
    if is_number(type_) and (read := number(text)):
        value, reach = read
        return f"abs({column}::DOUBLE - {literal(value)}) <= {literal(reach)}"
    if is_moment(type_):
        dates = ", ".join(f"TRY_STRPTIME({literal(text.strip())}, {literal(style)})::DATE" for style in _DATES)
        return f"{column}::DATE IN ({dates})"
    return f"{folded(f'{column}::VARCHAR')} = {literal(same(text))}"


def _judged(
    claim: SightClaim,
    table: SeenTable,
    row: SeenRow,
    columns: dict[int, tuple[str, str]],
    agree: list[bool],
    values: list[str],
) -> None:
    """Both sides of each cell that differs."""
    claim.data = " | ".join(values)[:200]
    differing = [
        f"{table.columns[at]}: printed {row.cells[at]!r}, in the data {value!r}"
        for at, fine, value in zip(columns, agree, values, strict=True) if not fine
    ]  # fmt: skip
    claim.state = "failed" if differing else "tested"
    claim.evidence = "; ".join(differing) if differing else "A row of the data agrees in every cell."


def _bare(name: str) -> str:
    return "".join(sign for sign in same(name) if sign.isalnum())
