"""Labelled tables on disk: what a file holds, which cells are wrong, which columns are which, with the truth beside.

A folder has any of `types/` (a data package a folder: `datapackage.json` and its CSV files), `errors/` (a folder a
table: `dirty.csv` and `clean.csv`, row by row the same) and `mapping/` (`target.csv`, and a folder a source:
`source.csv` and `groundtruth.csv` with the columns source and target).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aifirst_dagster.errors import InputError

Kind = Literal["types", "errors", "mapping"]
KINDS: tuple[Kind, ...] = ("types", "errors", "mapping")
#: Tables of our own that come with the package.
SHIPPED = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Labelled:
    """One question with its answer.

    Attributes:
        kind: What is asked.
        label: What reports call it.
        file: The file that is asked about; its dirty version where cells are.
        other: The clean version, or the target of a mapping.
        types: Column -> Table Schema type, as published.
        pairs: Source column -> the target columns that are right.
    """

    kind: Kind
    label: str
    file: Path
    other: Path | None = None
    types: Mapping[str, str] | None = None
    pairs: Mapping[str, frozenset[str]] | None = None


def labelled(folder: Path, kinds: tuple[Kind, ...] = KINDS) -> list[Labelled]:
    """The labelled tables below `folder`, in order of kind and name.

    Raises:
        InputError: There are none; or one is not as it should be: says which and how.
    """
    found: list[Labelled] = []
    if "types" in kinds:
        found += _packages(folder)
    if "errors" in kinds:
        found += (
            Labelled("errors", dirty.parent.name, dirty, _there(dirty.with_name("clean.csv")))
            for dirty in sorted(folder.glob("errors/*/dirty.csv"))
        )
    if "mapping" in kinds:
        found += _mappings(folder)
    if not found:
        raise InputError(
            "There are no labelled tables here.", file=str(folder),
            hint="types/*/datapackage.json, errors/*/dirty.csv and clean.csv, or mapping/target.csv and "
            "mapping/*/source.csv with groundtruth.csv.",
        )  # fmt: skip
    return found


def rows_of(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a tidy CSV, every cell as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def _packages(folder: Path) -> Iterator[Labelled]:
    """The CSV files of data packages whose header is as the schema has it."""
    for descriptor in sorted(folder.glob("types/*/datapackage.json")):
        try:
            resources = json.loads(descriptor.read_text(encoding="utf-8"))["resources"]
            tables = [(each["path"], each.get("schema", {}).get("fields", [])) for each in resources]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"This is no data package: {error}.", file=str(descriptor), hint="See specs.frictionlessdata.io."
            ) from None
        for name, fields in tables:
            path = descriptor.parent / str(name)
            # Drafts before Table Schema 1.0 say `id`.
            types = {str(field.get("name", field.get("id"))): field["type"] for field in fields if "type" in field}
            if path.suffix == ".csv" and path.is_file() and rows_of(path)[0] == list(types):
                yield Labelled("types", f"{descriptor.parent.name}/{path.stem}", path, types=types)


def _mappings(folder: Path) -> Iterator[Labelled]:
    for truth in sorted(folder.glob("mapping/*/groundtruth.csv")):
        pairs: dict[str, frozenset[str]] = {}
        _, rows = rows_of(truth)
        for source, target in rows:
            pairs[source] = pairs.get(source, frozenset()) | {target}
        target_file = _there(folder / "mapping" / "target.csv")
        yield Labelled("mapping", truth.parent.name, _there(truth.with_name("source.csv")), target_file, pairs=pairs)


def _there(path: Path) -> Path:
    if not path.is_file():
        raise InputError("This file belongs to a labelled table and is not there.", file=str(path), hint="Add it.")
    return path
