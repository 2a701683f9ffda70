"""Which column of which file is which field of the contract: by the names that files use, else by position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.inference.names import key

if TYPE_CHECKING:
    from aifirst_dagster.inference.contract.contract import Contract

#: A file that shares less than this with the contract is another table.
SHARED = 0.5


@dataclass(frozen=True)
class Layout:
    """A file's columns, under their names in the relation, in the file's order; `named`: the file names them."""

    file: str
    columns: tuple[str, ...]
    named: bool = True


@dataclass
class Placed:
    """The files' columns, put in their places.

    Attributes:
        files: Every file.
        sources: Field's name -> file -> the relation's column.
        new: Column of the relation that no field is for -> the files that have it.
        missing: Field's name -> files that lack it (strangers aside).
        strangers: Files whose table is another one.
        positional: Files without names that were matched by position.
        reordered: Files that have the contract's columns in another order.
        orders: File -> its columns, in its own order.
    """

    files: list[str]
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    new: dict[str, list[str]] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    positional: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    orders: dict[str, tuple[str, ...]] = field(default_factory=dict)


Fits = Callable[[str, list[str]], bool]
"""Whether the cells of a file's columns, in order, fit the contract's fields, in order."""


def place(contract: Contract, layouts: Sequence[Layout], fits: Fits) -> Placed:
    """Match every file's columns with the contract's fields."""
    placed = Placed([layout.file for layout in layouts], {one.name: {} for one in contract.fields})
    for layout in layouts:
        placed.orders[layout.file] = layout.columns
        pairs = _by_name(contract, layout)
        if not _enough(contract, layout, pairs):
            if not layout.named and len(layout.columns) == len(contract.fields) and fits(
                layout.file, list(layout.columns)
            ):  # fmt: skip
                pairs = dict(zip(layout.columns, [one.name for one in contract.fields], strict=True))
                placed.positional.append(layout.file)
            else:
                placed.strangers.append(layout.file)
        for column, name in pairs.items():
            placed.sources[name][layout.file] = column
        for column in layout.columns:
            if column not in pairs:
                placed.new.setdefault(column, []).append(layout.file)
        if layout.file in placed.strangers:
            continue
        order = [one.name for one in contract.fields if one.name in pairs.values()]
        if [pairs[column] for column in layout.columns if column in pairs] != order:
            placed.reordered.append(layout.file)
        for one in contract.fields:
            if one.name not in pairs.values():
                placed.missing.setdefault(one.name, []).append(layout.file)
    return placed


def _by_name(contract: Contract, layout: Layout) -> dict[str, str]:
    """Relation's column -> field's name: exact names first, then spelling aside."""
    pairs: dict[str, str] = {}
    exact = {name: one.name for one in reversed(contract.fields) for name in reversed(one.names)}
    for column in layout.columns:
        if (name := exact.get(column)) is not None and name not in pairs.values():
            pairs[column] = name
    spelled: dict[str, set[str]] = {}
    for one in contract.fields:
        for name in one.names:
            spelled.setdefault(key(name), set()).add(one.name)
    for column in layout.columns:
        names = spelled.get(key(column), set())
        if column not in pairs and len(names) == 1 and not names & set(pairs.values()):
            pairs[column] = next(iter(names))
    return pairs


def _enough(contract: Contract, layout: Layout, pairs: dict[str, str]) -> bool:
    """Whether the file is of this table: a part of its columns, or the columns and more."""
    return len(pairs) >= SHARED * min(len(layout.columns), len(contract.fields))
