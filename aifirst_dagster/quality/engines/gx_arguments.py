"""A rule as Great Expectations' own object, its arguments as pandas compares them."""

from __future__ import annotations

from typing import Any

from aifirst_dagster.quality.engines.gx_answers import worded
from aifirst_dagster.quality.engines.literals import as_time
from aifirst_dagster.quality.engines.plan import Table
from aifirst_dagster.quality.expectations.vocabulary import OWN
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import Rule


def expectation(table: Table, rule: Rule) -> Any:
    """The rule as Great Expectations' own object, or the result that says why it cannot be one."""
    from great_expectations.expectations.registry import get_expectation_impl

    if rule.type in OWN:
        return RuleResult.of(
            rule, error="Great Expectations has no such expectation, it is one of ours. Use --engine duckdb."
        )
    missing = [name for name in rule.columns if name not in table.types and rule.type != "expect_column_to_exist"]
    if missing:
        there = ", ".join(table.columns[:20])
        return RuleResult.of(rule, error=f"There is no column {missing[0]!r}. There are: {there}.")
    try:
        return get_expectation_impl(rule.type)(**_kwargs(table, rule))
    except Exception as problem:  # noqa: BLE001 - whatever Great Expectations raises is this rule's error, and only its
        return RuleResult.of(rule, error=worded(problem))


def _kwargs(table: Table, rule: Rule) -> dict[str, Any]:
    """The arguments, with dates as points in time where the column holds such, and types that know missing values."""
    column = rule.kwargs.get("column")
    if rule.kwargs.get("type_list"):
        listed = rule.kwargs["type_list"]
        return {**rule.kwargs, "type_list": [*listed, *(_NULLABLE[name] for name in listed if name in _NULLABLE)]}
    if column not in table.types or table.kind(column) != "time":
        return rule.kwargs
    import pandas as pd

    zoned = table.type(column) == "TIMESTAMP WITH TIME ZONE"

    def point(value: Any) -> Any:
        moment = as_time(value)
        if moment is None:
            return value
        stamp = pd.Timestamp(moment)
        if zoned and stamp.tzinfo is None:
            return stamp.tz_localize("UTC")
        return stamp if zoned or stamp.tzinfo is None else stamp.tz_convert("UTC").tz_localize(None)

    changed = dict(rule.kwargs)
    if "values_to_be_in_set" in rule.type or "values_to_not_be_in_set" in rule.type:
        changed["value_set"] = [point(value) for value in changed["value_set"]]
    for end in ("min_value", "max_value"):
        if changed.get(end) is not None:
            changed[end] = point(changed[end])
    return changed


_NULLABLE = {
    "bool": "BooleanDtype", "int": "Int64Dtype",
    **{f"{u}int{bits}": f"{u.upper()}Int{bits}Dtype" for u in ("", "u") for bits in (8, 16, 32, 64)},
}  # fmt: skip
