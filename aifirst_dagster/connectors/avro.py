"""Avro object container files: block by block to Parquet, logical types as types, unions of several kinds as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.parquet import part_of
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.errors import ConfigError, InputError

if TYPE_CHECKING:
    import duckdb
    import pyarrow

_PRIMITIVE = {
    "null": "null", "boolean": "bool_", "int": "int32", "long": "int64", "float": "float32", "double": "float64",
    "bytes": "binary", "string": "string", "enum": "string", "fixed": "binary",
}  # fmt: skip
_ROWS = 50_000
_DEPTH = 30
Convert = Callable[[Any], Any]


def read_avro(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read one Avro file; records in records become columns, lists and maps JSON text.

    Raises:
        InputError: The file is damaged or cut off.
        ConfigError: Its codec needs a library that is not installed.
    """
    target = scratch.new(".parquet")
    try:
        _to_parquet(source, target)
    except InputError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        if "codec" in said and "install" in said:
            library = said.rpartition("[")[2].strip("]'. ") or "its codec"
            raise ConfigError(f"{said}.", hint=f"pip install {library}", file=source.given) from error
        raise InputError(
            f"The Avro file is damaged or cut off: {said}.", hint="Fetch or copy it again.", file=source.given
        ) from error
    return part_of(con, source, target)


def _to_parquet(source: Source, target: Any) -> None:
    """Copy the records, some ten thousand at a time."""
    import fastavro
    import pyarrow
    from pyarrow import parquet

    with source.path.open("rb") as file:
        blocks = fastavro.block_reader(file)
        schema: Any = blocks.writer_schema
        fields = schema["fields"] if isinstance(schema, dict) and schema.get("type") == "record" else None
        known = _named(schema)
        if fields is None:  # records of one bare value
            fields = [{"name": "value", "type": schema}]
            wrap = True
        else:
            wrap = False
        inside = (str(schema["name"]),) if not wrap else ()
        kinds = [_kind(field["type"], known, inside) for field in fields]
        names = [str(field["name"]) for field in fields]
        arrow = pyarrow.schema([(name, kind) for name, (kind, _) in zip(names, kinds, strict=True)])
        if not names:
            raise InputError("The records have no fields.", hint="Name another file.", file=source.given)
        with parquet.ParquetWriter(target, arrow) as writer:
            rows: list[Any] = []
            for block in blocks:
                for row in block:
                    rows.append({"value": row} if wrap else row)
                    if len(rows) >= _ROWS:
                        writer.write_table(_table(rows, names, kinds, arrow))
                        rows = []
            writer.write_table(_table(rows, names, kinds, arrow))


def _table(
    rows: list[Any], names: list[str], kinds: list[tuple[Any, Convert | None]], arrow: pyarrow.Schema
) -> pyarrow.Table:
    """Some records as columns."""
    import pyarrow

    arrays = []
    for name, (kind, convert) in zip(names, kinds, strict=True):
        values = [row[name] for row in rows]
        arrays.append(pyarrow.array([convert(value) for value in values] if convert else values, kind))
    return pyarrow.Table.from_arrays(arrays, schema=arrow)


def _kind(schema: Any, known: dict[str, Any], inside: tuple[str, ...]) -> tuple[pyarrow.DataType, Convert | None]:
    """The Arrow type of an Avro one, and how a value is made to fit; None: it fits."""
    import pyarrow

    if isinstance(schema, str) and schema in known:
        if schema in inside or len(inside) > _DEPTH:
            return pyarrow.string(), _text  # a type that holds itself has no end
        return _kind(known[schema], known, inside)
    if isinstance(schema, list):
        held = [one for one in schema if one != "null"]
        if len(held) == 1:
            return _kind(held[0], known, inside)
        return (pyarrow.string(), _text) if held else (pyarrow.null(), None)
    if isinstance(schema, str):
        return getattr(pyarrow, _PRIMITIVE[schema])(), None
    kind, logical = schema["type"], schema.get("logicalType")
    if logical is not None and (found := _logical(schema, str(logical))) is not None:
        return found
    if kind in ("record", "error"):
        name = str(schema.get("name"))
        if len(inside) > _DEPTH:
            return pyarrow.string(), _text
        parts = {field["name"]: _kind(field["type"], known, (*inside, name)) for field in schema["fields"]}
        if not parts:
            return pyarrow.string(), _text
        return pyarrow.struct([(field, part) for field, (part, _) in parts.items()]), _record(parts)
    if kind in ("array", "map"):
        return pyarrow.string(), _text
    return _kind(kind, known, inside)


def _logical(schema: dict[str, Any], logical: str) -> tuple[pyarrow.DataType, Convert | None] | None:
    """A logical type that fastavro reads as Python's own; None for others."""
    import pyarrow

    match logical:
        case "date":
            return pyarrow.date32(), None
        case "time-millis" | "time-micros":
            return pyarrow.time64("us"), None
        case "timestamp-millis" | "timestamp-micros":
            return pyarrow.timestamp("us", tz="UTC"), None
        case "local-timestamp-millis" | "local-timestamp-micros":
            return pyarrow.timestamp("us"), None
        case "uuid":
            return pyarrow.string(), _text
        case "decimal":
            precision, scale = int(schema["precision"]), int(schema.get("scale", 0))
            if 0 < precision <= 38 and 0 <= scale <= precision:
                return pyarrow.decimal128(precision, scale), None
            return pyarrow.string(), _text
    return None


def _record(parts: dict[str, tuple[Any, Convert | None]]) -> Convert | None:
    """How a record is made to fit, where some field of it needs that."""
    needing = {field: convert for field, (_, convert) in parts.items() if convert}
    if not needing:
        return None
    return lambda value: (
        None if value is None else {**value, **{name: make(value[name]) for name, make in needing.items()}}
    )


def _text(value: Any) -> str | None:
    """A value without a type of its own as text: what is nested as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_text)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.hex() if isinstance(value, bytes) else str(value)


def _named(schema: Any) -> dict[str, Any]:
    """Full name -> definition of the types that a schema names; fastavro writes full names wherever they are used."""
    found: dict[str, Any] = {}
    rest = [schema]
    while rest:
        one = rest.pop()
        if isinstance(one, list):
            rest += one
        elif isinstance(one, dict):
            if "name" in one and one.get("type") in ("record", "error", "enum", "fixed"):
                found[str(one["name"])] = one
            rest += [one[key] for key in ("type", "items", "values") if isinstance(one.get(key), dict | list)]
            rest += one.get("fields", []) if isinstance(one.get("fields"), list) else []
    return found


CONNECTOR = Connector("avro", read_avro)
