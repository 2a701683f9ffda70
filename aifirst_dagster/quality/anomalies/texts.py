"""What the search for wrong cells knows of texts: forms, slips, and cells that contradict their row."""

from __future__ import annotations

from aifirst_dagster.quality import dependencies, facts, forms, slips
from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.table import TABLE, Field, Table

CELLS = "__anomaly_cells"
#: A slip is of a value that so many times as many rows have.
TIMES = 20
#: A rare form is that of values that hardly repeat.
REPEATED = 3


def find(table: Table) -> None:
    """Flag rare forms and slips of texts, and cells that the rest of their row contradicts."""
    if table.rows < 10:
        return
    fields = [one for one in table.fields if one.kind != "other" and one.filled]
    deep = table.rows <= dependencies.ROWS
    if not deep:
        table.skipped.append(
            f"Dependencies between columns: they are searched in tables of up to {dependencies.ROWS:,} rows."
        )
        fields = [one for one in fields if one.kind == "text"]
    if not fields:
        return
    cells = ", ".join(f"{one.text} AS {one.sql}" for one in fields)
    table.view(CELLS, f"SELECT __row, __line, {cells} FROM {TABLE}")
    named = {one.sql: one for one in fields}
    known = _gathered(table, fields)
    supported: dict[str, str] = {}
    if deep:
        found = dependencies.find(known)
        try:
            for name, query in found.queries:
                _add(table, named[name], "dependency", query, "5.0")
            supported = found.supported
            _texts(table, known, named, supported)
        finally:
            dependencies.drop(known, found)
    else:
        _texts(table, known, named, supported)


def _texts(table: Table, known: facts.Facts, named: dict[str, Field], supported: dict[str, str]) -> None:
    some = facts.Facts(known.con, known.cells, known.rows,
                       [fact for fact in known.columns if named[fact.column.name].kind == "text"],
                       known.values)  # fmt: skip
    for name, query in slips.queries(some, supported):
        field = named[name]
        # Frequent beside rare, again and again: a slip is an exception, not a spelling with followers of its own.
        counted = f"(SELECT {field.text} AS v, count(*) AS n FROM {TABLE} GROUP BY 1)"
        _add(table, field, "spelling",
             f"SELECT q.* FROM ({query}) q(__row, __line, value, reason, suggestion) JOIN {counted} a ON a.v = q.value "
             f"JOIN {counted} b ON b.v = q.suggestion WHERE b.n >= {TIMES} * a.n",
             f"3 + log10({max(field.filled, 1)}::DOUBLE / count(*) OVER (PARTITION BY value))")  # fmt: skip
    for name, query in forms.queries(some):
        field = named[name]
        # What stands there again and again is a value of its own, however it is written.
        _add(
            table,
            field,
            "form",
            f"SELECT * FROM ({query}) q(__row, __line, value, reason, suggestion) "
            f"QUALIFY count(*) OVER (PARTITION BY value) <= {REPEATED} OR suggestion IS NOT NULL",
            f"2 + log10({max(field.filled, 1)}::DOUBLE / count(*) OVER ())",
        )


def _add(table: Table, field: Field, kind: str, query: str, surprise: str) -> None:
    add(table, field, kind,
        f"SELECT __row, value, suggestion AS expected, {surprise} AS surprise, "
        f"{'reason' if kind == 'form' else repr('')} AS cause "
        f"FROM ({query}) q(__row, __line, value, reason, suggestion)",
        most=max(3, table.few // 2) if kind == "dependency" else table.few)  # fmt: skip


def _gathered(table: Table, fields: list[Field]) -> facts.Facts:
    """What is known of the columns. Typed numbers and moments were counted before: they need not be read as text."""
    counted = {
        one.sql: facts.Fact(_column(one), table.rows, table.rows - one.filled, 0, one.distinct)
        for one in fields if one.kind in ("number", "moment", "key") and _typed(one)
    }  # fmt: skip
    values = {one.sql: texts for one in fields if (texts := table.texts(one)) is not None}
    for one in fields:
        if one.sql in values:
            filled, distinct = table.ask(f"SELECT coalesce(sum(n), 0)::BIGINT, count(*) FROM {values[one.sql]}")[0]
            counted[one.sql] = facts.Fact(_column(one), table.rows, table.rows - filled, 0, distinct)
    rest = [_column(one) for one in fields if one.sql not in counted]
    known = facts.gather(table.con, CELLS, rest, table.rows)
    counted |= {fact.column.name: fact for fact in known.columns}
    return facts.Facts(table.con, CELLS, table.rows, [counted[one.sql] for one in fields], values)


def _typed(field: Field) -> bool:
    """Whether DuckDB holds the column's cells as numbers or moments, not as texts that are read as such."""
    return "CAST" not in field.value and "VARCHAR" not in field.column.physical_type


def _column(field: Field) -> facts.Column:
    kind = "string" if field.kind == "text" else field.column.type
    return field.column.model_copy(
        update={
            "name": field.sql,
            "source_name": field.sql,
            "type": kind,
            "null_tokens": [],
            "native": field.kind != "text",
        }
    )
