"""Lists inside JSON records as rows of their own, each with what identifies the record that it stands in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.connectors.base import Part
from aifirst_dagster.datasets.session import LINE, ident, literal
from aifirst_dagster.errors import ConfigError

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors.source import Source

#: Columns that are looked at to find the one that identifies a record.
_KEYS = 20


def unnest(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    parent: Part,
    records: tuple[str, str, str],
    wanted: str,
    target: Path,
) -> str:
    """Write each element of the list `wanted` as a line `{"line": the record's, "record": element}`.

    Args:
        source: The document.
        parent: Its records, as they are read.
        records: SQL of a record as JSON and of its number, and the FROM clause.
        wanted: The list's name, with dots where it stands in a record of the record.
        target: The JSON Lines file to write.

    Returns:
        What identifies the record: the name of the column that each row has of it.

    Raises:
        ConfigError: There is no such list.
    """
    record, number, rows = records
    path = "$." + ".".join(json.dumps(step) for step in wanted.split("."))
    found: Any = con.execute(
        f"SELECT count(*) FILTER (WHERE json_type({record}, {literal(path)}) = 'ARRAY') FROM {rows}"
    ).fetchone()
    if not found[0]:
        known = ", ".join(parent.source_names[:20])
        raise ConfigError(f"There is no list {wanted!r}.", hint=f"Fields: {known}.", file=source.given)
    key = _key(con, parent)
    value, name = (f"p.{ident(key)}", f"parent.{key}") if key else ("c.n", "parent.record")
    con.execute(
        f"COPY (WITH r AS (SELECT {number} AS n, json_extract({record}, {literal(path)}) AS held FROM {rows}), "
        "l AS (SELECT n, CAST(held AS JSON[]) AS items FROM r WHERE json_type(held) = 'ARRAY'), "
        "c AS (SELECT n, unnest(items) AS item, unnest(range(1, len(items) + 1)) AS place FROM l) "
        f"SELECT c.n AS line, json_merge_patch(json_object({literal(name)}, {value}), CASE json_type(item) "
        "WHEN 'OBJECT' THEN item ELSE json_object('value', item) END) AS record "
        f"FROM c JOIN ({parent.query}) p ON p.{LINE} = c.n ORDER BY c.n, c.place) TO {literal(target)} (FORMAT json)"
    )
    return name


def _key(con: duckdb.DuckDBPyConnection, parent: Part) -> str | None:
    """The column whose values tell all records apart: one called an id before others."""
    looked = [name for name in parent.columns if name.lower().endswith("id")] + parent.columns
    looked = list(dict.fromkeys(looked))[:_KEYS]
    counts = ", ".join(f"count(DISTINCT {ident(name)})" for name in looked)
    held: Any = con.execute(f"SELECT count(*), {counts} FROM ({parent.query})").fetchone()
    return next((name for name, count in zip(looked, held[1:], strict=True) if count == held[0]), None)
