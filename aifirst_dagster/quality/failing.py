"""Rows that break rules: where each stands in its file, and the values that the rule reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import HIDDEN, LINE, SOURCE, ident
from aifirst_dagster.quality.engines.duckdb import violations
from aifirst_dagster.quality.results import RuleResult

if TYPE_CHECKING:
    import duckdb

#: Rows for each rule; rules in one scan; columns shown of a rule that names none; characters of a value.
ROWS, AT_ONCE, COLUMNS, WIDTH = 10, 10, 8, 200


def failing_rows(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    results: Sequence[RuleResult],
    rows: int = ROWS,
    others: Callable[[str], str] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """The first rows that break each rule, by the rule's id: `{source, source_line, values: {column: text}}`.

    Rules that no single row breaks (a mean, the number of rows) have none.
    """
    names = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    broken = [one for one in results if one.unexpected_count]
    asked = [(one, where) for one in broken if (where := violations(one, con, relation, others))]
    found: dict[str, list[dict[str, Any]]] = {}
    for start in range(0, len(asked), AT_ONCE):
        found |= _of(con, relation, names, asked[start : start + AT_ONCE], rows)
    return found


def _of(
    con: Any, relation: str, names: list[str], asked: list[tuple[RuleResult, str]], rows: int
) -> dict[str, list[dict[str, Any]]]:
    """The rows of some rules, in one scan; where that fails, of one after the other."""
    import duckdb

    line = LINE if LINE in names else "NULL::BIGINT"
    source = SOURCE if SOURCE in names else "NULL::VARCHAR"
    shown = [_shown(one, names) for one, _ in asked]
    picked = []
    for (_, where), columns in zip(asked, shown, strict=True):
        values = ", ".join(f"left({ident(name)}::VARCHAR, {WIDTH})" for name in columns)
        row = f"{{'source': {source}, 'source_line': {line}, 'values': [{values}]::VARCHAR[]}}"
        picked.append(f"arg_min({row}, coalesce({line}, 0), {rows}) FILTER (WHERE {where})")
    try:
        answer = con.execute(f"SELECT {', '.join(picked)} FROM {relation}").fetchall()[0]
    except duckdb.Error:
        if len(asked) == 1:
            return {}
        return {name: each for pair in asked for name, each in _of(con, relation, names, [pair], rows).items()}
    return {
        one.id: [{**row, "values": dict(zip(columns, row["values"], strict=True))} for row in rows_ or []]
        for (one, _), columns, rows_ in zip(asked, shown, answer, strict=True)
    }


def _shown(rule: RuleResult, names: list[str]) -> list[str]:
    """The columns that tell why a row breaks the rule."""
    said = " ".join(str(value) for key, value in rule.kwargs.items() if key.endswith("condition"))
    read = [name for name in rule.columns if name in names]
    also = [name for name in names if name not in read and name not in HIDDEN and said and name in said]
    return [*read, *also][:COLUMNS] or [name for name in names if name not in HIDDEN][:COLUMNS]
