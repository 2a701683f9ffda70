"""JSON documents and JSON Lines: numbers and booleans keep their types, nested values stay JSON text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.json_lines import checked_copy
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.connectors.text import as_utf8
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import InputError

if TYPE_CHECKING:
    import duckdb

#: How deep types are looked for: a lone object, its list, the list's objects, their fields.
_DEPTH = 4
_NATIVE = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN")


#: Stands for the name of records that are no objects.
_VALUE = "\0value"
_WHOLE = "records = false, columns = {'json': 'JSON'}"


@dataclass(frozen=True)
class _Layout:
    """Where a document's records are.

    Attributes:
        path: The document.
        form: DuckDB's name: array, unstructured, newline_delimited.
        size: Bytes.
        inside: The field that holds the records (as a list, or as each line's one record), or None.
        numbered: Whether each record has its line's number beside it.
    """

    path: Path
    form: str
    size: int
    inside: str | None = None
    numbered: bool = False

    def scan(self, options: str) -> str:
        """The FROM clause that reads the document."""
        largest = min(max(self.size, 1 << 20) + 64, 2**32 - 1)
        return (
            f"read_json({literal(self.path)}, format = {literal(self.form)}, maximum_object_size = {largest}, "
            f"map_inference_threshold = -1, maximum_depth = {_DEPTH}, {options})"
        )


def read_document(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read a JSON document: an array, objects one after the other, or an object with one array of objects inside.

    Raises:
        InputError: It is no valid JSON; says where.
    """
    import duckdb

    text = as_utf8(source, options.encoding, scratch)
    start = text.head(4096).strip()
    if not start:
        return _empty(source)
    form = "array" if start.startswith("[") else "unstructured"
    if form == "array" and not _ends_with(text.path, b"]"):
        raise InputError("The JSON array has no end: the file is cut off.", hint="Fetch it again.", file=source.given)
    layout = _Layout(text.path, form, text.size)
    try:
        inside = _list_inside(con, layout) if form == "unstructured" else None
        if inside is None:
            return _read(con, source, layout)
        part = _read(con, source, _Layout(text.path, form, text.size, inside))
        part.notices.append(f"The rows are the objects of the list {inside!r} inside the document.")
        return part
    except duckdb.Error as error:
        raise _invalid(source, text.path, error) from error


def read_lines(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read JSON Lines: one object a line; lines that are none are rejected.

    Raises:
        InputError: No line is a JSON object.
    """
    import duckdb

    text = as_utf8(source, options.encoding, scratch)
    if text.size < 4096 and not text.head(4096).strip():
        return _empty(source)
    lines = text.feeds + (not text.ended)
    part = None
    try:
        part = _read(con, source, _Layout(text.path, "newline_delimited", text.size))
        if part.records == lines and text.intact and part.columns != ["value"]:
            return part
    except duckdb.Error:
        pass  # which lines are at fault, the exact way below finds out
    copy, rejects, rejected = checked_copy(text.path, scratch)
    if not copy.stat().st_size:
        if part is not None and part.records == lines:
            return part  # each line is a lone value or a list
        raise InputError("No line of the file is a JSON object.", hint="Is it JSON Lines?", file=source.given)
    part = _read(con, source, _Layout(copy, "newline_delimited", copy.stat().st_size, "record", numbered=True))
    part.records, part.rejected = part.records + rejected, rejected
    if rejected:
        columns = "{'line': 'BIGINT', 'reason': 'VARCHAR', 'text': 'VARCHAR'}"
        scan = _Layout(rejects, "newline_delimited", rejects.stat().st_size).scan(f"columns = {columns}")
        part.rejects = (
            f'SELECT {literal(source.given)}::VARCHAR AS {SOURCE}, line AS {LINE}, reason, "text" FROM {scan}'
        )
    return part


def _read(con: duckdb.DuckDBPyConnection, source: Source, layout: _Layout) -> Part:
    """What DuckDB reads: types from a sample first, from all records where a later one does not fit."""
    import duckdb

    try:
        return _part(con, source, layout, 20_480)
    except duckdb.Error:
        return _part(con, source, layout, -1)


def _part(con: duckdb.DuckDBPyConnection, source: Source, layout: _Layout, sample: int) -> Part:
    """A part whose types come from `sample` records; all of it is read once, so that it cannot fail later."""
    fields = _fields(con, layout, sample)
    if not fields:
        return _empty(source)
    source_names = [name.lstrip("\0") for name, _ in fields]
    if _share_names(fields):
        fields = [(name, "VARCHAR") for name, _ in fields]
    columns = unique_names(source_names)
    record, rows = _rows(layout, fields)
    cells = [
        f"{record.format(ident(name))} AS {ident(column)}" for (name, _), column in zip(fields, columns, strict=True)
    ]
    line = "line" if layout.numbered else "row_number() OVER ()"
    query = f"SELECT {', '.join(cells)}, {literal(source.given)}::VARCHAR AS {SOURCE}, {line} AS {LINE} FROM {rows}"
    touched = ", ".join(f"count({ident(column)})" for column in columns)
    counted = con.execute(f"SELECT count(*), {touched} FROM ({query})").fetchall()
    native = {column: kind for column, (_, kind) in zip(columns, fields, strict=True) if kind != "VARCHAR"}
    return Part(query, columns, source_names, counted[0][0] if counted else 0, native=native)


def _fields(con: duckdb.DuckDBPyConnection, layout: _Layout, sample: int) -> list[tuple[str, str]]:
    """The records' fields and the types to read them as; one field `json` where records are no objects."""
    relation = con.sql(f"SELECT * FROM {layout.scan(f'sample_size = {sample}')} LIMIT 0")
    found: list[tuple[str, Any]] = list(zip(relation.columns, relation.types, strict=True))
    if layout.inside is not None:
        kind: Any = dict(found)[layout.inside]
        kind = kind.children[0][1] if kind.id == "list" else kind
        found = list(kind.children)
    if [name for name, _ in found] == ["json"] and layout.inside is None and not _are_objects(con, layout):
        return [] if not _any(con, layout) else [(_VALUE, _plain(str(found[0][1])))]
    if str(found[0][1]).startswith("MAP") and found[0][0] == "json":
        return [("json", "VARCHAR")]  # objects without keys
    return [(name, _plain(str(kind))) for name, kind in found]


def _plain(kind: str) -> str:
    """The type to read a field as."""
    return kind if kind in _NATIVE else "VARCHAR"


def _any(con: duckdb.DuckDBPyConnection, layout: _Layout) -> bool:
    """Whether there is a record at all."""
    return bool(con.execute(f"SELECT 1 FROM {layout.scan(_WHOLE)} LIMIT 1").fetchall())


def _are_objects(con: duckdb.DuckDBPyConnection, layout: _Layout) -> bool:
    """Whether the first record is an object with keys."""
    first = con.execute(f"SELECT len(json_keys(json)) FROM {layout.scan(_WHOLE)} LIMIT 1").fetchall()
    return bool(first and first[0][0])


def _rows(layout: _Layout, fields: list[tuple[str, str]]) -> tuple[str, str]:
    """How a field is addressed (a format string), and the FROM clause of the records."""
    if [name for name, _ in fields] == [_VALUE]:
        return "json", layout.scan(f"records = false, columns = {{'json': {literal(fields[0][1])}}}")
    if layout.inside is None:
        if _share_names(
            fields
        ):  # DuckDB numbers names that differ in case only, and finds them so under no other option
            return "{}::VARCHAR", layout.scan("sample_size = -1")
        spec = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in fields)
        records = "false" if fields == [("json", "VARCHAR")] else "true"
        return "{}", layout.scan(f"records = {records}, columns = {{{spec}}}")
    struct = "STRUCT(" + ", ".join(f"{ident(name)} {kind}" for name, kind in fields) + ")"
    if layout.numbered:
        scan = layout.scan(f"columns = {{'line': 'BIGINT', 'record': {literal(struct)}}}")
        return "record.{}", scan
    scan = layout.scan(f"columns = {{{literal(layout.inside)}: {literal(struct + '[]')}}}")
    return "record.{}", f"(SELECT unnest({ident(layout.inside)}) AS record FROM {scan})"


def _share_names(fields: list[tuple[str, str]]) -> bool:
    """Whether some names differ in case only."""
    names = {name.casefold() for name, _ in fields}
    numbered = (re.fullmatch(r"(.+)_\d+", name) for name in names)
    return any(match and match.group(1) in names for match in numbered)


def _list_inside(con: duckdb.DuckDBPyConnection, layout: _Layout) -> str | None:
    """The only field of a lone object that is a list of objects, else None."""
    scan = layout.scan("sample_size = 2")
    relation = con.sql(f"SELECT * FROM {scan} LIMIT 2")
    lists = [
        name
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if kind.id == "list" and str(kind).startswith(("STRUCT", "MAP"))
    ]
    return lists[0] if len(lists) == 1 and len(relation.fetchall()) == 1 else None


def _ends_with(path: Path, end: bytes) -> bool:
    """Whether the file's last sign but white space is `end`."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read().rstrip().endswith(end)


def _empty(source: Source) -> Part:
    """A part without columns and rows."""
    return Part(f"SELECT {literal(source.given)}::VARCHAR AS {SOURCE}, 0::BIGINT AS {LINE} WHERE false", [], [], 0)


def _invalid(source: Source, path: Path, error: Exception) -> InputError:
    """The error of a document that is no JSON, with the place that Python's parser finds."""
    import json

    hint = "If each line is a JSON document of its own, name the format: jsonl."
    if path.stat().st_size < 1 << 28:
        try:
            json.loads(path.read_text(encoding="utf-8-sig", errors="replace"))
        except json.JSONDecodeError as fault:
            if fault.msg != "Extra data":
                return InputError(f"Not valid JSON: {fault.msg}.", hint=hint, file=source.given, line=fault.lineno)
        except RecursionError:
            return InputError("The JSON is nested too deeply.", hint="Flatten it.", file=source.given)
    return InputError(f"The JSON cannot be read: {str(error).splitlines()[0]}", hint=hint, file=source.given)


CONNECTOR = Connector("json", read_document)
CONNECTOR_LINES = Connector("jsonl", read_lines)
