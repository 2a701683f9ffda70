"""Rules about the text of each value (patterns, lengths, dates and JSON as text), compiled to SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.literals import texts_only
from aifirst_dagster.quality.engines.patterns import matches
from aifirst_dagster.quality.engines.plan import FLOATS, CannotEvaluateError, Table, all_of
from aifirst_dagster.quality.engines.python_functions import PREFIX, fits_format, validator

Holds = Callable[[Table, dict[str, Any], str], str]
"""SQL boolean over a value: it is as expected."""


def text_of(table: Table, name: str, value: str) -> str:
    """SQL of a value's text as Python writes it: `True`, `1e+20`."""
    if table.kind(name) == "text":
        return value if table.type(name) == "VARCHAR" else f"CAST({value} AS VARCHAR)"
    if table.kind(name) == "flag":
        return f"CASE WHEN {value} THEN 'True' WHEN NOT {value} THEN 'False' END"
    if table.type(name) in FLOATS or table.type(name).startswith("DECIMAL"):
        return rf"regexp_replace(CAST(CAST({value} AS DOUBLE) AS VARCHAR), 'e(\d)', 'e+\1')"
    return f"CAST({value} AS VARCHAR)"


def length(table: Table, kwargs: dict[str, Any], value: str) -> str:
    """The text is so many characters long."""
    found = f"length({text_of(table, kwargs['column'], value)})"
    if "value" in kwargs:
        return f"{found} = {literal(kwargs['value'])}"
    low, high = kwargs["min_value"], kwargs["max_value"]
    if low is None and high is None:
        raise CannotEvaluateError("min_value and max_value are both missing. Give at least one.")
    above = f"{found} {'>' if kwargs['strict_min'] else '>='} {literal(low)}" if low is not None else ""
    below = f"{found} {'<' if kwargs['strict_max'] else '<='} {literal(high)}" if high is not None else ""
    return all_of(above, below)


def regex(table: Table, kwargs: dict[str, Any], value: str) -> str:
    """The pattern is found."""
    return matches(text_of(table, kwargs["column"], value), kwargs["regex"])


def regex_list(table: Table, kwargs: dict[str, Any], value: str) -> str:
    """Any, or all, of the patterns are found."""
    text = text_of(table, kwargs["column"], value)
    return _any_or_all(kwargs, [matches(text, pattern) for pattern in kwargs["regex_list"]])


def like(table: Table, kwargs: dict[str, Any], value: str) -> str:
    """The LIKE pattern fits."""
    return _like(text_of(table, kwargs["column"], value), kwargs["like_pattern"], kwargs)


def like_list(table: Table, kwargs: dict[str, Any], value: str) -> str:
    """Any, or all, of the LIKE patterns fit."""
    text = text_of(table, kwargs["column"], value)
    return _any_or_all(kwargs, [_like(text, pattern, kwargs) for pattern in kwargs["like_pattern_list"]])


def opposite(holds: Holds) -> Holds:
    """The reverse of a rule."""
    return lambda table, kwargs, value: f"NOT ({holds(table, kwargs, value)})"


def _any_or_all(kwargs: dict[str, Any], tests: list[str]) -> str:
    if not tests:
        raise CannotEvaluateError("The list of patterns is empty.")
    return f"({(' AND ' if kwargs.get('match_on') == 'all' else ' OR ').join(f'({test})' for test in tests)})"


def _like(text: str, pattern: str, kwargs: dict[str, Any]) -> str:
    escape = f" ESCAPE {literal(kwargs['escape'])}" if kwargs.get("escape") else ""
    return f"{text} LIKE {literal(pattern)}{escape}"


#: Directives with one way to be written, as RE2 tests it; a text of this shape DuckDB and Python read alike.
_SHAPES = {"%Y": "[1-9][0-9]{3}", **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), "[0-9]{2}"), "%%": "%"}


def strftime(table: Table, kwargs: dict[str, Any], value: str) -> str:
    """The text is a date of this format."""
    texts_only(table, kwargs["column"], "A date's form can only be judged while it is text")
    form = kwargs["strftime_format"]
    example = datetime(2021, 11, 22, 13, 14, 15).strftime(form)
    if not fits_format(example, form):
        raise CannotEvaluateError(f"{form!r} is no format that dates can be read by.")
    slow = f"{PREFIX}fits_format({value}, {literal(form)})"
    parts = re.split(r"(%.)", form)
    if any(part.startswith("%") and part not in _SHAPES for part in parts) or re.search(r"\s", form.replace(" ", "")):
        return slow
    shape = "".join(_SHAPES.get(part) or re.escape(part) for part in parts)
    plain = f"regexp_full_match({value}, {literal(shape)}) AND try_strptime({value}, {literal(form)}) IS NOT NULL"
    return f"CASE WHEN {plain} THEN TRUE ELSE {slow} END"


_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
ISO = rf"[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}([T ]{_CLOCK})?"


def dateutil(table: Table, kwargs: dict[str, Any], value: str) -> str:
    """The text is a date or a time that dateutil reads."""
    texts_only(table, kwargs["column"], "Whether it reads as a date can only be judged while it is text")
    plain = f"regexp_full_match({value}, {literal(ISO)}) AND try_cast({value} AS TIMESTAMP) IS NOT NULL"
    return f"CASE WHEN {plain} THEN TRUE ELSE {PREFIX}date_like({value}) END"


def is_json(table: Table, kwargs: dict[str, Any], value: str) -> str:
    """The text is JSON. A value that is no text is none."""
    if table.type(kwargs["column"]) == "JSON":
        return "TRUE"
    if table.kind(kwargs["column"]) != "text":
        return "FALSE"
    lenient = r"(?i),\s*[\]}]|nan|inf"  # DuckDB takes [1,] and Infinity in any spelling
    plain = f"json_valid({value}) AND NOT regexp_matches({value}, {literal(lenient)})"
    return f"CASE WHEN {plain} THEN TRUE ELSE {PREFIX}is_json({value}) END"


def json_schema(table: Table, kwargs: dict[str, Any], value: str) -> str:
    """The text is JSON that fits the schema."""
    from jsonschema import SchemaError

    if table.type(kwargs["column"]) != "JSON":
        texts_only(table, kwargs["column"], "JSON can only be judged in text")
    try:
        validator(kwargs["json_schema"])
    except SchemaError as problem:
        raise CannotEvaluateError(f"json_schema is no JSON schema: {problem.message}.") from None
    schema = literal(json.dumps(kwargs["json_schema"], default=str))
    return f"{PREFIX}fits_schema(CAST({value} AS VARCHAR), {schema})"


HOLDS: dict[str, Holds] = {
    "expect_column_values_to_match_regex": regex,
    "expect_column_values_to_not_match_regex": opposite(regex),
    "expect_column_values_to_match_regex_list": regex_list,
    "expect_column_values_to_not_match_regex_list": opposite(regex_list),
    "expect_column_values_to_match_like_pattern": like,
    "expect_column_values_to_not_match_like_pattern": opposite(like),
    "expect_column_values_to_match_like_pattern_list": like_list,
    "expect_column_values_to_not_match_like_pattern_list": opposite(like_list),
    "expect_column_values_to_match_strftime_format": strftime,
    "expect_column_values_to_be_dateutil_parseable": dateutil,
    "expect_column_values_to_be_json_parseable": is_json,
    "expect_column_values_to_match_json_schema": json_schema,
}
"""Tests that cost enough to be made once for each distinct value of a column that has few."""
LENGTHS: dict[str, Holds] = {
    "expect_column_value_lengths_to_be_between": length,
    "expect_column_value_lengths_to_equal": length,
}
