"""Rules about a figure of a column (least, mean, distinct values, ...), compiled to SQL."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.literals import as_number, as_time, members
from aifirst_dagster.quality.engines.plan import (
    CannotEvaluateError,
    Examples,
    Plan,
    Table,
    Verdict,
    all_of,
    count,
    value_counts,
)

Compiler = Callable[[Table, dict[str, Any]], Plan]

#: How many distinct values outside a set are listed.
LISTED = 1000


def within(value: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a figure lies between `min_value` and `max_value`; a missing figure does not."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return False
    low, high = (_alike(kwargs[end], value) for end in ("min_value", "max_value"))
    above = low is None or (value > low if kwargs.get("strict_min") else value >= low)
    below = high is None or (value < high if kwargs.get("strict_max") else value <= high)
    return bool(above and below)


def _alike(limit: Any, value: Any) -> Any:
    """The limit in the kind of the figure that it is compared with."""
    if limit is None:
        return None
    if isinstance(value, date | datetime):
        point = as_time(limit)
        if point is None:
            raise CannotEvaluateError(f"{limit!r} is no date, but the figure of the column is '{value}'.")
        if not isinstance(value, datetime):
            return point.date() if isinstance(point, datetime) else point
        moment = point if isinstance(point, datetime) else datetime(point.year, point.month, point.day)
        return moment.replace(tzinfo=moment.tzinfo or value.tzinfo) if value.tzinfo else moment.replace(tzinfo=None)
    if isinstance(value, str) or as_number(limit) is None:
        raise CannotEvaluateError(f"The figure of the column is {value!r}, which cannot be compared with {limit!r}.")
    return as_number(limit)


def _figure(sql: Callable[[str], str], kinds: tuple[str, ...], empty: Any = None) -> Compiler:
    """A compiler for a rule that an aggregate of the values that are there lies within bounds."""

    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        name = kwargs["column"]
        kind = table.kind(name)
        if kind not in kinds:
            raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}, of which there is no such figure.")
        value = f"({table.value(name)})"
        value = f"CAST({value} AS INTEGER)" if kind == "flag" else value
        if kind == "time" and table.type(name) == "DATE" and sql is not _MIN and sql is not _MAX:
            value = f"CAST({value} AS TIMESTAMP)"
        if sql is _MEDIAN and kind == "number":
            # Between two decimals DuckDB gives a decimal of as many places: 0.62 for the middle of 0.25 and 1.00.
            value = f"CAST({value} AS DOUBLE)"
        present = all_of(where(table, kwargs), f"{value} IS NOT NULL")

        def finish(got: tuple[Any, ...]) -> Verdict:
            observed = _plain(got[1]) if got[1] is not None else empty
            free = kwargs["min_value"] is None and kwargs["max_value"] is None
            # Great Expectations finds a missing number out of all bounds, a missing time out of given ones only.
            success = (observed is not None or kind == "time") if free else within(observed, kwargs)
            return {"success": success, "evaluated": got[0], "observed_value": observed}

        chosen = where(table, kwargs)
        figure = sql(value) if chosen == "TRUE" else f"{sql(value)} FILTER ({chosen})"
        return Plan(table.relation, (count(present), figure), finish)

    return compile_


def _plain(value: Any) -> Any:
    """A decimal as a float, which is what the other engine gives."""
    from decimal import Decimal

    return float(value) if isinstance(value, Decimal) else value


def _filled(table: Table, kwargs: dict[str, Any]) -> Plan:
    domain = where(table, kwargs)
    present = all_of(domain, f"NOT {table.missing(kwargs['column'])}")

    def finish(got: tuple[Any, ...]) -> Verdict:
        observed = got[1] / got[0] if got[0] else 0
        return {"success": within(observed, kwargs), "evaluated": got[0], "observed_value": observed}

    return Plan(table.relation, (count(domain), count(present)), finish)


def _groups(table: Table, kwargs: dict[str, Any]) -> tuple[str, str]:
    """(a source of each distinct value `v` with its count `n`, the condition on rows behind it)."""
    value = f"({table.value(kwargs['column'])})"
    present = all_of(where(table, kwargs), f"{value} IS NOT NULL")
    return value_counts(table, value, present), present


def _distinct(share: bool) -> Compiler:
    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        def finish(got: tuple[Any, ...]) -> Verdict:
            observed = got[0] if not share else got[0] / got[1] if got[1] else 0
            return {"success": within(observed, kwargs), "evaluated": int(got[1]), "observed_value": observed}

        return Plan(_groups(table, kwargs)[0], ("count(*)", "coalesce(sum(n), 0)"), finish)

    return compile_


def _sets(inside: bool, complete: bool) -> Compiler:
    """Distinct values: none outside the set (`inside`), all of the set there (`complete`)."""

    def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
        source, _ = _groups(table, kwargs)
        listed = members(table, kwargs["column"], kwargs["value_set"])
        given = len(set(map(_hashable, kwargs["value_set"])))
        among = f"v IN ({', '.join(listed)})" if listed else "FALSE"

        def finish(got: tuple[Any, ...]) -> Verdict:
            total, found, evaluated = int(got[0]), int(got[1]), int(got[2])
            outside, missing = total - found, given - found
            success = not (inside and outside) and not (complete and missing)
            verdict: Verdict = {"success": success, "evaluated": evaluated}
            if inside:
                percent = 100 * outside / total if total else 0.0
                verdict |= {"unexpected_count": outside, "unexpected_percent": percent}
            return verdict

        parts = ("count(*)", count(among), "coalesce(sum(n), 0)")
        return Plan(source, parts, finish, Examples(source, f"NOT ({among})", "v") if inside else None)

    return compile_


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | date | None) else repr(value)


def _mode(table: Table, kwargs: dict[str, Any]) -> Plan:
    source, _ = _groups(table, kwargs)
    listed = members(table, kwargs["column"], kwargs["value_set"])
    among = f"v IN ({', '.join(listed)})" if listed else "FALSE"
    top = f"(SELECT v, {among} AS ok, sum(n) OVER () AS total FROM {source} QUALIFY n = max(n) OVER ())"

    def finish(got: tuple[Any, ...]) -> Verdict:
        modes, right = got[0] or [], got[1]
        success = right > 0 if kwargs.get("ties_okay") else len(modes) == 1 and right == 1
        return {"success": success, "evaluated": int(got[2]), "observed_value": modes}

    return Plan(top, ("list(v ORDER BY v)", "count(*) FILTER (ok)", "coalesce(max(total), 0)"), finish)


def _quantiles(table: Table, kwargs: dict[str, Any]) -> Plan:
    name = kwargs["column"]
    if table.kind(name) != "number":
        raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}, not numbers.")
    method = kwargs["allow_relative_error"] or "nearest"
    if method not in _PLACES:
        raise CannotEvaluateError(f"allow_relative_error is {method!r}. It should be one of {', '.join(_PLACES)}.")
    places, ranges = kwargs["quantile_ranges"]["quantiles"], kwargs["quantile_ranges"]["value_ranges"]
    value = f"({table.value(name)})"
    present = all_of(where(table, kwargs), f"{value} IS NOT NULL")
    source = f"(SELECT list_sort(list({value}::DOUBLE)) AS v, count(*) AS n FROM {table.relation} WHERE {present})"

    def finish(got: tuple[Any, ...]) -> Verdict:
        values = list(got[1:])
        success = all(map(_near_range, values, ranges))
        return {
            "success": success, "evaluated": got[0], "observed_value": {"quantiles": list(places), "values": values},
        }  # fmt: skip

    return Plan(source, ("n", *(_PLACES[method].format(p=f"((n - 1) * {literal(q)})") for q in places)), finish)


_AT = "v[1 + ({place})::BIGINT]"
_BELOW, _ABOVE = _AT.format(place="floor({p})"), _AT.format(place="ceil({p})")
#: pandas' names for which of two neighbours a quantile between them is; `{p}` is its place, counted from 0.
_PLACES = {
    "nearest": _AT.format(place="round_even({p}, 0)"),
    "lower": _BELOW,
    "higher": _ABOVE,
    "midpoint": f"({_BELOW} + {_ABOVE}) / 2",
    "linear": f"{_BELOW} + ({_ABOVE} - {_BELOW}) * ({{p}} - floor({{p}}))",
}


def _near_range(value: float | None, ends: list[Any]) -> bool:
    """Great Expectations takes a quantile within 1e-4 (relative) of an end as inside."""
    if value is None:
        return False
    low, high = (as_number(end) for end in ends)
    if any(end is not None and math.isclose(value, end, rel_tol=1e-4) for end in (low, high)):
        return True
    return (low is None or low <= value) and (high is None or value <= high)


def _mean(value: str) -> str:
    return f"avg({value})"


_MIN, _MAX, _MEDIAN = "min({})".format, "max({})".format, "quantile_cont({}, 0.5)".format
_NUMBERS = ("number", "flag")
_MIDDLE = ("number", "flag", "time")
COMPILERS: dict[str, Compiler] = {
    "expect_column_min_to_be_between": _figure(_MIN, ("number", "flag", "time", "text")),
    "expect_column_max_to_be_between": _figure(_MAX, ("number", "flag", "time", "text")),
    "expect_column_mean_to_be_between": _figure(_mean, _MIDDLE),
    "expect_column_median_to_be_between": _figure(_MEDIAN, _MIDDLE),
    "expect_column_sum_to_be_between": _figure("sum({})".format, _NUMBERS, empty=0),
    "expect_column_stdev_to_be_between": _figure("stddev_samp({})".format, _NUMBERS),
    "expect_column_proportion_of_non_null_values_to_be_between": _filled,
    "expect_column_unique_value_count_to_be_between": _distinct(share=False),
    "expect_column_proportion_of_unique_values_to_be_between": _distinct(share=True),
    "expect_column_distinct_values_to_be_in_set": _sets(inside=True, complete=False),
    "expect_column_distinct_values_to_contain_set": _sets(inside=False, complete=True),
    "expect_column_distinct_values_to_equal_set": _sets(inside=True, complete=True),
    "expect_column_most_common_value_to_be_in_set": _mode,
    "expect_column_quantile_values_to_be_between": _quantiles,
}
