"""From the text of a cell to its typed value, in SQL: nothing is misread, what does not parse stays reachable.

DuckDB's own casts are lenient where it hurts ('1.5' is the integer 2, '10:00 PM' is ten in the morning), so each has a
guard: a cheap test that nearly all cells pass, and an exact one for those that do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from aifirst_dagster.datasets.session import LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.inference import dates, datewords, durations, numbers
from aifirst_dagster.inference.booleans import FALSE, TRUE
from aifirst_dagster.inference.schema import Column

_INTEGER = r"\s*[+-]?(0|[1-9]\d*)(\.0*)?\s*"
_ISO_DATE = r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}\s*"
_ISO_MOMENT = r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?"
_TRUE, _FALSE = (", ".join(literal(word) for word in sorted(words)) for words in (TRUE, FALSE))
_ISO_TIME = r"\s*\d{1,2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*"


def typed(column: Column, text_sql: str) -> str:
    """SQL that turns a cell's text into the column's physical type; NULL for null tokens and for what does not parse.

    A column that needs repair to be read (mixed date styles, currencies, ...) is VARCHAR: its text passes through.
    """
    if column.native:
        return text_sql
    if column.physical_type == "VARCHAR":
        return _text(column, text_sql)
    return _parsed(column, text_sql)


def parsed(column: Column, text_sql: str) -> str:
    """SQL that reads a cell's text as the column's `type`, also where the column needs repair; NULL where it cannot."""
    if column.native or column.physical_type != "VARCHAR":
        return typed(column, text_sql)
    text = _text(column, text_sql)
    if column.number_style:
        units = frozenset(column.units_seen)
        return numbers.parse_sql(column.number_style, text, units)
    if column.type in {"date", "datetime", "time", "yearmonth"}:
        formats = column.formats_seen or [column.format if column.format != "default" else "%Y-%m"]
        kind = column.type if column.type != "yearmonth" else "date"
        if column.date_words is not None:
            text = datewords.plain_sql(text, column.date_words)
        zoned = any("%z" in form.lower() for form in formats)
        target = {"date": "DATE", "datetime": "TIMESTAMPTZ" if zoned else "TIMESTAMP", "time": "TIME"}[kind]
        reads = [f"CAST({dates.parse_sql(form, f'trim({text})', kind)} AS {target})" for form in formats]
        return reads[0] if len(reads) == 1 else f"COALESCE({', '.join(reads)})"
    return durations.parse_sql(text) if column.type == "duration" else text


def select(columns: Sequence[Column], relation: str) -> str:
    """SQL: every column typed and under its `name`, then `_source`, `_source_line` and `_raw`.

    `_raw` maps output names to the file's text for the cells that have text in the file and are NULL as typed (null
    tokens too); NULL where a row has none. Rows that parse pay for a few NULL tests only.

    Args:
        columns: As proposed; `source_name` is the name in `relation`.
        relation: Has the source columns as text (native ones typed), `_source` and `_source_line`.
    """
    inner, outer, failing = [], [], []
    for at, column in enumerate(columns):
        source = ident(column.source_name)
        inner.append(f"{typed(column, source)} AS t{at}")
        outer.append(f"t{at} AS {ident(column.name)}")
        if can_fail(column):
            inner.append(f"{source} AS r{at}")
            failing.append((f"t{at} IS NULL AND r{at} IS NOT NULL AND r{at} <> ''", column.name, f"r{at}"))
    raw = "CAST(NULL AS MAP(VARCHAR, VARCHAR))"
    if failing:
        entries = ", ".join(
            f"CASE WHEN {test} THEN {{'key': {literal(name)}, 'value': {text}}} END" for test, name, text in failing
        )
        some = " OR ".join(f"({test})" for test, *_ in failing)
        raw = f"CASE WHEN {some} THEN map_from_entries(list_filter([{entries}], lambda _cell_: _cell_ IS NOT NULL)) END"
    hidden = [ident(SOURCE), ident(LINE)]
    return (
        f"SELECT {', '.join([*outer, *hidden])}, {raw} AS {ident(RAW)} "
        f"FROM (SELECT {', '.join([*inner, *hidden])} FROM {ident(relation)})"
    )


def can_fail(column: Column) -> bool:
    """Whether some cell with text may be NULL as typed."""
    return not column.native and (column.physical_type != "VARCHAR" or bool(column.null_tokens))


def _text(column: Column, text_sql: str) -> str:
    if not column.null_tokens:
        return f"nullif({text_sql}, '')"
    tokens = ", ".join(literal(token) for token in ["", *column.null_tokens])
    return f"CASE WHEN {text_sql} NOT IN ({tokens}) THEN {text_sql} END"


def _parsed(column: Column, text: str) -> str:
    physical = column.physical_type
    if column.type in {"integer", "year"}:
        cast = f"TRY_CAST({text} AS {physical})"
        if numeric := _numeric_tokens(column):
            cast = f"CASE WHEN {text} NOT IN ({', '.join(map(literal, numeric))}) THEN {cast} END"
        if column.number_style == "padded":
            return f"CASE WHEN regexp_full_match({text}, '\\s*[+-]?\\d+\\s*') THEN {cast} END"
        return (
            f"CASE WHEN CAST({cast} AS VARCHAR) = {text} THEN {cast} "
            f"WHEN {text} IS NOT NULL AND regexp_full_match({text}, {literal(_INTEGER)}) THEN {cast} END"
        )
    if column.type == "number":
        cast = f"TRY_CAST({text} AS {physical})"
        tokens = (
            f" AND {text} NOT IN ({', '.join(map(literal, numeric))})" if (numeric := _numeric_tokens(column)) else ""
        )
        return f"CASE WHEN isfinite({cast}) AND NOT contains({text}, '_'){tokens} THEN {cast} END"
    if column.type == "boolean":
        return (
            f"CASE WHEN TRY_CAST({text} AS BOOLEAN) IS NOT NULL THEN TRY_CAST({text} AS BOOLEAN) "
            f"WHEN {text} IS NOT NULL THEN CASE WHEN lower(trim({text})) IN ({_TRUE}) THEN TRUE "
            f"WHEN lower(trim({text})) IN ({_FALSE}) THEN FALSE END END"
        )
    if column.type == "date" and column.format == "default":
        return (
            f"CASE WHEN strlen({text}) = 10 THEN TRY_CAST({text} AS DATE) "
            f"WHEN regexp_full_match({text}, {literal(_ISO_DATE)}) THEN TRY_CAST({text} AS DATE) END"
        )
    if column.type == "datetime" and column.format == "default":
        return _moment(physical, text)
    if column.type == "time" and column.format == "default":
        return f"CASE WHEN regexp_full_match({text}, {literal(_ISO_TIME)}) THEN TRY_CAST({text} AS TIME) END"
    if column.type in {"date", "datetime", "time"}:
        return dates.parse_sql(column.format, text, column.type)
    return f"TRY_CAST({text} AS {physical})"


def _moment(physical: str, text: str) -> str:
    if physical == "TIMESTAMPTZ":
        zoned = literal(_ISO_MOMENT + r"(\s*(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?))?\s*")
        return f"CASE WHEN regexp_full_match({text}, {zoned}) THEN TRY_CAST({text} AS TIMESTAMPTZ) END"
    plain = literal(_ISO_MOMENT + r"\s*")
    return (
        f"CASE WHEN {text} LIKE '________________:__' THEN TRY_CAST({text} AS TIMESTAMP) "
        f"WHEN regexp_full_match({text}, {plain}) THEN TRY_CAST({text} AS TIMESTAMP) END"
    )


def _numeric_tokens(column: Column) -> list[str]:
    """Null tokens that would parse as a number (sentinels as -999)."""
    return [token for token in column.null_tokens if token.strip().lstrip("+-").replace(".", "", 1).isdigit()]
