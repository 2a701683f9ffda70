"""Records within records: their fields become columns of their own, `address.city`; lists stay JSON text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import ident, literal

if TYPE_CHECKING:
    import duckdb

#: A record of more fields than this is no record, but a dictionary: it stays JSON text.
FIELDS = 100
_DEPTH = 12


@dataclass(frozen=True)
class Leaf:
    """A field at the end of a path.

    Attributes:
        name: The path with dots.
        path: The fields on the way.
        sql: The expression that gives it.
        kind: Its DuckDB type; "" where it is a list, a map or too wide a record, and `sql` gives JSON text.
    """

    name: str
    path: tuple[str, ...]
    sql: str
    kind: str


def leaves(relation: duckdb.DuckDBPyRelation) -> list[Leaf]:
    """The columns of a relation, records among them taken apart."""
    found: list[Leaf] = []
    for name, kind in zip(relation.columns, relation.types, strict=True):
        _add(found, (name,), ident(name), kind)
    return found


def _add(found: list[Leaf], path: tuple[str, ...], sql: str, kind: Any) -> None:
    if kind.id == "struct" and len(path) < _DEPTH and _width(kind) <= FIELDS:
        for name, inner in kind.children:
            _add(found, (*path, name), f"struct_extract({sql}, {literal(name)})", inner)
        return
    nested = kind.id in ("struct", "list", "array", "map", "union", "variant") or str(kind).startswith("VARIANT")
    text = f"CAST(to_json({sql}) AS VARCHAR)" if nested else sql
    found.append(Leaf(".".join(path), path, text, "" if nested else str(kind)))


def _width(kind: Any) -> int:
    """Fields of a record, those of records in it included."""
    return sum(_width(inner) if inner.id == "struct" else 1 for _, inner in kind.children)
