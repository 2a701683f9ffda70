"""`--schema FILE` of the commands on bare files: a user's Table Schema rules over what is inferred."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import notice

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable
    from aifirst_dagster.inference.contract.contract import Contract
    from aifirst_dagster.inference.contract.place import Placed
    from aifirst_dagster.inference.contract.view import Base
    from aifirst_dagster.inference.file import Schema
    from aifirst_dagster.inference.schema import Column

schema_option = click.option(
    "--schema",
    "schema_file",
    type=click.Path(path_type=Path),
    help="A Table Schema (JSON or YAML): what it says rules over inference.",
)


@dataclass(frozen=True)
class BySchema:
    """A file's rows under a schema's columns.

    Attributes:
        relation: The rows; its columns are called by the columns' `source_name`.
        columns: What the file has, in the file's order: as the schema says, else as inferred.
        source_names: As they stand in the file.
        contract: The schema, completed by what inference knows and the schema leaves open.
    """

    relation: str
    columns: list[Column]
    source_names: list[str]
    native: dict[str, str]
    contract: Contract
    placed: Placed
    base: Base


def by_schema(con: duckdb.DuckDBPyConnection, table: ReadTable, path: Path) -> BySchema:
    """Match a file's columns with a schema's fields; says on stderr what has no partner.

    Raises:
        ConfigError: The schema is damaged, or the file has none of its columns.
    """
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.inference import infer
    from aifirst_dagster.inference.contract import document, fit, place, view

    contract = document.load(path)
    placed = place.place(contract, table.layouts, fit.by_position(con, table.relation, table.native, contract))
    if all(not places for places in placed.sources.values()):
        raise ConfigError(
            "The file has no column of the schema.",
            hint=f"The schema has {_some([one.name for one in contract.fields])}; the file {_some(table.columns)}.",
            file=str(path),
        )
    base = view.base(con, table.relation, table.native, contract, placed)
    there = [name for name in base.names if name in base.new or _there(base, name)]
    kinds = {name: kind for name, kind in base.native.items() if name in there}
    inferred = {one.source_name: one for one in infer.propose(con, base.relation, there, kinds)}
    contract = completed(contract, inferred)
    base = view.base(con, table.relation, table.native, contract, placed)
    _tell(contract, placed)
    columns = [cells.column for cells in base.cells if cells.there]
    columns += [_renamed(inferred[name], columns) for name in base.new]
    given = _given(table, placed, base)
    order = {name: at for at, name in enumerate(table.source_names)}
    columns.sort(key=lambda one: order.get(given[one.source_name], len(order)))
    return BySchema(
        base.relation, columns, [given[one.source_name] for one in columns], base.native, contract, placed, base
    )


def completed(contract: Contract, inferred: dict[str, Column]) -> Contract:
    """The contract with inference's word wherever a person's own schema says nothing."""
    fields = []
    for one in contract.fields:
        seen = inferred.get(one.column.source_name)
        # A contract of ours says everything; in a person's schema the name is pinned, and what else is said.
        if seen is None or "name" not in one.pins:
            fields.append(one)
            continue
        reading: dict[str, Any] = {}
        names = ("type", "format", "physical_type", "number_style", "formats_seen", "units_seen", "native")
        open_type = not one.pinned("type") and not one.pinned("format") and not one.pinned("number_style")
        same_type = seen.type == one.column.type and not one.pinned("format") and not one.pinned("number_style")
        if open_type or same_type:
            reading = {name: getattr(seen, name) for name in names}
        for name in ("null_tokens", "description", "semantic_type", "unit"):
            if not one.pinned(name):
                reading[name] = getattr(seen, name)
        fields.append(one.model_copy(update={"column": one.column.model_copy(update=reading)}))
    return contract.model_copy(update={"fields": fields})


def under_schema(
    con: duckdb.DuckDBPyConnection, table: ReadTable, path: Path, proposed: list[Column] | None
) -> tuple[ReadTable, Schema]:
    """The table as `by_schema` has it, and what it holds; `proposed`: a model's word where the schema has none."""
    from aifirst_dagster.inference.file import infer_relation

    given = by_schema(con, table, path)
    said = {one.column.source_name for one in given.contract.fields}
    others = {one.source_name: one for one in proposed or []}
    columns = [one if one.source_name in said else others.get(one.source_name, one) for one in given.columns]
    found = infer_relation(con, given.relation, [one.source_name for one in columns], given.native, proposed=columns)
    read = replace(table, relation=given.relation, source_names=given.source_names, native=given.native,
                   columns=[one.source_name for one in columns])  # fmt: skip
    return read, replace(found, columns=exactly(con, given, found.columns))


def exactly(con: duckdb.DuckDBPyConnection, given: BySchema, columns: list[Column]) -> list[Column]:
    """`columns` with those that the schema describes as it says, and what all rows say of them."""
    from aifirst_dagster.inference import infer

    said = {one.column.source_name for one in given.contract.fields}
    ruled = [one for one in given.columns if one.source_name in said]
    counted = {one.source_name: one for one in infer.evidence(con, given.relation, ruled)} if ruled else {}
    kept = []
    for column in columns:
        one = counted.get(column.source_name)
        kept.append(column if one is None else one.model_copy(update={"unique": column.unique, "confidence": 1.0}))
    return kept


def _there(base: Base, name: str) -> bool:
    return any(cells.there and cells.field.column.source_name == name for cells in base.cells)


def _renamed(column: Column, taken: list[Column]) -> Column:
    """A column that the schema lacks, under a name that no field has."""
    names = {one.name.casefold() for one in taken}
    free, number = column.name, 2
    while free.casefold() in names:
        free, number = f"{column.name}_{number}", number + 1
    return column.model_copy(update={"name": free})


def _given(table: ReadTable, placed: Placed, base: Base) -> dict[str, str]:
    """Name in the base -> as it stands in the file."""
    stands = dict(zip(table.columns, table.source_names, strict=True))
    given = {}
    for cells in base.cells:
        places = list(placed.sources[cells.field.name].values())
        if places:
            given[cells.field.column.source_name] = stands[places[0]]
    return given | {name: stands[column] for name, column in zip(base.new, placed.new, strict=True)}


def _tell(contract: Contract, placed: Placed) -> None:
    lacking = [one.name for one in contract.fields if not placed.sources[one.name]]
    if lacking:
        notice(f"The file lacks columns of the schema: {_some(lacking)}.")
    if placed.new:
        notice(f"The schema does not know these columns, so they are inferred: {_some(list(placed.new))}.")
    if placed.positional:
        notice("The file has no header: its columns are taken to be the schema's, in order.")


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
