"""Cells that do not fit their columns: written in another way, of a wider type, or single ones; by the modes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.inference import casts
from aifirst_dagster.inference.contract import fit
from aifirst_dagster.inference.contract.cells import Cells, within
from aifirst_dagster.inference.contract.changes import Change
from aifirst_dagster.inference.contract.contract import ContractField
from aifirst_dagster.inference.contract.modes import Mode, Modes
from aifirst_dagster.inference.contract.view import Base
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: A share of a column's cells in a file above which those that do not fit are more than a few slips.
TOLERATED = 0.02
_DATES = ("date", "datetime", "time")


@dataclass
class Judged:
    """The fields as they would be, how cells are taken, and the changes; see `view.Plan`."""

    fields: list[ContractField] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    styles: dict[str, dict[str, Column]] = field(default_factory=dict)
    void: dict[str, list[str]] = field(default_factory=dict)
    reasons: list[tuple[str, str, str]] = field(default_factory=list)


def judge(
    con: duckdb.DuckDBPyConnection,
    base: Base,
    fields: Sequence[ContractField],
    modes: Modes,
    outside: Mapping[str, str],
    proposed: Mapping[str, Column],
) -> Judged:
    """Count what does not fit, file by file, and decide.

    Args:
        outside: Files that are set aside whole.
        proposed: Source name -> what was counted on all these rows: what fits as a whole is not counted again.
    """
    judged = Judged()
    cells = [Cells(one, given.native, given.there) for one, given in zip(fields, base.cells, strict=True)]
    cells = [_decided(con, base, one, modes, judged) for one in cells]
    tests = [
        (at, words, test)
        for at, one in enumerate(cells)
        if one.there
        for words, test in one.misfits()
        if not (words.startswith("is no ") and _fits(one, proposed.get(one.field.column.source_name)))
    ]
    found = fit.counts(con, base.relation, [test for *_, test in tests])
    for at, one in enumerate(cells):
        mine = [
            (words, test, {file: count for file, count in counts.items() if file not in outside})
            for (place, words, test), counts in zip(tests, found, strict=True)
            if place == at
        ]
        judged.fields.append(_field(con, base, one, modes, mine, list(outside), judged))
    _required(con, base, cells, modes, judged, outside)
    return judged


def _fits(cells: Cells, counted: Column | None) -> bool:
    """Whether another count of the same reading found no cell that does not fit."""
    if counted is None or counted.evidence.failed or not counted.evidence.parsed + counted.evidence.nulls:
        return False
    return not cells.native and casts.parsed(counted, "x") == casts.parsed(cells.column, "x")


def _decided(con: duckdb.DuckDBPyConnection, base: Base, cells: Cells, modes: Modes, judged: Judged) -> Cells:
    """A column that had no value in any file before: its type is what these files say, where types may evolve."""
    one = cells.field
    if not one.undecided or not cells.there:
        return cells
    now = fit.now(con, base.relation, cells)
    if now.evidence.parsed + now.evidence.failed == 0:
        return cells
    one = one.model_copy(update={"undecided": False})
    if modes.type(*one.names) != "evolve" or one.pinned("type") or now.type == one.column.type:
        return Cells(one, cells.native, cells.there)
    kept = {"name": one.column.name, "source_name": one.column.source_name}
    if one.column.description and one.pinned("description"):
        kept["description"] = one.column.description
    judged.changes.append(
        Change(
            kind="type", column=one.name, before="no value so far", after=now.type, mode="evolve",
            done="the type is what the first values say",
        )
    )  # fmt: skip
    native = now.physical_type if now.native else None
    return Cells(one.model_copy(update={"column": now.model_copy(update=kept)}), native, cells.there)


def _field(
    con: duckdb.DuckDBPyConnection,
    base: Base,
    cells: Cells,
    modes: Modes,
    tests: list[tuple[str, str, dict[str, int]]],
    outside: list[str],
    judged: Judged,
) -> ContractField:
    """One field: first files that write it in another way, then a wider type, then what is left."""
    one, mode = cells.field, modes.type(*cells.field.names)
    typed = next(((words, test, files) for words, test, files in tests if words.startswith("is no ") and files), None)
    away: list[str] = []
    if typed is not None:
        styles = fit.alone(con, base.relation, cells, typed[2])
        away = sorted(styles)
        if known := {file: way for file, way in styles.items() if fit.way(way) in one.ways}:
            judged.styles[one.name] = known
        if new := {file: way for file, way in styles.items() if file not in known}:
            one = _styled(con, base, cells, mode, new, typed[1], judged)
    for words, test, files in tests:
        left = {file: count for file, count in files.items() if file not in away}
        if not left:
            continue
        kind = "cells" if words.startswith("is no ") else "constraint"
        if kind == "cells" and mode == "evolve" and not _pinned(one):
            wider = fit.widened(con, base.relation, cells, [*outside, *away])
            if wider is not None:
                change = _change("type", con, base, cells, mode, test, left, _says(one.column), _says(wider))
                change.done, change.breaking = "widened: earlier values keep their meaning", True
                judged.changes.append(change)
                one = one.model_copy(update={"column": wider})
                continue
        _misfits(con, base, cells, mode, kind, words, f"({test} AND NOT {within([*away, *outside])})", left, judged)
    return one


def _styled(
    con: duckdb.DuckDBPyConnection,
    base: Base,
    cells: Cells,
    mode: Mode,
    styles: Mapping[str, Column],
    unread: str,
    judged: Judged,
) -> ContractField:
    """Files that write a column in another way, by the mode; returns the field, which may take that way for good."""
    one, files = cells.field, sorted(styles)
    pinned = one.pinned("format") or one.pinned("number_style")
    test = f"({within(files)} AND NOT {cells.blank})"
    count = sum(fit.counts(con, base.relation, [test])[0].values())
    ways = sorted({_style(way) for way in styles.values()})
    told = f"({within(files)} AND {unread})"
    change = _change(
        "format", con, base, cells, mode, told, dict.fromkeys(files, 0), _style(one.column), " or ".join(ways)
    )
    change.cells, change.breaking = count, True
    judged.changes.append(change)
    words = f"{one.name} is written as {' or '.join(ways)}, not as {_style(one.column)}: "
    if mode == "freeze":
        change.done = "the step fails"
    elif mode == "discard_row":
        change.done = "their rows are in quarantine"
        judged.reasons.append((words, test, cells.text))
    elif mode == "discard_value" or pinned:
        change.done = "NULL; the texts are in _raw" + (" (the format is pinned)" if pinned else "")
        judged.void.setdefault(one.name, []).append(test)
    else:
        change.done = "each file is read in its own way"
        judged.styles.setdefault(one.name, {}).update(styles)
        new_ways = list(dict.fromkeys([*one.ways, *(fit.way(way) for way in styles.values())]))
        return one.model_copy(update={"ways": new_ways})
    return one


def _misfits(
    con: duckdb.DuckDBPyConnection,
    base: Base,
    cells: Cells,
    mode: Mode,
    kind: str,
    words: str,
    test: str,
    files: dict[str, int],
    judged: Judged,
) -> None:
    """Single cells that do not fit, by the mode."""
    one = cells.field
    change = _change(kind, con, base, cells, mode, test, files, _says(one.column) if kind == "cells" else words[3:], "")
    judged.changes.append(change)
    held = sum(fit.counts(con, base.relation, [f"({within(sorted(files))} AND NOT {cells.blank})"])[0].values())
    many = change.cells > TOLERATED * held
    change.breaking = kind == "constraint" or mode in ("freeze", "discard_row") or many
    if mode == "freeze":
        change.done = "the step fails"
    elif mode == "discard_row":
        change.done = "their rows are in quarantine"
        judged.reasons.append((f"{one.name} {words}: ", test, cells.text))
    elif kind == "constraint" or (mode == "discard_value" and one.column.physical_type == "VARCHAR"):
        change.done = "NULL; the texts are in _raw"
        judged.void.setdefault(one.name, []).append(test)
    else:
        change.done = (
            "left as text, to be repaired" if one.column.physical_type == "VARCHAR" else "NULL; the texts are in _raw"
        )


def _required(
    con: duckdb.DuckDBPyConnection,
    base: Base,
    cells: Sequence[Cells],
    modes: Modes,
    judged: Judged,
    outside: Mapping[str, str],
) -> None:
    """Rows without a value that must be there."""
    wanted = [one for one in cells if one.field.constraints.get("required") is True and one.there]
    tests = [f"({one.blank} AND NOT {within(list(outside))})" for one in wanted]
    for one, test, files in zip(wanted, tests, fit.counts(con, base.relation, tests), strict=True):
        if not files:
            continue
        mode = modes.type(*one.field.names)
        change = _change("constraint", con, base, one, mode, test, files, "must have a value", "")
        change.done = "the step fails" if mode == "freeze" else "their rows are in quarantine"
        change.breaking = True
        judged.changes.append(change)
        if mode != "freeze":
            judged.reasons.append((f"{one.field.name} must have a value", test, ""))


def _change(
    kind: str,
    con: duckdb.DuckDBPyConnection,
    base: Base,
    cells: Cells,
    mode: Mode,
    test: str,
    files: Mapping[str, int],
    before: str,
    after: str,
) -> Change:
    return Change(
        kind=kind,  # type: ignore[arg-type]
        column=cells.field.name,
        files=sorted(files),
        before=before,
        after=after,
        cells=sum(files.values()),
        examples=fit.examples(con, base.relation, cells.text, test),
        mode=mode,
    )


def _pinned(one: ContractField) -> bool:
    return one.pinned("type") or one.pinned("number_style") or one.pinned("format")


def _says(column: Column) -> str:
    """A column's type, with its format where that matters."""
    if column.formats_seen:
        return f"{column.type} ({', '.join(column.formats_seen[:3])})"
    return column.type + (f" {column.format}" if column.format != "default" else "")


def _style(column: Column) -> str:
    """How a column's cells are written."""
    if column.type in _DATES:
        return column.format if column.format != "default" else "ISO 8601"
    from aifirst_dagster.inference.numbers import STYLES

    style = STYLES.get(column.number_style or "plain")
    return style.example if style else str(column.number_style)
