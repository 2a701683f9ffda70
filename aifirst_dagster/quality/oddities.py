"""Cells that stand out from their column: missing, not of its type, rarely written so, a slip of a frequent value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.casts import parsed
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.shapes import shape_sql

Query = tuple[str, str]
"""(column, SELECT of row, line, value, reason, suggestion)."""

#: A value is missing by mistake where fewer rows than this lack one.
MISSING = 0.1
#: A form is rare where fewer values than this are written in it, and one form is usual where more than this are.
RARE, USUAL = 0.01, 0.9


def queries(con: Any, cells: str, columns: Sequence[Column], rows: int) -> Iterator[Query]:
    """One or more queries for each column."""
    for column in columns:
        text = ident(column.name)
        present = f"({text} IS NOT NULL AND trim({text}) <> '')"
        tokens = ", ".join(literal(token.lower()) for token in column.null_tokens)
        if tokens:
            present = f"({present} AND lower(trim({text})) NOT IN ({tokens}))"
        asked = f"SELECT count(*) FILTER ({present}), count(DISTINCT {text}) FILTER ({present}) FROM {cells}"
        filled, distinct = con.execute(asked).fetchall()[0]
        if not filled:
            continue
        if 0 < rows - filled <= MISSING * rows:
            reason = literal(f"{filled} of {rows} rows have a value here.")
            yield column.name, f"SELECT __row, __line, {text}, {reason}, NULL FROM {cells} WHERE NOT {present}"
        if tokens:
            yield column.name, _token(cells, text, tokens)
        if column.type in ("integer", "number", "boolean", "date", "datetime", "time"):
            yield column.name, _mistyped(cells, column, present)
        if column.type in ("integer", "number") and column.physical_type == "VARCHAR":
            yield column.name, _not_plain(cells, column, present)
        elif column.type == "string":
            yield column.name, _mixed_units(cells, text, present, filled)
        if distinct * 2 <= filled and distinct > 1:
            yield column.name, _slips(cells, text, present, filled)
        if column.type == "string" or column.physical_type == "VARCHAR":
            yield column.name, _rare_form(cells, text, present, filled)


def _mistyped(cells: str, column: Column, present: str) -> str:
    text = ident(column.name)
    reason = literal(f"Nearly all values here are of type {column.type}; this one is not.")
    cast = parsed(column, text)
    return f"SELECT __row, __line, {text}, {reason}, NULL FROM {cells} WHERE {present} AND ({cast}) IS NULL"


def _not_plain(cells: str, column: Column, present: str) -> str:
    """Numbers with a unit, a sign or separators in the cell: the plain number is what it should hold."""
    text = ident(column.name)
    cast = f"({parsed(column, text)})"
    plain = f"regexp_replace({cast}::VARCHAR, '\\.0+$', '')"
    return f"""SELECT __row, __line, {text}, 'It is written with more than the number.', {plain}
        FROM {cells} WHERE {present} AND {cast} IS NOT NULL AND TRY_CAST(trim({text}) AS DOUBLE) IS NULL"""


def _token(cells: str, text: str, tokens: str) -> str:
    """Words that stand for "no value": an empty cell says the same without posing as a value."""
    return f"""SELECT __row, __line, {text}, 'It says in words that there is no value.', '' FROM {cells}
        WHERE lower(trim({text})) IN ({tokens}) AND trim({text}) <> ''"""


def _mixed_units(cells: str, text: str, present: str, filled: int) -> str:
    """Figures followed by a unit that is written in more ways than one, or by some only."""
    form = r"^\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%°][A-Za-z%°. -]{0,20})?\s*$"
    return f"""WITH f AS (SELECT __row, __line, {text} AS v, regexp_extract({text}, '{form}', 1) AS figure,
            regexp_extract({text}, '{form}', 2) AS unit FROM {cells} WHERE {present}),
        units AS (SELECT unit, count(*) AS n FROM f WHERE figure <> '' GROUP BY 1)
        SELECT __row, __line, v, 'Its unit is written in several ways, or left out, in this column.',
            regexp_replace(figure, '\.0+$', '')
        FROM f WHERE figure <> '' AND unit <> ''
            AND (SELECT sum(n) FROM units) >= {USUAL * filled!r}
            AND (SELECT count(*) FROM units WHERE n >= {0.05 * filled!r}) >= 2"""


def _slips(cells: str, text: str, present: str, filled: int) -> str:
    """Rare values one or two letters away from a frequent one."""
    often = max(4, round(0.002 * filled))
    # A slip may repeat itself; the more often it does, the more frequent the right value has to be. Short words lie
    # close together by nature (CA, GA), so that there only a value that nearly all rows have says anything.
    return f"""WITH v AS (SELECT {text} AS v, count(*) AS n FROM {cells} WHERE {present} GROUP BY 1),
        rare AS (SELECT * FROM v WHERE n <= {max(2, 0.02 * filled)!r} AND length(v) BETWEEN 2 AND 200
            ORDER BY n, v LIMIT 3000),
        often AS (SELECT * FROM v WHERE n >= {often} ORDER BY n DESC, v LIMIT 1000),
        near AS (SELECT r.v AS v, o.v AS better, o.n AS n, damerau_levenshtein(r.v, o.v) AS d FROM rare r JOIN often o
            ON abs(length(r.v) - length(o.v)) <= 2 AND o.n >= CASE WHEN length(r.v) < 4 THEN {USUAL * filled!r}
                WHEN r.n <= 2 THEN 4 * r.n ELSE 20 * r.n END
            WHERE translate(r.v, '0123456789', '') <> translate(o.v, '0123456789', '')),
        best AS (SELECT v, arg_min(better, {{'d': d, 'n': -n}}) AS better, min(d) AS d FROM near
            WHERE d <= CASE WHEN length(v) < 5 THEN 1 WHEN length(v) < 40 THEN 2 ELSE length(v) // 12 END GROUP BY 1)
        SELECT __row, __line, {text}, 'It is rare, and nearly the same as ' || best.better || '.', best.better
        FROM {cells} JOIN best ON {text} = best.v"""


def _rare_form(cells: str, text: str, present: str, filled: int) -> str:
    """Values written in a form that is rare where another is usual."""
    skeleton = f"regexp_replace({shape_sql(text)}, '(A+|a+|[Aa]{{2,}})', 'a', 'g')"
    skeleton = f"regexp_replace({skeleton}, '9+', '9', 'g')"
    return f"""WITH s AS (SELECT __row, __line, {text} AS v, {skeleton} AS s FROM {cells} WHERE {present}),
        c AS (SELECT s, count(*) AS n FROM s GROUP BY 1)
        SELECT s.__row, s.__line, s.v, 'Hardly any other value here is written in this form.', NULL
        FROM s JOIN c USING (s) WHERE c.n < {RARE * filled!r} AND (SELECT max(n) FROM c) > {USUAL * filled!r}"""
