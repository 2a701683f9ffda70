"""A rule's limits and sets as SQL literals of a column's kind; where they cannot be compared, it says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Table, all_of
from aifirst_dagster.quality.expectations.kinds import moment, number


def bounds(table: Table, name: str, value: str, kwargs: dict[str, Any]) -> str:
    """SQL: `value` (of column `name`) lies between `min_value` and `max_value`; `strict_*` leave the end out."""
    low, high = (limit(table, name, kwargs[end]) for end in ("min_value", "max_value"))
    if low is not None and high is not None and low[0] > high[0]:
        raise CannotEvaluateError(f"min_value {kwargs['min_value']} is greater than max_value {kwargs['max_value']}.")
    compared = f"CAST({value} AS INTEGER)" if table.kind(name) == "flag" else value
    above = f"{compared} {'>' if kwargs['strict_min'] else '>='} {low[1]}" if low else ""
    below = f"{compared} {'<' if kwargs['strict_max'] else '<='} {high[1]}" if high else ""
    return all_of(above, below)


def limit(table: Table, name: str, value: Any) -> tuple[Any, str] | None:
    """A limit as (something to compare with others, SQL), None where there is none."""
    if value is None:
        return None
    kind = table.kind(name)
    if kind in ("number", "flag"):
        figure = as_number(value)
        if figure is not None:
            return figure, literal(figure)
    if kind == "time":
        point = as_time(value)
        if point is not None:
            return _comparable(point), time_literal(point)
    raise CannotEvaluateError(
        f"Column {name!r} holds {table.type(name)}, which cannot be compared with {value!r}. "
        + ("Make it a number or a date first." if kind == "text" else "Give a limit of the same kind.")
    )


def members(table: Table, name: str, values: Iterable[Any]) -> list[str]:
    """The values of a set that a column of this kind can hold, as SQL literals."""
    kind = table.kind(name)
    found: list[str] = []
    for value in values:
        if value is None:
            continue
        if kind == "text" and isinstance(value, str):
            found.append(literal(value))
        elif kind in ("number", "flag") and (number(value) or isinstance(value, bool)):
            figure = int(value) if isinstance(value, bool) else value
            if kind == "number":
                found.append(literal(figure))
            elif figure in (0, 1):
                found.append(literal(bool(figure)))
        elif kind == "time" and (point := as_time(value)) is not None:
            found.append(time_literal(point))
        elif kind == "other":
            found.append(f"TRY_CAST({literal(value)} AS {table.type(name)})")
    return found


def texts_only(table: Table, name: str, why: str) -> None:
    """Raises `CannotEvaluateError` where the column is no text."""
    if table.kind(name) != "text":
        raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}. {why}.")


def as_number(value: Any) -> Any:
    """A number, or the number that a text writes; else None."""
    if number(value):
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def as_time(value: Any) -> date | datetime | None:
    """A date or point in time, or what a text writes in ISO form; else None."""
    if isinstance(value, date | datetime):
        return value
    return moment(value) if isinstance(value, str) else None


def time_literal(value: date | datetime) -> str:
    """SQL of a point in time; one with an offset is taken to UTC."""
    kind = "TIMESTAMPTZ" if isinstance(value, datetime) and value.tzinfo else "TIMESTAMP"
    return f"{kind} '{value.isoformat(' ') if isinstance(value, datetime) else value.isoformat()}'"


def _comparable(value: date | datetime) -> str:
    point = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    return point.replace(tzinfo=None).isoformat()
