"""Columns that are new or missing, files that are another table: what each mode makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import LINE, SOURCE, ident
from aifirst_dagster.inference.contract import fit, renames
from aifirst_dagster.inference.contract.cells import within
from aifirst_dagster.inference.contract.changes import Change
from aifirst_dagster.inference.contract.contract import Contract, ContractField
from aifirst_dagster.inference.contract.modes import Modes
from aifirst_dagster.inference.contract.place import Placed
from aifirst_dagster.inference.contract.view import Base, free_name
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb


@dataclass
class Columns:
    """New columns: those added, those left out with their texts kept, and what sets rows aside."""

    added: list[Column] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    reasons: list[tuple[str, str, str]] = field(default_factory=list)


def strangers(placed: Placed, modes: Modes) -> tuple[dict[str, str], list[Change]]:
    """Files whose table is another one: those to set aside, with the reason, and the changes."""
    outside, changes = {}, []
    for file in placed.strangers:
        shared = [name for name, places in placed.sources.items() if file in places]
        other = [name for name, files in placed.new.items() if file in files]
        aside = modes.tables in ("discard_row", "discard_value")
        if aside:
            outside[file] = "the file's table is another one"
        changes.append(
            Change(
                kind="other_table",
                files=[file],
                before=f"shares {', '.join(shared[:5]) or 'no column'}",
                after=f"has {', '.join(other[:8])}" + (" ..." if len(other) > 8 else ""),
                mode=modes.tables,
                done="its rows are in quarantine" if aside else "read; its columns count as new ones",
                breaking=True,
                suggestion="its first row may be data: set `header: false`" if not shared and _numeric(other) else "",
            )
        )
    return outside, changes


def differences(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    modes: Modes,
    placed: Placed,
    base: Base,
    proposed: Sequence[Column],
    earlier: str | None,
    outside: dict[str, str],
) -> tuple[Columns, list[Change], list[renames.Rename]]:
    """New and missing columns, with what looks like a rename said on both."""
    known = {one.source_name: one for one in proposed}
    fresh = {
        name: (column, [file for file in files if file not in outside])
        for name, (column, files) in zip(base.new, placed.new.items(), strict=True)
    }
    fresh = {name: given for name, given in fresh.items() if given[1]}
    missing = {name: files for name, files in placed.missing.items() if files and _must(contract.field(name))}
    likely = _renames(con, contract, placed, base, known, earlier, fresh, missing)
    columns, changes = _new(con, contract, modes, base, known, fresh, likely)
    return columns, changes + _missing(contract, modes, base, missing, likely, columns), likely


def notes(placed: Placed) -> list[Change]:
    """What differs and changes nothing: the columns' order, a header that is not there."""
    changes = []
    if placed.reordered:
        changes.append(Change(kind="order", files=placed.reordered, done="columns are matched by name"))
    if placed.positional:
        changes.append(
            Change(
                kind="no_header",
                files=placed.positional,
                done="matched by position: every column's cells fit",
            )
        )
    return changes


def _new(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    modes: Modes,
    base: Base,
    known: dict[str, Column],
    fresh: dict[str, tuple[str, list[str]]],
    likely: list[renames.Rename],
) -> tuple[Columns, list[Change]]:
    """The new columns, by their modes."""
    columns, changes = Columns(), []
    taken = {one.name.casefold() for one in contract.fields}
    for name, (_, files) in fresh.items():
        column = known.get(name) or Column(name=name, source_name=name)
        mode = modes.column(name, column.name)
        text = f"CAST({ident(name)} AS VARCHAR)"
        filled = f"({ident(name)} IS NOT NULL AND trim({text}) <> '')"
        like = next((one for one in likely if one.new == name), None)
        done = {
            "evolve": "added", "freeze": "the step fails", "discard_row": "rows with a value in it are in quarantine",
            "discard_value": "left out; its texts are in _raw",
        }[mode]  # fmt: skip
        if mode == "evolve":
            columns.added.append(column.model_copy(update={"name": free_name(column.name, taken)}))
        elif mode == "discard_row":
            columns.reasons.append((f"the column {name!r} is not in the schema: ", filled, text))
        elif mode == "discard_value":
            columns.dropped.append(name)
        changes.append(
            Change(
                kind="new_column",
                column=name,
                files=files,
                after=column.type,
                cells=sum(fit.counts(con, base.relation, [filled])[0].get(file, 0) for file in files),
                examples=fit.examples(con, base.relation, text, f"({filled} AND {within(files)})"),
                mode=mode,
                done=done,
                breaking=like is not None or mode == "freeze",
                suggestion=f"looks like {like.old!r} under a new name: {like.why}" if like else "",
            )
        )
    return columns, changes


def _missing(
    contract: Contract,
    modes: Modes,
    base: Base,
    missing: dict[str, list[str]],
    likely: list[renames.Rename],
    columns: Columns,
) -> list[Change]:
    """The missing columns: no value, or no row where there must be one."""
    changes = []
    for name, files in missing.items():
        one = contract.field(name)
        mode = modes.column(name, *one.names)
        required = one.constraints.get("required") is True and mode != "freeze"
        if required:
            columns.reasons.append((f"the column {name!r} must have a value and the file lacks it", within(files), ""))
        like = next((rename for rename in likely if rename.old == name), None)
        done = "the step fails" if mode == "freeze" else "these rows are in quarantine" if required else "NULL"
        changes.append(
            Change(
                kind="missing_column",
                column=name,
                files=files,
                before=one.column.type,
                mode=mode,
                done=done,
                breaking=True,
                suggestion=f"looks as if it were called {like.new!r} now: {like.why}" if like else "",
            )
        )
    return changes


def _renames(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    placed: Placed,
    base: Base,
    known: dict[str, Column],
    earlier: str | None,
    fresh: dict[str, tuple[str, list[str]]],
    missing: dict[str, list[str]],
) -> list[renames.Rename]:
    """Missing columns and new ones of the very files that miss them, judged."""
    if not fresh or not missing:
        return []
    gone, come = {}, {}
    for name, files in missing.items():
        others = sorted(set(placed.sources[name]) - set(files))
        column = contract.field(name).column
        gone[name] = (column, _earlier(con, base, column, earlier, others))
    for name, (_, files) in fresh.items():
        if name in known and any(set(files) <= set(lacking) for lacking in missing.values()):
            come[name] = (known[name], base.relation)
    places = {one.name: at / max(1, len(contract.fields) - 1) for at, one in enumerate(contract.fields)}
    places |= {name: _place(placed, fresh[name]) for name in come}
    return renames.suggest(con, gone, come, places)


def _earlier(
    con: duckdb.DuckDBPyConnection, base: Base, column: Column, earlier: str | None, others: list[str]
) -> str | None:
    """SQL of rows that hold a missing column: those loaded before, else those of files that have it."""
    if earlier is not None:
        held = {row[0] for row in con.execute(f"DESCRIBE {earlier}").fetchall()}
        if column.name in held:
            return earlier
    if not others:
        return None
    cells = next(one for one in base.cells if one.field.column.name == column.name)
    return f"SELECT {cells.value} AS {ident(column.name)}, {SOURCE}, {LINE} FROM {base.relation} WHERE {within(others)}"


def _must(one: ContractField) -> bool:
    """Whether a file that lacks the column is news."""
    return not one.optional or one.constraints.get("required") is True


def _place(placed: Placed, given: tuple[str, list[str]]) -> float:
    """Where in its file a new column stands, from 0 to 1."""
    column, files = given
    order = placed.orders.get(files[0], ()) if files else ()
    return order.index(column) / max(1, len(order) - 1) if column in order else 0.5


def _numeric(names: list[str]) -> bool:
    """Whether a header looks like a row of data: some of its names are numbers."""
    return any(name.replace(".", "", 1).replace("-", "").isdigit() for name in names)
