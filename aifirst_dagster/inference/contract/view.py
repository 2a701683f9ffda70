"""The files' rows under the contract's columns: first as they are, then as the contract takes them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.inference.contract.cells import Cells, reread, within
from aifirst_dagster.inference.contract.contract import Contract
from aifirst_dagster.inference.contract.place import Placed
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: Columns of the taken view beside the dataset's: why a row goes to quarantine, its cells, texts that have no column.
WHY, VALUES, ORIGINAL = "_contract_why", "_contract_values", "_contract_original"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Base:
    """All rows of all files under the contract's columns and the new ones, each with the file's own cells.

    Attributes:
        relation: Its name; columns are called by `names`.
        cells: Of each field, in the contract's order.
        new: The new columns' names in it.
        native: Column -> DuckDB type, where it is not text.
    """

    relation: str
    cells: list[Cells]
    new: list[str]
    native: dict[str, str]

    @property
    def names(self) -> list[str]:
        """The columns: the fields', then the new ones."""
        return [cells.field.column.source_name for cells in self.cells] + self.new


def base(
    con: duckdb.DuckDBPyConnection, relation: str, native: Mapping[str, str], contract: Contract, placed: Placed
) -> Base:
    """The view over `relation` that `Base` describes."""
    taken = {one.column.source_name.casefold() for one in contract.fields}
    chosen, cells, kinds = [], [], {}
    for one in contract.fields:
        places = placed.sources[one.name]
        columns = list(dict.fromkeys(places.values()))
        types = {native.get(column, "VARCHAR") for column in columns}
        kind = types.pop() if len(types) == 1 else "VARCHAR"
        if one.column.physical_type == "VARCHAR":
            kind = "VARCHAR"
        name = one.column.source_name
        if not columns and one.column.native:
            kind = one.column.physical_type
        chosen.append(f"{_united(places, columns, kind, native)} AS {ident(name)}")
        cells.append(Cells(one, kind if kind != "VARCHAR" else None, bool(columns)))
        if kind != "VARCHAR":
            kinds[name] = kind
    new = {column: free_name(column, taken) for column in placed.new}
    chosen += [f"{ident(column)} AS {ident(name)}" for column, name in new.items()]
    kinds |= {name: native[column] for column, name in new.items() if column in native}
    view = f"aifirst_contract_{next(_numbers)}"
    hidden = [ident(SOURCE), ident(LINE)]
    con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT {', '.join([*chosen, *hidden])} FROM {ident(relation)}")
    return Base(view, cells, list(new.values()), kinds)


@dataclass(frozen=True)
class Plan:
    """How the rows are taken.

    Attributes:
        columns: The dataset's columns.
        outside: Files that are set aside whole -> why.
        styles: Field's name -> file -> how that file writes it, where it is not as the contract says.
        void: Field's name -> SQL: the cell does not fit and is taken as no value.
        reasons: (words before the cell's text, SQL condition, SQL of the text or "") that set a row aside.
        dropped: New columns that are left out: their texts are kept.
    """

    columns: list[Column]
    outside: dict[str, str] = field(default_factory=dict)
    styles: dict[str, dict[str, Column]] = field(default_factory=dict)
    void: dict[str, list[str]] = field(default_factory=dict)
    reasons: list[tuple[str, str, str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    @property
    def sets_aside(self) -> bool:
        """Whether any row may go to quarantine."""
        return bool(self.reasons or self.outside)


def taken(con: duckdb.DuckDBPyConnection, base: Base, plan: Plan) -> tuple[str, list[Column]]:
    """A view over `base` that a typed SELECT reads, and the columns to read it with.

    Rows to set aside have a reason in `WHY` and their cells as JSON in `VALUES`.
    """
    chosen, kept = [], []
    of = {cells.field.name: cells for cells in base.cells}
    by_source = {cells.field.column.source_name: cells for cells in base.cells}
    for column in plan.columns:
        cells = by_source.get(column.source_name)
        if cells is None:
            chosen.append(ident(column.source_name))
            continue
        sql, lost = _cell(cells, plan.styles.get(cells.field.name, {}), plan.void.get(cells.field.name, []))
        chosen.append(f"{sql} AS {ident(column.source_name)}")
        if lost:
            kept.append((column.name, lost, cells.text))
    kept += [(name, f"{ident(name)} IS NOT NULL", f"CAST({ident(name)} AS VARCHAR)") for name in plan.dropped]
    columns = [_as_read(column, by_source.get(column.source_name), of) for column in plan.columns]
    if kept:
        entries = ", ".join(
            f"CASE WHEN {test} THEN {{'key': {literal(name)}, 'value': {text}}} END" for name, test, text in kept
        )
        some = " OR ".join(f"({test})" for _, test, _ in kept)
        listed = f"list_filter([{entries}], lambda _cell_: _cell_ IS NOT NULL)"
        chosen.append(f"CASE WHEN {some} THEN map_from_entries({listed}) END AS {ORIGINAL}")
        columns.append(_plain(ORIGINAL, "MAP(VARCHAR, VARCHAR)"))
    if plan.sets_aside:
        chosen += [f"{_reason(plan)} AS {WHY}", f"{_values(base)} AS {VALUES}"]
        columns += [_plain(WHY, "VARCHAR"), _plain(VALUES, "VARCHAR")]
    view = f"aifirst_contract_{next(_numbers)}"
    hidden = [ident(SOURCE), ident(LINE)]
    con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT {', '.join([*chosen, *hidden])} FROM {base.relation}")
    return view, columns


def _united(places: Mapping[str, str], columns: Sequence[str], kind: str, native: Mapping[str, str]) -> str:
    """A field's cell, wherever a row's file has it."""

    def of(column: str) -> str:
        return ident(column) if native.get(column, "VARCHAR") == kind else f"CAST({ident(column)} AS {kind})"

    if not columns:
        return f"CAST(NULL AS {kind})"
    if len(columns) == 1:
        return of(columns[0])
    cases = " ".join(
        f"WHEN {within([file for file, place in places.items() if place == column])} THEN {of(column)}"
        for column in columns
    )
    return f"CASE {cases} END"


def _cell(cells: Cells, styles: Mapping[str, Column], void: Sequence[str]) -> tuple[str, str]:
    """The cell that the typed SELECT reads, and SQL that is true where its text would be lost by that ("": nowhere)."""
    sql, lost = cells.source, []
    if cells.converted:
        sql = cells.value
        lost.append(f"NOT {cells.blank} AND {cells.value} IS NULL")
    for file, other in styles.items():
        again = reread(cells, other)
        sql = f"CASE WHEN {within([file])} THEN {again} ELSE {sql} END"
        lost.append(f"{within([file])} AND NOT {cells.blank} AND {again} IS NULL")
    if void:
        some = " OR ".join(void)
        sql = f"CASE WHEN NOT coalesce({some}, FALSE) THEN {sql} END"
        lost.append(some)
    return sql, " OR ".join(f"({one})" for one in lost)


def _as_read(column: Column, cells: Cells | None, of: Mapping[str, Cells]) -> Column:
    """The column for the typed SELECT: what was converted before is typed already."""
    if cells is None:
        return column
    native = cells.native is not None and (cells.converted or cells.native == column.physical_type)
    return column if column.native == native else column.model_copy(update={"native": native})


def _reason(plan: Plan) -> str:
    """SQL: why a row is set aside, NULL where it is not."""
    parts = [
        f"CASE WHEN {test} THEN {literal(words)}" + (f" || left({text}, 60)" if text else "") + " END"
        for words, test, text in plan.reasons
    ]
    parts = [f"CASE WHEN {within([file])} THEN {literal(why)} END" for file, why in plan.outside.items()] + parts
    return f"nullif(concat_ws('; ', {', '.join(parts)}), '')"


def _values(base: Base) -> str:
    fields = ", ".join(f"{ident(name)} := {ident(name)}" for name in base.names)
    return f"to_json(struct_pack({fields}))::VARCHAR"


def _plain(name: str, physical: str) -> Column:
    return Column(name=name, source_name=name, physical_type=physical, native=True)


def free_name(name: str, taken: set[str]) -> str:
    """`name`, numbered where it is taken; it is taken from now on."""
    free, number = name, 2
    while free.casefold() in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free.casefold())
    return free
