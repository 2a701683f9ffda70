"""SQL of `_raw`: the map of the file's texts of those cells of a row that now say something else."""

from __future__ import annotations

from aifirst_dagster.datasets.session import RAW, literal
from aifirst_dagster.repair.lanes import Lane

#: Columns with repairs of which the case that one alone changed a row is written out.
FEW = 4


def file_texts(lanes: list[Lane]) -> str:
    """SQL: the map of file texts: what it held, under the present names, and the texts of cells changed here."""
    changed = [lane for lane in lanes if lane.differs]
    if any(lane.source != lane.column.name for lane in lanes):
        every = _entries([(lane.column.name, _carried(lane)) for lane in lanes])
        held = f"nullif(map_from_entries({every}), MAP {{}})"
    elif changed:
        return _added(changed)
    else:
        return RAW
    if not changed:
        return f"CASE WHEN {RAW} IS NOT NULL THEN {held} END"
    either = " OR ".join(lane.differs for lane in changed)
    return f"CASE\n        WHEN {RAW} IS NOT NULL THEN {held}\n        WHEN {either} THEN {_fresh(changed)}\n    END"


def _added(changed: list[Lane]) -> str:
    """SQL: the map as it was, with the texts of the cells that are changed here. Most rows have one of them."""
    either = " OR ".join(lane.differs for lane in changed)
    own = [(lane.column.name, f"CASE WHEN {RAW}[{literal(lane.source)}] IS NULL AND {lane.differs} "
                              f"THEN {lane.original} END") for lane in changed]  # fmt: skip
    several = f"map_from_entries(list_concat(coalesce(map_entries({RAW}), []), {_entries(own)}))"
    alone, single = _one(changed)
    fresh = f"WHEN {RAW} IS NULL{alone} THEN {single}\n        " if single else ""
    return f"CASE\n        WHEN NOT ({either}) THEN {RAW}\n        {fresh}ELSE {several}\n    END"


def _fresh(changed: list[Lane]) -> str:
    """SQL: a map of the texts of the cells that are changed here, of which there is one at least."""
    alone, single = _one(changed)
    if single and not alone:
        return single
    new = [(lane.column.name, f"CASE WHEN {lane.differs} THEN {lane.original} END") for lane in changed]
    every = f"map_from_entries({_entries(new)})"
    return f"CASE WHEN {alone.removeprefix(' AND ')} THEN {single} ELSE {every} END" if single else every


def _one(changed: list[Lane]) -> tuple[str, str]:
    """SQL: what else must hold for no more than one cell to be changed, and the map of that cell; "" for many columns.

    Such a map costs half of one that is made of a list, which is worth the words where they are few.
    """
    if len(changed) > FEW:
        return "", ""
    if len(changed) == 1:
        return "", f"MAP([{literal(changed[0].column.name)}], [{changed[0].original}])"
    name = " ".join(f"WHEN {lane.differs} THEN {literal(lane.column.name)}" for lane in changed)
    text = " ".join(f"WHEN {lane.differs} THEN {lane.original}" for lane in changed)
    count = f"{' + '.join(f'CAST({lane.differs} AS INTEGER)' for lane in changed)} = 1"
    return f" AND {count}", f"MAP([CASE {name} END], [CASE {text} END])"


def _carried(lane: Lane) -> str:
    """SQL: the file's text of a cell, where the cell says something else: as it was known, or as this plan found it."""
    known = f"{RAW}[{literal(lane.source)}]"
    return f"coalesce({known}, CASE WHEN {lane.differs} THEN {lane.original} END)" if lane.differs else known


def _entries(pairs: list[tuple[str, str]]) -> str:
    """SQL: a list of map entries without those that hold nothing."""
    items = ",\n            ".join(f"{{'key': {literal(name)}, 'value': {text}}}" for name, text in pairs)
    return f"list_filter([\n            {items}\n        ], lambda _entry_: _entry_.value IS NOT NULL)"
