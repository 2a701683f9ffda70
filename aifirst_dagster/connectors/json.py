"""JSON documents and JSON Lines: numbers and booleans keep their types, records in records become columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.json_fields import Field, ends, field, kinds, share_names, unseen
from aifirst_dagster.connectors.json_lines import checked_copy
from aifirst_dagster.connectors.json_lists import unnest
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.connectors.text import as_utf8
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import InputError

if TYPE_CHECKING:
    import duckdb

#: How deep types are looked for: a lone object, its list, the list's objects, their fields, and records in those.
_DEPTH = 10
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
        depth: How deep types are looked for.
    """

    path: Path
    form: str
    size: int
    inside: str | None = None
    numbered: bool = False
    depth: int = _DEPTH

    def scan(self, options: str) -> str:
        """The FROM clause that reads the document."""
        largest = min(max(self.size, 1 << 20) + 64, 2**32 - 1)
        return (
            f"read_json({literal(self.path)}, format = {literal(self.form)}, maximum_object_size = {largest}, "
            f"map_inference_threshold = -1, maximum_depth = {self.depth}, {options})"
        )

    def as_json(self) -> tuple[str, str]:
        """A record as JSON, and the FROM clause of them."""
        if self.numbered:
            return "record", self.scan("columns = {'line': 'BIGINT', 'record': 'JSON'}")
        if self.inside is not None:
            scan = self.scan(f"columns = {{{literal(self.inside)}: 'JSON[]'}}")
            return "record", f"(SELECT unnest({ident(self.inside)}) AS record FROM {scan})"
        return "json", self.scan(_WHOLE)


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
        wanted = source.sheet or options.sheet
        lists = _lists_inside(con, layout) if form == "unstructured" else []
        inside = wanted if wanted in lists else lists[0] if lists else None
        if inside is None:
            return _chosen(con, source, layout, _read(con, source, layout), wanted, scratch)
        layout = replace(layout, inside=inside)
        part = _read(con, source, layout)
        if inside != wanted:
            others = f"; others: {', '.join(lists[1:6])}, to be had by {source.given}#{lists[1]}" if lists[1:] else ""
            part.notices.append(f"The rows are the objects of the list {inside!r} inside the document{others}.")
        return part if inside == wanted else _chosen(con, source, layout, part, wanted, scratch)
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
    part, wanted = None, source.sheet or options.sheet
    try:
        layout = _Layout(text.path, "newline_delimited", text.size)
        part = _read(con, source, layout)
        if part.records == lines and text.intact and part.columns != ["value"]:
            return _chosen(con, source, layout, part, wanted, scratch)
    except duckdb.Error:
        pass  # which lines are at fault, the exact way below finds out
    copy, rejects, rejected = checked_copy(text.path, scratch)
    if not copy.stat().st_size:
        if part is not None and part.records == lines:
            return part  # each line is a lone value or a list
        raise InputError("No line of the file is a JSON object.", hint="Is it JSON Lines?", file=source.given)
    layout = _Layout(copy, "newline_delimited", copy.stat().st_size, "record", numbered=True)
    part = _chosen(con, source, layout, _read(con, source, layout), wanted, scratch)
    part.records, part.rejected = part.records + rejected, rejected
    if rejected:
        columns = "{'line': 'BIGINT', 'reason': 'VARCHAR', 'text': 'VARCHAR'}"
        scan = _Layout(rejects, "newline_delimited", rejects.stat().st_size).scan(f"columns = {columns}")
        part.rejects = (
            f'SELECT {literal(source.given)}::VARCHAR AS {SOURCE}, line AS {LINE}, reason, "text" FROM {scan}'
        )
    return part


def _chosen(
    con: duckdb.DuckDBPyConnection, source: Source, layout: _Layout, part: Part, wanted: str | None, scratch: Scratch
) -> Part:
    """The records, or the elements of the list in them that is wanted."""
    if wanted is None:
        return part
    record, rows = layout.as_json()
    target = scratch.new(".jsonl")
    number = "line" if layout.numbered else "row_number() OVER ()"
    unnest(con, source, part, (record, number, rows), wanted, target)
    inner = _Layout(target, "newline_delimited", target.stat().st_size, "record", numbered=True)
    return _read(con, source, inner) if target.stat().st_size else _empty(source)


def _read(con: duckdb.DuckDBPyConnection, source: Source, layout: _Layout) -> Part:
    """What DuckDB reads: types from a sample first, from all records where a later one does not fit."""
    import duckdb

    try:
        return _part(con, source, layout, 20_480)
    except duckdb.Error:
        pass  # a later record does not fit
    try:
        return _part(con, source, layout, -1)
    except duckdb.NotImplementedException:
        # Names within a record that differ in case only: such records stay JSON.
        return _part(con, source, replace(layout, depth=1 if layout.inside is None else 3), -1)


def _part(con: duckdb.DuckDBPyConnection, source: Source, layout: _Layout, sample: int) -> Part:
    """A part whose fields come from `sample` records (-1: all); all of it is read once, so it cannot fail later."""
    fields = _fields(con, layout, sample)
    if not fields:
        return _empty(source)
    record, rows = _rows(layout, fields)
    found = ends(fields)
    texts = [end.sql.replace("{}", record.format(ident(end.path[0])), 1) for end in found]
    count, kinds_ = kinds(con, found, texts, rows)
    if 0 <= sample < count and fields[0].name not in (_VALUE, "json") and unseen(con, fields, *layout.as_json()):
        return _part(con, source, layout, -1)
    source_names = [end.name.lstrip("\0") for end in found]
    columns = unique_names(source_names)
    cells = [
        f"{text if kind == 'VARCHAR' else f'CAST({text} AS {kind})'} AS {ident(column)}"
        for text, kind, column in zip(texts, kinds_, columns, strict=True)
    ]
    line = "line" if layout.numbered else "row_number() OVER ()"
    query = f"SELECT {', '.join(cells)}, {literal(source.given)}::VARCHAR AS {SOURCE}, {line} AS {LINE} FROM {rows}"
    native = {column: kind for column, kind in zip(columns, kinds_, strict=True) if kind != "VARCHAR"}
    part = Part(query, columns, source_names, count, native=native)
    lists = [end.name for end in found if end.field.rows]
    if lists:
        given = source.given.partition("#")[0]
        part.notices.append(
            f"Lists of objects are kept as JSON in {', '.join(lists[:5])}; as rows of their own: {given}#{lists[0]}"
        )
    return part


def _fields(con: duckdb.DuckDBPyConnection, layout: _Layout, sample: int) -> list[Field]:
    """The records' fields; one field `json` where records are no objects."""
    relation = con.sql(f"SELECT * FROM {layout.scan(f'sample_size = {sample}')} LIMIT 0")
    found: list[tuple[str, Any]] = list(zip(relation.columns, relation.types, strict=True))
    if layout.inside is not None:
        kind: Any = dict(found)[layout.inside]
        kind = kind.children[0][1] if kind.id == "list" else kind
        if kind.id != "struct":
            return [Field(_VALUE, str(kind) if str(kind) in ("BIGINT", "DOUBLE", "BOOLEAN") else "VARCHAR")]
        found = list(kind.children)
    if [name for name, _ in found] == ["json"] and layout.inside is None and not _are_objects(con, layout):
        return [] if not _any(con, layout) else [Field(_VALUE, field("", found[0][1]).kind or "VARCHAR")]
    if str(found[0][1]).startswith("MAP") and found[0][0] == "json":
        return [Field("json", "VARCHAR")]  # objects without keys
    if share_names([name for name, _ in found]):
        return [Field(name, "VARCHAR") for name, _ in found]
    return [field(name, kind) for name, kind in found]


def _any(con: duckdb.DuckDBPyConnection, layout: _Layout) -> bool:
    """Whether there is a record at all."""
    return bool(con.execute(f"SELECT 1 FROM {layout.scan(_WHOLE)} LIMIT 1").fetchall())


def _are_objects(con: duckdb.DuckDBPyConnection, layout: _Layout) -> bool:
    """Whether the first record is an object with keys."""
    first = con.execute(f"SELECT len(json_keys(json)) FROM {layout.scan(_WHOLE)} LIMIT 1").fetchall()
    return bool(first and first[0][0])


def _rows(layout: _Layout, fields: list[Field]) -> tuple[str, str]:
    """How a field is addressed (a format string), and the FROM clause of the records."""
    if [one.name for one in fields] == [_VALUE]:
        if layout.inside is not None:
            scan = layout.scan(f"columns = {{{literal(layout.inside)}: 'VARCHAR[]'}}")
            return "record", f"(SELECT unnest({ident(layout.inside)}) AS record FROM {scan})"
        return "json", layout.scan("records = false, columns = {'json': 'VARCHAR'}")
    if layout.inside is None:
        if share_names([one.name for one in fields]):
            # DuckDB numbers names that differ in case only, and finds them so under no other option.
            return "{}::VARCHAR", layout.scan("sample_size = -1")
        spec = ", ".join(f"{literal(one.name)}: {literal(one.spec)}" for one in fields)
        records = "false" if fields == [Field("json", "VARCHAR")] else "true"
        return "{}", layout.scan(f"records = {records}, columns = {{{spec}}}")
    struct = "STRUCT(" + ", ".join(f"{ident(one.name)} {one.spec}" for one in fields) + ")"
    if layout.numbered:
        scan = layout.scan(f"columns = {{'line': 'BIGINT', 'record': {literal(struct)}}}")
        return "record.{}", scan
    scan = layout.scan(f"columns = {{{literal(layout.inside)}: {literal(struct + '[]')}}}")
    return "record.{}", f"(SELECT unnest({ident(layout.inside)}) AS record FROM {scan})"


def _lists_inside(con: duckdb.DuckDBPyConnection, layout: _Layout) -> list[str]:
    """The fields of a lone object that are lists of objects, the longest first."""
    relation = con.sql(f"SELECT * FROM {layout.scan('sample_size = 2')} LIMIT 2")
    lists = [
        name
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if kind.id == "list" and str(kind).startswith(("STRUCT", "MAP"))
    ]
    rows = relation.fetchall() if lists else []
    if len(rows) != 1:
        return []
    lengths = {name: len(rows[0][relation.columns.index(name)] or ()) for name in lists}
    # A record with scalars of its own and several lists is a record; a document of lists alone is a box of tables.
    if len(lists) > 1 and len(lists) < len(relation.columns):
        return []
    return sorted(lists, key=lambda name: -lengths[name])


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
