"""Great Expectations' answers in our words."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.plan import Table, all_of, judged
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    import duckdb


def result(rule: Rule, answer: Any, standing: Callable[[Rule], int], examples: int) -> RuleResult:
    """The result of a rule, or of the exception that Great Expectations raised in its place.

    Args:
        rule: The rule.
        answer: What Great Expectations says.
        standing: How many values stand behind a figure, where it does not say.
        examples: Unexpected values to keep at most; 0: all.
    """
    if isinstance(answer, Exception):
        return RuleResult.of(rule, error=worded(answer))
    info = answer.exception_info or {}
    raised = [one for one in (info, *info.values()) if isinstance(one, dict) and one.get("raised_exception")]
    if raised:
        return RuleResult.of(rule, error=" ".join(str(raised[0].get("exception_message")).split())[:400])
    return RuleResult.of(rule, **_verdict(rule, answer, standing, examples))


def values_behind(con: duckdb.DuckDBPyConnection, table: Table, rule: Rule) -> int:
    """How many values stand behind a figure, which Great Expectations does not say; 1 for what needs no data."""
    column = rule.kwargs.get("column")
    if rule.type.startswith("expect_table_row_count"):
        counted = "TRUE"
    elif column not in table.types or "type" in rule.type or "to_exist" in rule.type:
        return 1
    else:
        counted = "TRUE" if "non_null" in rule.type else f"NOT {table.missing(column)}"
    chosen = all_of(where(table, rule.kwargs), counted)
    return int(con.execute(f"SELECT count(*) FROM {table.relation} WHERE {chosen}").fetchall()[0][0])


def _verdict(rule: Rule, answer: Any, standing: Callable[[Rule], int], examples: int) -> dict[str, Any]:
    """Great Expectations' answer in our words."""
    result = answer.result or {}
    observed = plain(result.get("observed_value"))
    verdict: dict[str, Any] = {"success": bool(answer.success), "observed_value": observed}
    unexpected = result.get("unexpected_count")
    if "element_count" in result:
        whole = rule.type in ("expect_column_values_to_not_be_null", "expect_column_values_to_be_null")
        evaluated = result["element_count"] - (0 if whole else result.get("missing_count") or 0)
        counts = judged(int(evaluated), int(unexpected or 0), 1)
        verdict |= {key: value for key, value in counts.items() if key != "success"}
    elif unexpected is not None:
        verdict |= {"unexpected_count": int(unexpected), "evaluated": standing(rule)}
    else:
        verdict["evaluated"] = standing(rule)
    listed = result.get("unexpected_list", result.get("partial_unexpected_list")) or []
    verdict["unexpected_list"] = [plain(value) for value in (listed[:examples] if examples else listed)]
    return verdict


def plain(value: Any) -> Any:
    """A value of pandas or NumPy as Python's own; times in ISO form, what is missing as None."""
    import numpy as np
    import pandas as pd

    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.isoformat() if isinstance(value, date | datetime) else value


def worded(problem: Exception) -> str:
    """One line: what Great Expectations says, without its library's preamble."""
    text = " ".join(str(problem).split()) or type(problem).__name__
    if type(problem).__name__ == "ExpectationNotFoundError":
        return "Great Expectations 1.24 has no such expectation of its own."
    return text[:400]
