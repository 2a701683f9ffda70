"""Values that SQL cannot test or read exactly, as DuckDB functions: Python's `re`, `json` and `strptime`, and pandas.

SQL that calls them decides what it can by itself, and hands on only the values where the two may differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

PREFIX = "aifirst_py_"


def search(text: str, pattern: str) -> bool:
    """Whether Python's `re` finds `pattern` in `text`."""
    return _compiled(pattern).search(text) is not None


def date_like(text: str) -> bool:
    """Whether dateutil reads `text` as a date or a time."""
    from dateutil.parser import parse

    try:
        parse(text)
    except (ValueError, OverflowError):
        return False
    return True


def moment(text: str, zone: str) -> str | None:
    """The point in time that pandas reads in `text`, in ISO's form and without its zone; None where it is empty.

    With `zone` UTC a text without zone is in UTC; without, a text must have none. Raises where there is none to read.
    """
    import pandas as pd

    try:
        read = pd.Timestamp(text)
    except (ValueError, OverflowError):
        raise ValueError(f"The two columns cannot be compared: {text!r} is no date.") from None
    if read is pd.NaT:
        return None
    if read.tzinfo is None:
        return read.isoformat()
    if not zone:
        raise ValueError(f"The two columns cannot be compared: {text!r} has a time zone, and the dates beside it none.")
    return read.tz_convert("UTC").tz_localize(None).isoformat()


def is_json(text: str) -> bool:
    """Whether Python's `json` reads `text`."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def fits_schema(text: str, schema: str) -> bool:
    """Whether the JSON in `text` fits a JSON schema. Raises where `text` is no JSON, as Great Expectations does."""
    return bool(_validator(schema).is_valid(json.loads(text)))


def fits_format(text: str, form: str) -> bool:
    """Whether `datetime.strptime` reads `text` in the format `form`."""
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def register(con: Any, sql: str) -> None:
    """Make the functions that `sql` calls known to a session."""
    import duckdb

    for name, (function, arguments, returned) in _FUNCTIONS.items():
        if PREFIX + name not in sql:
            continue
        try:
            # "special": a function may give NULL.
            nulls = "default" if returned == "BOOLEAN" else "special"
            con.create_function(PREFIX + name, function, ["VARCHAR"] * arguments, returned, null_handling=nulls)
        except (duckdb.NotImplementedException, duckdb.CatalogException) as problem:
            if "already" not in str(problem):
                raise


_FUNCTIONS: dict[str, tuple[Callable[..., Any], int, str]] = {
    "search": (search, 2, "BOOLEAN"),
    "date_like": (date_like, 1, "BOOLEAN"),
    "moment": (moment, 2, "VARCHAR"),
    "is_json": (is_json, 1, "BOOLEAN"),
    "fits_schema": (fits_schema, 2, "BOOLEAN"),
    "fits_format": (fits_format, 2, "BOOLEAN"),
}


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    return validator(json.loads(schema))


def validator(schema: dict[str, Any]) -> Any:
    """A validator for a JSON schema. Raises `jsonschema.SchemaError` where the schema itself is wrong."""
    from jsonschema.validators import validator_for

    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)
