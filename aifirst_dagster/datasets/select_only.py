"""Proof that a text is one harmless SELECT: over named inputs only, with no function that reaches out of the query."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from aifirst_dagster.errors import ConfigError

#: The only functions that may stand in a FROM clause: those that make rows from their arguments.
TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series", "json_each", "json_tree", "regexp_split_to_table"})

#: Scalar functions that see or touch something outside the query.
DENIED = frozenset({
    "getenv", "current_setting", "set_config", "getvariable", "nextval", "currval", "write_log", "query", "query_table",
    "current_query", "pg_get_viewdef", "in_search_path", "txid_current", "vector_type", "stats", "sleep", "pg_sleep",
})  # fmt: skip
_DENIED_PREFIXES = (
    "read_", "duckdb_", "pragma_", "parquet_", "sniff_", "glob", "which_secret", "pg_", "sql_auto_complete",
    "json_execute", "from_substrait", "sqlite_", "postgres_", "mysql_", "iceberg_", "delta_", "http",
)  # fmt: skip


class RefusedQueryError(ConfigError):
    """The text is not one SELECT over its inputs, or it uses what no query here may use."""


def check(sql: str, inputs: Iterable[str]) -> None:
    """Raise unless `sql` is exactly one SELECT that reads only `inputs`, with harmless functions.

    DuckDB's own parser decides, so there is no second grammar to disagree with it.

    Raises:
        RefusedQueryError: Says what is not allowed.
    """
    tables = {name.lower() for name in inputs}
    known = ", ".join(sorted(tables)) or "none"
    for node in _nodes(_tree(sql)):
        kind = str(node.get("type", "")).upper()
        if kind == "BASE_TABLE":
            name = str(node.get("table_name", ""))
            if node.get("schema_name") or node.get("catalog_name") or name.lower() not in tables | _ctes(node):
                raise RefusedQueryError(
                    f"The query reads {name!r}, which is none of its inputs.", hint=f"Its inputs: {known}."
                )
        elif kind == "TABLE_FUNCTION":
            function = str((node.get("function") or {}).get("function_name", "")).lower()
            if function not in TABLE_FUNCTIONS:
                raise RefusedQueryError(
                    f"The query calls the table function {function!r}.", hint=f"Read the inputs only: {known}."
                )
        elif kind in ("SHOW_REF", "COLUMN_DATA", "DELIM_GET"):
            raise RefusedQueryError(
                "The query is no plain SELECT.", hint="DESCRIBE, SHOW and SUMMARIZE are not allowed here."
            )
        elif node.get("function_name") and denied(str(node["function_name"])):
            raise RefusedQueryError(
                f"The query calls {node['function_name']}().",
                hint="Functions that reach out of the query are not allowed.",
            )


def denied(function: str) -> bool:
    """Whether a scalar function reaches out of the query."""
    name = function.lower()
    return name in DENIED or name.startswith(_DENIED_PREFIXES)


def _tree(sql: str) -> dict[str, Any]:
    """DuckDB's own syntax tree of the one statement."""
    import duckdb

    from aifirst_dagster.datasets.session import literal

    with duckdb.connect(":memory:") as con:
        try:
            statements = con.extract_statements(sql)
        except duckdb.Error as error:
            raise RefusedQueryError(f"This is not SQL: {_first_line(error)}", hint="One SELECT is expected.") from None
        if len(statements) != 1:
            raise RefusedQueryError(
                f"Exactly one statement is expected, there are {len(statements)}.", hint="Keep one SELECT."
            )
        if statements[0].type != duckdb.StatementType.SELECT:
            kind = str(statements[0].type).rpartition(".")[2]
            raise RefusedQueryError(
                f"A SELECT is expected, this is {kind}.", hint="The query may only read its inputs."
            )
        (text,) = con.execute(f"SELECT json_serialize_sql({literal(sql)}::VARCHAR)").fetchone() or ("{}",)
    try:
        tree = json.loads(text)
    except RecursionError:
        raise RefusedQueryError("The query is nested too deeply.", hint="Make it simpler.") from None
    if tree.get("error") or len(tree.get("statements", [])) != 1:
        raise RefusedQueryError(f"A SELECT is expected: {tree.get('error_message', 'this is none')}.")
    return tree["statements"][0]


def _nodes(tree: Any, ctes: frozenset[str] = frozenset()) -> Iterator[dict[str, Any]]:
    """Every node of the tree; a table's node also carries the names of the CTEs around it."""
    stack: list[tuple[Any, frozenset[str]]] = [(tree, ctes)]
    while stack:
        here, names = stack.pop()
        if isinstance(here, dict):
            entries = (here.get("cte_map") or {}).get("map") or []
            names = names | {str(entry.get("key", "")).lower() for entry in entries}
            if here.get("cte_name"):
                names = names | {str(here["cte_name"]).lower()}
            yield {**here, "_ctes": names}
            stack.extend((item, names) for item in here.values())
        elif isinstance(here, list):
            stack.extend((item, names) for item in here)


def _ctes(node: dict[str, Any]) -> frozenset[str]:
    return node["_ctes"]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
