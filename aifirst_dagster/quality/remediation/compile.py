"""Choices as SQL: the table as it would be, with the texts that were there before under `_raw`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from aifirst_dagster.datasets import quarantine
from aifirst_dagster.datasets.session import LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.quality.anomalies import Search
from aifirst_dagster.quality.anomalies.group import FOUND
from aifirst_dagster.quality.anomalies.table import TABLE, Field
from aifirst_dagster.quality.remediation.model import Choice

_CELLS, _ASIDE, _MAP = "__remedy_cells", "__remedy_aside", "__remedy_map"


@dataclass(frozen=True)
class Compiled:
    """The remedied table: FROM expressions that live as long as the context.

    Attributes:
        kept: SELECT of the rows that stay, in the order and with the columns of the relation, and `_raw`.
        aside: SELECT of the rows set aside, in quarantine's shape.
        cells: Name of the table of changed cells: row, field, grp, before, after.
        rows_aside: Name of the table of rows set aside: row, grp, reason.
    """

    kept: str
    aside: str
    cells: str
    rows_aside: str


@contextmanager
def compiled(search: Search, relation: str, choices: Sequence[Choice]) -> Iterator[Compiled]:
    """The choices on `relation`, which must be the one that was searched.

    Where several groups are about one cell only the first counts; a row that is set aside keeps its cells.
    """
    table = search.table
    con = table.con
    groups = {group.id: group for group in search.found.groups}
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_CELLS} (row BIGINT, field INTEGER, grp VARCHAR, before VARCHAR, after VARCHAR)"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_ASIDE} (row BIGINT, grp VARCHAR, reason VARCHAR)")
    try:
        for choice in choices:
            reason = f"anomaly: {groups[choice.group].cause}" if choice.group in groups else "anomaly"
            _collect(search, choice, reason)
        yield _select(search, relation)
    finally:
        for name in (_CELLS, _ASIDE, _MAP):
            con.execute(f"DROP TABLE IF EXISTS {name}")


def _collect(search: Search, choice: Choice, reason: str) -> None:
    """The cells and rows of one choice."""
    con, grp = search.table.con, literal(choice.group)
    found = f"(SELECT * FROM {FOUND} WHERE grp = {grp} AND row IS NOT NULL)"
    fresh = f"ANTI JOIN {_CELLS} c ON f.row = c.row AND f.field = c.field"
    if choice.action == "quarantine":
        con.execute(
            f"INSERT INTO {_ASIDE} SELECT DISTINCT row, {grp}, {literal(reason)} FROM {found} f "
            f"WHERE row NOT IN (SELECT row FROM {_ASIDE})"
        )
    elif choice.action == "set_null":
        con.execute(
            f"INSERT INTO {_CELLS} SELECT f.row, f.field, {grp}, f.value, NULL FROM {found} f {fresh} WHERE "
            f"f.field >= 0"
        )
    elif choice.action in ("set_expected", "swap"):
        # What is swapped may be no value at all.
        only = "f.field >= 0" if choice.action == "swap" else "f.expected IS NOT NULL AND f.field >= 0"
        con.execute(
            f"INSERT INTO {_CELLS} SELECT f.row, f.field, {grp}, f.value, f.expected FROM {found} f {fresh} "
            f"WHERE {only}"
        )
    elif choice.action == "map_values":
        mapping = dict(choice.params.get("mapping", {}))
        con.execute(f"CREATE OR REPLACE TEMP TABLE {_MAP} (old VARCHAR, new VARCHAR)")
        if mapping:
            con.executemany(f"INSERT INTO {_MAP} VALUES (?, ?)", [[str(old), new] for old, new in mapping.items()])
        con.execute(
            f"INSERT INTO {_CELLS} SELECT f.row, f.field, {grp}, f.value, m.new FROM {found} f {fresh} "
            f"JOIN {_MAP} m ON f.value = m.old WHERE f.field >= 0"
        )
    elif choice.action == "scale":
        factor = float(choice.params["factor"])
        for field in search.table.of("number"):
            # Multiplying by a tenth leaves dust in the last places; fifteen figures are what a number has.
            scaled = f"format('{{:.15g}}', {field.value} * {factor!r}::DOUBLE)"
            con.execute(
                f"INSERT INTO {_CELLS} SELECT f.row, f.field, {grp}, f.value, {scaled} FROM {found} f {fresh} "
                f"JOIN {TABLE} t ON f.row = t.__row WHERE f.field = {field.at}"
            )


def _select(search: Search, relation: str) -> Compiled:
    """The statements over `relation`."""
    table = search.table
    described = {str(row[0]): str(row[1]) for row in table.ask(f"DESCRIBE SELECT * FROM {relation}")}
    touched = {at for (at,) in table.ask(f"SELECT DISTINCT field FROM {_CELLS}")}
    changed = [field for field in table.fields if field.at in touched]
    base = f"(SELECT row_number() OVER () - 1 AS __row, * FROM {relation}) b"
    joins = "".join(
        f" LEFT JOIN (SELECT row, before, after FROM {_CELLS} WHERE field = {field.at}) r{field.at} "
        f"ON b.__row = r{field.at}.row"
        for field in changed
    )
    by_name = {field.name: field for field in changed}
    parts = []
    for name, physical in described.items():
        if name == RAW:
            continue
        field = by_name.get(name)
        parts.append(f"b.{ident(name)}" if field is None else f"{_new(field, physical)} AS {ident(name)}")
    raw = _raw(changed, RAW in described)
    kept = (
        f"SELECT {', '.join([*parts, f'{raw} AS {RAW}'])} FROM {base}{joins} "
        f"WHERE b.__row NOT IN (SELECT row FROM {_ASIDE}) ORDER BY b.__row"
    )
    names = [field.name for field in table.fields]
    hidden = [
        f"b.{ident(name)}" if name in described else f"NULL::{kind} AS {ident(name)}"
        for name, kind in ((SOURCE, "VARCHAR"), (LINE, "BIGINT"))
    ]
    rows = (
        f'(SELECT {", ".join([*(f"b.{ident(name)}" for name in names), *hidden])}, a.reason AS "#reason" '
        f"FROM {base} JOIN {_ASIDE} a ON b.__row = a.row)"
    )
    return Compiled(kept, quarantine.select(rows, names, ident("#reason")), _CELLS, _ASIDE)


def _new(field: Field, physical: str) -> str:
    """SQL: the cell as it is now. A text that its type cannot take leaves the cell empty: `_raw` keeps what it was."""
    r = f"r{field.at}"
    after = f"{r}.after"
    if physical.endswith("INT") or physical.endswith("INTEGER"):
        after = f"coalesce(TRY_CAST({after} AS {physical}), TRY_CAST(round(TRY_CAST({after} AS DOUBLE)) AS {physical}))"
    elif physical != "VARCHAR":
        after = f"TRY_CAST({after} AS {physical})"
    return f"CASE WHEN {r}.row IS NULL THEN b.{ident(field.name)} ELSE {after} END"


def _raw(changed: Sequence[Field], there: bool) -> str:
    """SQL: `_raw` with the text of each cell that is changed here; one that is known already stays."""
    held = f"b.{RAW}" if there else "CAST(NULL AS MAP(VARCHAR, VARCHAR))"
    if not changed:
        return held
    entries = ", ".join(
        f"CASE WHEN r{field.at}.row IS NOT NULL AND r{field.at}.before IS NOT NULL "
        + (f"AND {held}[{literal(field.name)}] IS NULL " if there else "")
        + f"THEN {{'key': {literal(field.name)}, 'value': r{field.at}.before}} END"
        for field in changed
    )
    some = " OR ".join(f"r{field.at}.row IS NOT NULL" for field in changed)
    return (
        f"CASE WHEN {some} THEN map_from_entries(list_concat(coalesce(map_entries({held}), []), "
        f"list_filter([{entries}], lambda _entry_: _entry_ IS NOT NULL))) ELSE {held} END"
    )
