"""Parts of several files as one relation: columns united by name, a missing one is NULL."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aifirst_dagster.connectors.base import Part, ReadTable
from aifirst_dagster.datasets.session import LINE, SOURCE, ident
from aifirst_dagster.errors import UnsureError
from aifirst_dagster.inference.contract.place import Layout
from aifirst_dagster.inference.names import standard

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors.source import Scratch

_NO_REJECTS = f"SELECT ''::VARCHAR {SOURCE}, 0::BIGINT {LINE}, ''::VARCHAR reason, ''::VARCHAR AS text WHERE false"


def unite(
    con: duckdb.DuckDBPyConnection, parts: list[tuple[str, str, Part]], scratch: Scratch, number: int
) -> ReadTable:
    """One relation over `parts` (path as given, format, part), named after `number`."""
    notices = [f"{given}: {text}" if len(parts) > 1 else text for given, _, part in parts for text in part.notices]
    notices += _borrow_names(parts)
    repeated = _repeated(parts)
    columns: dict[str, tuple[str, str]] = {}  # key -> (name, name as it stands)
    spellings: dict[str, list[str]] = {}
    for _, _, part in parts:
        for name, source_name in zip(part.columns, part.source_names, strict=True):
            key = _key(name, repeated)
            columns.setdefault(key, (name, source_name))
            if name not in spellings.setdefault(key, []):
                spellings[key].append(name)
    differing = [" = ".join(names) for names in spellings.values() if len(names) > 1]
    if differing:
        notices.append(f"Spelled differently in the files, taken as one column each: {', '.join(differing)}.")
    types = _types(parts, repeated)
    relation, rejects = f"aifirst_read_{number}", f"aifirst_rejects_{number}"
    query = " UNION ALL ".join(_select(part, columns, types, repeated) for _, _, part in parts)
    con.execute(f"CREATE OR REPLACE TEMP VIEW {relation} AS {query}")
    rejected = [part.rejects for _, _, part in parts if part.rejects] or [_NO_REJECTS]
    con.execute(f"CREATE OR REPLACE TEMP TABLE {rejects} AS {' UNION ALL '.join(rejected)}")
    formats = {format for _, format, _ in parts}
    dialects = {given: part.dialect for given, _, part in parts if part.dialect}
    return ReadTable(
        relation=relation,
        columns=[name for name, _ in columns.values()],
        source_names=[source_name for _, source_name in columns.values()],
        rejects=rejects,
        format=formats.pop() if len(formats) == 1 else "mixed",
        records=sum(part.records for _, _, part in parts),
        rejected=sum(part.rejected for _, _, part in parts),
        dialect=parts[0][2].dialect,
        dialects=dialects,
        native={name: types[key] for key, (name, _) in columns.items() if types[key] != "VARCHAR"},
        notices=notices,
        beginning=parts[0][2].beginning if len(parts) == 1 else None,
        files=[given for given, _, _ in parts],
        scratch=scratch,
        layouts=[_layout(given, part, columns, repeated) for given, _, part in parts],
    )


def _layout(given: str, part: Part, columns: dict[str, tuple[str, str]], repeated: set[str]) -> Layout:
    """A file's columns under their united names."""
    return Layout(given, tuple(columns[_key(name, repeated)][0] for name in part.columns), part.named)


def check_kin(parts: list[tuple[str, str, Part]], accept: bool) -> None:
    """See that the files of an archive are parts of one table; a notice says so where it is accepted that they are not.

    Raises:
        UnsureError: Some file shares no column with any other.
    """
    keys = {given: {standard(name) for name in part.columns} for given, _, part in parts if part.named and part.columns}
    shared = {name for name, times in Counter(name for own in keys.values() for name in own).items() if times > 1}
    alone = [given for given, own in keys.items() if not own & shared]
    if len(keys) < 2 or not alone:
        return
    said = f"The files are different tables: {alone[0]} shares no column with the others."
    if not accept:
        listed = ", ".join(list(keys)[:6])
        hint = f"Name one ({listed}), or go on with --accept-unsure: their columns then stand side by side."
        raise UnsureError(said, hint=hint, file=parts[0][0].partition("#")[0])
    parts[0][2].notices.append(said)


def _key(name: str, repeated: set[str]) -> str:
    """What makes two files' columns the same: `Customer ID`, `customer_id` and `CUSTOMER-ID` are one column.

    Two columns of one file may share a standard name; those are told apart but for case and outer blanks.
    """
    key = standard(name)
    return key if key and key not in repeated else f" {name.strip().casefold()}"


def _repeated(parts: list[tuple[str, str, Part]]) -> set[str]:
    """Standard names that more than one column has within a file."""
    counts = (Counter(standard(name) for name in part.columns) for _, _, part in parts)
    return {name for counted in counts for name, times in counted.items() if times > 1}


def _borrow_names(parts: list[tuple[str, str, Part]]) -> list[str]:
    """Give files without names those of a named file of the same width; returns notices that say so."""
    notices = []
    for given, _, part in parts:
        if part.named or not part.columns:
            continue
        donors = [(name, other) for name, _, other in parts if other.named and len(other.columns) == len(part.columns)]
        if donors:
            renamed = (
                f"{ident(old)} AS {ident(new)}" for old, new in zip(part.columns, donors[0][1].columns, strict=True)
            )
            part.query = f"SELECT {', '.join(renamed)}, {SOURCE}, {LINE} FROM ({part.query})"
            part.columns, part.source_names = list(donors[0][1].columns), list(donors[0][1].source_names)
            notices.append(f"{given} has no header; its columns are taken to be those of {donors[0][0]}, in order.")
    return notices


def _types(parts: list[tuple[str, str, Part]], repeated: set[str]) -> dict[str, str]:
    """Each column's DuckDB type: its native one where all files that have it agree, else text."""
    found: dict[str, set[str]] = {}
    for _, _, part in parts:
        for name in part.columns:
            found.setdefault(_key(name, repeated), set()).add(part.native.get(name, "VARCHAR"))
    return {key: kinds.pop() if len(kinds) == 1 else "VARCHAR" for key, kinds in found.items()}


def _select(part: Part, columns: dict[str, tuple[str, str]], types: dict[str, str], repeated: set[str]) -> str:
    """A part's rows under the united columns."""
    here = {_key(name, repeated): name for name in part.columns}
    cells = []
    for key, (name, _) in columns.items():
        text = ident(here[key]) if key in here else "NULL"
        plain = key in here and part.native.get(here[key], "VARCHAR") == types[key]
        cells.append(f"{text if plain else f'CAST({text} AS {types[key]})'} AS {ident(name)}")
    return f"SELECT {', '.join([*cells, SOURCE, LINE])} FROM ({part.query})"
