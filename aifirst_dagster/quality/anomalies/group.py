"""Flags become groups: one for each likely cause, with counts, examples and what its cells have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.anomalies.model import KINDS, Example
from aifirst_dagster.quality.anomalies.table import FLAGS, TABLE, Field, Table

FOUND = "__anomaly_found"
#: Kinds of which one cause stands in several columns: these are one group.
SHARED = ("missing", "volume", "row", "swapped")
#: So many of a group's cells must come from one file or stretch for that to be its cause; cells that there must be.
MOST, CELLS = 0.8, 3
#: A stretch of rows holds the group's cells that densely; a span of time is so small a part of the whole.
DENSE, SPAN = 0.5, 0.2


@dataclass
class Lot:
    """A group before it is worded: its key, its columns, what was counted.

    Attributes:
        cause: Parts of the finder's cause: `factor`, `value`, `with`, a file or a period under its own name.
        where: What its cells have in common: `source`, `rows` (first, last), `time` (column, first, last).
    """

    id: str
    kind: str
    fields: list[Field]
    cause: dict[str, str]
    cells: int
    rows: int
    surprise: float
    expected: int
    values: list[tuple[str | None, int]] = field(default_factory=list)
    where: dict[str, Any] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)


def lots(table: Table) -> list[Lot]:
    """Settle which flag of a cell is told, and gather the others into groups, most unlikely first."""
    rank = "CASE kind " + " ".join(f"WHEN {literal(kind)} THEN {at}" for at, kind in enumerate(KINDS)) + " END"
    # A group's key leaves out what differs from cell to cell, and what one cause has in several columns.
    shared = ", ".join(map(literal, SHARED))
    key = (
        f"kind || '|' || CASE WHEN kind IN ({shared}) THEN '' ELSE field::VARCHAR END || '|' || "
        "CASE kind WHEN 'row' THEN '' WHEN 'swapped' THEN least(field, split_part(cause, '=', 2)::INTEGER) || '-' "
        "|| greatest(field, split_part(cause, '=', 2)::INTEGER) ELSE cause END"
    )
    table.create(
        FOUND,
        f"""SELECT *, {key} AS grp FROM {FLAGS}
        QUALIFY row IS NULL OR row_number() OVER (PARTITION BY row, field ORDER BY {rank}, surprise DESC) = 1""",
    )
    found = table.ask(
        "SELECT grp, any_value(kind), list_sort(list_distinct(list(field))), any_value(cause), count(*), "
        "count(DISTINCT row), "
        f"median(surprise), count(expected), list_distinct(list(cause))[:50] FROM {FOUND} GROUP BY 1 ORDER BY 1"
    )
    named = {one.at: one for one in table.fields}
    made = []
    for key_, kind, fields, cause, cells, rows, surprise, expected, causes in found:
        own = [named[at] for at in fields if at in named]
        parts = dict(part.split("=", 1) for part in cause.split("|") if "=" in part)
        if kind == "row":
            worst = [named[int(one.split("=")[1])].name for one in causes]
            parts = {"columns": ", ".join(sorted(set(worst)))}
        elif kind == "form":
            parts = {"reason": cause}
        lot = Lot(_id(kind, own, key_, parts), kind, own, parts, cells, rows, surprise, expected)
        table.ask(f"UPDATE {FOUND} SET grp = {literal(lot.id)} WHERE grp = {literal(key_)}")
        made.append(lot)
    _values(table, made)
    _examples(table, made)
    for lot in made:
        _common(table, lot)
    return sorted(made, key=lambda lot: (-lot.surprise, lot.id))


def _id(kind: str, fields: list[Field], key: str, cause: dict[str, str]) -> str:
    """The same for the same kind, columns and cause: names, not places, go into it."""
    names = [one.name for one in fields]
    # A file's folder may differ from run to run.
    told = sorted((name, text.rpartition("/")[2]) for name, text in cause.items() if kind != "row")
    told = [] if kind in ("swapped", "series", "dependency", "spelling", "derived", "order") else told
    digest = hashlib.blake2b(f"{kind}|{names}|{told}".encode(), digest_size=4).hexdigest()
    return f"{kind}-{digest}"


def _values(table: Table, made: list[Lot]) -> None:
    """The most frequent values of each group."""
    rows = table.ask(
        f"SELECT grp, value, n FROM (SELECT grp, value, count(*) AS n FROM {FOUND} WHERE value IS NOT NULL "
        f"GROUP BY 1, 2) "
        "QUALIFY row_number() OVER (PARTITION BY grp ORDER BY n DESC, value) <= 5 ORDER BY grp, n DESC, value"
    )
    known = {lot.id: lot for lot in made}
    for grp, value, count in rows:
        known[grp].values.append((value, count))


def _examples(table: Table, made: list[Lot]) -> None:
    """Some cells of each group, the most unlikely first, then in the file's order."""
    named = {one.at: one.name for one in table.fields}
    rows = table.ask(
        f"SELECT f.grp, f.row, t.__source, t.__line, f.field, f.value, f.expected FROM {FOUND} f LEFT JOIN {TABLE} t "
        "ON f.row = t.__row QUALIFY row_number() OVER (PARTITION BY f.grp ORDER BY f.surprise DESC, f.row) "
        f"<= {table.settings.examples} ORDER BY f.grp, f.surprise DESC, f.row"
    )
    known = {lot.id: lot for lot in made}
    for grp, row, source, line, at, value, expected in rows:
        if row is not None:
            known[grp].examples.append(
                Example(row=row, source=source, source_line=line, column=named.get(at), value=_short(value),
                        expected=_short(expected))
            )  # fmt: skip


def _common(table: Table, lot: Lot) -> None:
    """What a group's cells have in common: their file, one stretch of rows, one span of time."""
    if lot.cells < CELLS or lot.kind in ("volume", "gap"):
        return
    of = f"(SELECT DISTINCT row FROM {FOUND} WHERE grp = {literal(lot.id)}) f JOIN {TABLE} t ON f.row = t.__row"
    moment = next((one for one in table.of("moment") if one.filled > 0.9 * table.rows and one not in lot.fields), None)
    time = f", min({moment.value}), max({moment.value})" if moment else ", NULL, NULL"
    source, times, first, last, rows, line, final, begin, end = table.ask(
        f"SELECT mode(__source), count(*) FILTER (__source = (SELECT mode(__source) FROM {of})), min(row), max(row), "
        f"count(*), min(__line), max(__line){time} FROM {of}"
    )[0]
    if table.settings.source and table.sources > 1 and times >= MOST * rows:
        lot.where["source"] = source
        lot.where["of_source"] = table.ask(f"SELECT count(*) FROM {TABLE} WHERE __source = {literal(source)}")[0][0]
    elif rows >= 5 and rows >= DENSE * (last - first + 1) and last - first < 0.5 * table.rows:
        lot.where["rows"] = (first, last)
        # People look rows up by their line; in several files it says nothing.
        if line is not None and table.sources <= 1:
            lot.where["lines"] = (line, final)
    if moment is not None and begin is not None and rows >= 5:
        # Defaults such as 1900-01-01 would stretch the whole, beside which any span looks short.
        low, high = table.ask(f"SELECT quantile_disc({moment.value}, [0.01, 0.99]) FROM {TABLE}")[0][0]
        if high > low and (end - begin) <= SPAN * (high - low) and rows < 0.5 * table.rows:
            lot.where["time"] = (moment.name, str(begin), str(end))


def cells(table: Table, group: str | None = None, most: int | None = None) -> Iterator[dict[str, Any]]:
    """All flagged cells (of a group), in the order of rows."""
    named = {one.at: one.name for one in table.fields}
    where = f"WHERE f.grp = {literal(group)}" if group else "WHERE f.row IS NOT NULL"
    limit = f" LIMIT {most}" if most else ""
    for row, source, line, at, value, expected, kind, surprise, grp in table.ask(
        f"SELECT f.row, t.__source, t.__line, f.field, f.value, f.expected, f.kind, f.surprise, f.grp FROM {FOUND} f "
        f"JOIN {TABLE} t ON f.row = t.__row {where} ORDER BY 1, 4{limit}"
    ):
        yield {"row": row, "source": source, "source_line": line, "column": named.get(at), "value": value,
               "expected": expected, "kind": kind, "score": score(surprise), "group": grp}  # fmt: skip


def score(surprise: float) -> float:
    """0 to 1 for -log10 of a chance: one in a million is 0.63, one in 10^12 is 0.86."""
    return round(1 - 2.718281828459045 ** (-max(surprise, 0) / 6), 4)


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= 200 else text[:199] + "…"
