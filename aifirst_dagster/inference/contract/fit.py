"""How the cells of files fit a contract: counted file by file, and what they would be were they inferred anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference import casts, infer
from aifirst_dagster.inference.contract.cells import Cells, within
from aifirst_dagster.inference.contract.changes import Example
from aifirst_dagster.inference.contract.contract import Contract
from aifirst_dagster.inference.contract.place import Fits
from aifirst_dagster.inference.contract.retype import retyped
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: Files of one column that are inferred alone, those with most misfits first.
ALONE = 20
#: A file's own way of writing is believed where it is this sure and reads this share of the cells.
SURE, READS = 0.8, 0.98
_WIDER: dict[str, tuple[str, ...]] = {
    "year": ("integer", "number"), "integer": ("number",), "date": ("datetime",), "yearmonth": ("date", "datetime"),
}  # fmt: skip


def counts(con: duckdb.DuckDBPyConnection, relation: str, tests: Sequence[str]) -> list[dict[str, int]]:
    """File -> rows for which a test is true, of each test: one scan, in slices where there are many."""
    found: list[dict[str, int]] = []
    for start in range(0, len(tests), 100):
        part = tests[start : start + 100]
        flags = ", ".join(f"{test} AS m{at}" for at, test in enumerate(part))
        sums = ", ".join(f"count_if(m{at})" for at in range(len(part)))
        rows = _rows(con, f"SELECT {SOURCE}, {sums} FROM (SELECT {SOURCE}, {flags} FROM {relation}) GROUP BY ALL")
        found += [{row[0]: row[at + 1] for row in rows if row[at + 1]} for at in range(len(part))]
    return found


def examples(con: duckdb.DuckDBPyConnection, relation: str, text: str, test: str, most: int = 3) -> list[Example]:
    """Different cells for which `test` is true, with the first line of each."""
    rows = _rows(
        con,
        f"SELECT file, line, word FROM (SELECT {SOURCE} AS file, {LINE} AS line, left({text}, 60) AS word, "
        f"{test} AS hit FROM {relation}) WHERE hit "
        f"QUALIFY row_number() OVER (PARTITION BY word ORDER BY file, line) = 1 "
        f"ORDER BY file, line LIMIT {most}",
    )
    return [Example(file=file, line=line, text=word or "") for file, line, word in rows]


def alone(con: duckdb.DuckDBPyConnection, relation: str, cells: Cells, files: Mapping[str, int]) -> dict[str, Column]:
    """Files whose cells of a column are all written in another way than the contract says -> that way.

    Args:
        files: File -> cells that do not fit.
    """
    column, found = cells.field.column, {}
    plain = cells.native is None and column.physical_type != "VARCHAR"
    if not plain or column.type not in ("date", "datetime", "time", "number", "integer"):
        return {}
    for file in sorted(files, key=lambda one: (-files[one], one))[:ALONE]:
        other = _inferred(con, f"SELECT {cells.source}, {SOURCE}, {LINE} FROM {relation} WHERE {within([file])}", cells)
        same = (other.format, other.number_style or "plain") == (column.format, column.number_style or "plain")
        held = other.evidence.parsed + other.evidence.failed
        if other.type != column.type or same or other.formats_seen or other.confidence < SURE or not held:
            continue
        if other.evidence.parsed >= READS * held and files[file] > held - other.evidence.parsed:
            found[file] = other.model_copy(update={"null_tokens": column.null_tokens})
    return found


def widened(con: duckdb.DuckDBPyConnection, relation: str, cells: Cells, outside: Sequence[str]) -> Column | None:
    """The column as all cells would have it, where that is another type than the contract's; None: single misfits.

    Args:
        outside: Files that do not count.
    """
    column = cells.field.column
    rows = f"SELECT {cells.source}, {SOURCE}, {LINE} FROM {relation} WHERE NOT {within(list(outside))}"
    if cells.native:
        now = column.model_copy(update={
            "type": infer.field_type(cells.native), "physical_type": cells.native, "native": True, "format": "default",
        })  # fmt: skip
    else:
        now = _inferred(con, rows, cells)
        if not now.evidence.parsed + now.evidence.failed:
            return None
    if now.type == column.type and now.physical_type == column.physical_type and not now.formats_seen:
        return None
    if column.type in _WIDER.get(now.type, ()):
        return None
    if now.type != column.type and now.type not in _WIDER.get(column.type, ()):
        now = retyped(column.model_copy(update={"native": False}), "string")
    if casts.parsed(now, "x") == casts.parsed(column, "x") and now.physical_type == column.physical_type:
        return None
    kept = ("name", "source_name", "description", "semantic_type", "unit")
    tokens = list(dict.fromkeys([*column.null_tokens, *now.null_tokens]))
    update: dict[str, Any] = {name: getattr(column, name) for name in kept}
    return now.model_copy(update={**update, "null_tokens": tokens, "unique": False})


def way(column: Column) -> str:
    """How a column's cells are written: a date's format, a number's style."""
    return column.format if column.type in ("date", "datetime", "time") else column.number_style or "plain"


def now(con: duckdb.DuckDBPyConnection, relation: str, cells: Cells) -> Column:
    """The column as inference sees it in all rows."""
    column = cells.field.column
    if cells.native:
        update = {"type": infer.field_type(cells.native), "physical_type": cells.native, "native": True}
        return column.model_copy(update=update)
    return _inferred(con, f"SELECT {cells.source}, {SOURCE}, {LINE} FROM {relation}", cells)


def by_position(con: duckdb.DuckDBPyConnection, relation: str, native: Mapping[str, str], contract: Contract) -> Fits:
    """Whether a file without names holds the contract's columns in the contract's order: its cells fit."""

    def fits(file: str, columns: list[str]) -> bool:
        held, bad = [], []
        for name, one in zip(columns, contract.fields, strict=True):
            column = one.column.model_copy(update={"source_name": name})
            kind = native.get(name)
            cells = Cells(one.model_copy(update={"column": column, "constraints": {}}), kind)
            tests = [test for _, test in cells.misfits()]
            if not tests and column.pattern:
                tests = [f"(NOT {cells.blank} AND NOT regexp_full_match({cells.text}, {literal(column.pattern)}))"]
            held.append(f"count_if(NOT {cells.blank})")
            bad.append(f"count_if({tests[0]})" if tests else "0")
        (row,) = _rows(con, f"SELECT {', '.join([*held, *bad])} FROM {ident(relation)} WHERE {within([file])}")
        pairs = zip(row[: len(columns)], row[len(columns) :], strict=True)
        return all(failed <= 0.05 * cells for cells, failed in pairs)

    return fits


def _inferred(con: duckdb.DuckDBPyConnection, query: str, cells: Cells) -> Column:
    """The column as these rows have it."""
    view = "aifirst_contract_look"
    con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {query}")
    proposed = infer.propose(con, view, [cells.field.column.source_name])
    return infer.verify(con, view, proposed)[0]


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    import duckdb

    try:
        return con.execute(sql).fetchall()
    except duckdb.ConversionException as error:
        raise ConfigError(
            f"A constraint of the schema does not fit its column's type: {str(error).splitlines()[0]}",
            hint="Mend it: `aifirst schema pin ... COLUMN minimum=...`.",
        ) from None
