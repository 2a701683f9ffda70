"""The fields of JSON records: records within records taken apart, each field's type one that all its values have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aifirst_dagster.connectors.nested import FIELDS
from aifirst_dagster.datasets.session import ident, literal

if TYPE_CHECKING:
    import duckdb

#: Types that JSON has; others that DuckDB sees in texts (dates, UUIDs) are inference's to find.
_NATIVE = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN")
_NUMBER = r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?"
_DEEP = 8


@dataclass(frozen=True)
class Field:
    """A field of the records.

    Attributes:
        name: Its name in the record.
        kind: The DuckDB type that its values seem to have; "" for a record, whose fields are `inner`.
        inner: The fields of a record.
        rows: Whether it is a list of objects.
    """

    name: str
    kind: str
    inner: tuple[Field, ...] = ()
    rows: bool = False

    @property
    def spec(self) -> str:
        """The type to read it as: text at the end of every path, so that no value is bent to fit."""
        if not self.inner:
            return "VARCHAR"
        return "STRUCT(" + ", ".join(f"{ident(field.name)} {field.spec}" for field in self.inner) + ")"


@dataclass(frozen=True)
class End:
    """A field at the end of a path: `sql` gives it as text, `{}` standing for its outermost field."""

    path: tuple[str, ...]
    sql: str
    field: Field

    @property
    def name(self) -> str:
        """The path with dots."""
        return ".".join(self.path)


def field(name: str, kind: Any, depth: int = 0) -> Field:
    """A field of the type that DuckDB found; records that are wide, deep, or told apart by case alone stay text."""
    if (
        kind.id == "struct"
        and depth < _DEEP
        and _width(kind) <= FIELDS
        and not share_names([n for n, _ in kind.children])
    ):
        return Field(name, "", tuple(field(inner, of, depth + 1) for inner, of in kind.children))
    rows = kind.id == "list" and kind.children[0][1].id in ("struct", "map")
    return Field(name, str(kind) if str(kind) in _NATIVE else "VARCHAR", rows=rows)


def share_names(names: list[str]) -> bool:
    """Whether some names differ in case only: DuckDB numbers those."""
    folded = {name.casefold() for name in names}
    numbered = (re.fullmatch(r"(.+)_\d+", name) for name in folded)
    return len(folded) < len(names) or any(match and match.group(1) in folded for match in numbered)


def ends(fields: list[Field]) -> list[End]:
    """The ends of all paths, in order."""
    return [end for one in fields for end in _ends(one, (one.name,), "{}")]


def kinds(con: duckdb.DuckDBPyConnection, found: list[End], texts: list[str], rows: str) -> tuple[int, list[str]]:
    """How many records there are, and the type of each end that its values have as they are written.

    Args:
        found: The ends.
        texts: SQL of each as text.
        rows: The FROM clause.
    """
    tests = [
        f"coalesce(bool_and({_fits(text, end.field.kind)}), true)"
        if end.field.kind != "VARCHAR"
        else f"count({text}) >= 0"
        for end, text in zip(found, texts, strict=True)
    ]
    held: Any = con.execute(f"SELECT count(*), {', '.join(tests)} FROM {rows}").fetchone()
    return int(held[0]), [end.field.kind if fits else "VARCHAR" for end, fits in zip(found, held[1:], strict=True)]


def unseen(con: duckdb.DuckDBPyConnection, fields: list[Field], record: str, rows: str) -> bool:
    """Whether some record has a key that `fields` lack.

    Args:
        fields: What a sample of the records has.
        record: SQL of a record as JSON.
        rows: The FROM clause.
    """
    known = [
        ("", {one.name for one in fields}),
        *(pair for one in fields for pair in _records(one, _pointer("", one.name))),
    ]
    keys = [f"json_keys({record}, {literal(path)})" if path else f"json_keys({record})" for path, _ in known]
    lists = ", ".join(f"list_distinct(flatten(list(DISTINCT {key})))" for key in keys)
    held: Any = con.execute(f"SELECT {lists} FROM {rows}").fetchone()
    return any(not set(names or ()) <= expected for names, (_, expected) in zip(held, known, strict=True))


def _fits(text: str, kind: str) -> str:
    """SQL: whether a text is a value of `kind` as JSON writes it; "007" is no number."""
    if kind == "BOOLEAN":
        return f"{text} IN ('true', 'false')"
    if kind == "DOUBLE":
        return f"regexp_full_match({text}, {literal(_NUMBER)}) AND isfinite(TRY_CAST({text} AS DOUBLE))"
    return f"{text} IS NULL OR coalesce(TRY_CAST({text} AS {kind})::VARCHAR = {text}, false)"


def _ends(one: Field, path: tuple[str, ...], sql: str) -> Iterator[End]:
    if not one.inner:
        yield End(path, sql, one)
    for inner in one.inner:
        yield from _ends(inner, (*path, inner.name), f"struct_extract({sql}, {literal(inner.name)})")


def _records(one: Field, path: str) -> Iterator[tuple[str, set[str]]]:
    """Pointers to the records in a field, each with its keys."""
    if one.inner:
        yield path, {inner.name for inner in one.inner}
        for inner in one.inner:
            yield from _records(inner, _pointer(path, inner.name))


def _pointer(path: str, name: str) -> str:
    return f"{path}/{name.replace('~', '~0').replace('/', '~1')}"


def _width(kind: Any) -> int:
    return sum(_width(inner) if inner.id == "struct" else 1 for _, inner in kind.children)
