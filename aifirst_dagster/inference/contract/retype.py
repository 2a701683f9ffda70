"""A column as another type than was inferred: what a person, a schema file or a model says it is."""

from __future__ import annotations

from aifirst_dagster.inference.schema import Column, FieldType

PHYSICAL: dict[FieldType, str] = {
    "integer": "BIGINT", "year": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
    "datetime": "TIMESTAMP", "time": "TIME",
}  # fmt: skip
"""The DuckDB type of a Table Schema type that a plain cast reads; the others stay text."""

_TEXT_FORMATS = ("email", "uri", "uuid", "binary")


def retyped(column: Column, type_: str, format_: str = "default") -> Column:
    """The column as another type. A type that the engine reads already keeps the engine's way of reading it."""
    same_style = format_ in (column.format, "default") or format_ in column.formats_seen
    if type_ == column.type and (type_ not in ("date", "datetime", "time", "string") or same_style):
        return column
    if type_ == "number" and column.type == "integer" and column.number_style not in (None, "padded"):
        return column.model_copy(update={"type": "number"})
    physical = PHYSICAL.get(type_, "VARCHAR")  # type: ignore[call-overload]
    if type_ == "datetime" and "%z" in format_:
        physical = "TIMESTAMPTZ"
    plain = type_ in ("date", "datetime", "time") or (type_ == "string" and format_ in _TEXT_FORMATS)
    return column.model_copy(
        update={
            "type": type_,
            "format": format_ if plain else "default",
            "physical_type": physical,
            "number_style": None,
            "formats_seen": [],
            "units_seen": [],
            "values": column.values if type_ == column.type else None,
        }
    )
