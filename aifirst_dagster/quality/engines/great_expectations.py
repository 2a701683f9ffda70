"""The Great Expectations engine: the same rules judged by Great Expectations itself, on pandas in memory."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import warnings
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import connect, ident, literal
from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.literals import as_time
from aifirst_dagster.quality.engines.plan import Table, all_of, describe, judged
from aifirst_dagster.quality.expectations.vocabulary import OWN
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


def evaluate(parquet_path: str | Path, rules: Sequence[Rule], examples: int = 20) -> list[RuleResult]:
    """Judge `rules` on a Parquet file; as the DuckDB engine's `evaluate`, which says what comes back."""
    with connect() as con:
        return evaluate_relation(con, f"read_parquet({literal(str(parquet_path))})", rules, examples)


def evaluate_relation(
    con: duckdb.DuckDBPyConnection, relation: str, rules: Sequence[Rule], examples: int = 20
) -> list[RuleResult]:
    """Judge `rules` on a relation of a DuckDB session, which is copied into a pandas frame."""
    table = describe(con, relation)
    data = frame(con, table)
    live = [rule for rule in rules if rule.live]
    results: dict[int, RuleResult] = {}
    expectations: dict[int, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place, rule in enumerate(live):
            made = expectation(table, rule)
            if isinstance(made, RuleResult):
                results[place] = made
            else:
                expectations[place] = made

        def judge(places: Sequence[int], batch: Any) -> None:
            alone = [place for place in places if live[place].type in _ALONE]
            together = [place for place in places if place not in alone]
            for some in (together, *([place] for place in alone)):
                for place, answer in _answers(batch, {place: expectations[place] for place in some}).items():
                    results[place] = _result(live[place], answer, lambda rule: _standing(con, table, rule), examples)

        groups: dict[frozenset[str], list[int]] = {}
        for place in expectations:
            groups.setdefault(_as_floats(table, data, live[place]), []).append(place)
        for floats, places in groups.items():
            judge(places, _batch(frame(con, table, floats) if floats else data))
        # Some types stumble over pandas' own missing value, beside which whole numbers stay whole; not over NaN.
        again = [place for place in expectations if _stumbled(results[place])]
        if again:
            judge(again, _batch(frame(con, table, frozenset(table.columns))))
    return [results[place] for place in range(len(live))]


#: Great Expectations takes quantiles and bins of two rules on one column for the same figure: one gets the other's.
_ALONE = ("expect_column_quantile_values_to_be_between", "expect_column_kl_divergence_to_be_less_than")


def _stumbled(result: RuleResult) -> bool:
    return result.error is not None and any(word in result.error for word in ("NA is ambiguous", "<NA>", "NAType"))


def _as_floats(table: Table, data: pd.DataFrame, rule: Rule) -> frozenset[str]:
    """Columns that a rule's condition reads as pandas itself has them: `n != 1` is true where n is missing, as NaN."""
    condition = rule.kwargs.get("row_condition")
    if condition is None:
        return frozenset()
    text = json.dumps(condition, default=str, ensure_ascii=False)
    kinds = {name: table.kind(name) for name in table.columns if name in text}
    return frozenset(name for name, kind in kinds.items() if kind in ("number", "flag") and data[name].hasnans)


def frame(con: duckdb.DuckDBPyConnection, table: Table, floats: frozenset[str] = frozenset()) -> pd.DataFrame:
    """The table as pandas: dates as points in time, decimals as floats.

    Whole numbers stay whole beside missing ones, but those of `floats` become floats, as pandas itself has it.
    """
    import pandas as pd
    import pyarrow as pa

    kept = {
        pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(),
    }  # fmt: skip
    picked = [f"{_cast(name, kind)} AS {ident(name)}" for name, kind in table.types.items()]
    arrow = con.sql(f"SELECT {', '.join(picked)} FROM {table.relation}").to_arrow_table()
    columns = {
        name: arrow[name].to_pandas(types_mapper=kept.get if name not in floats and arrow[name].null_count else None)
        for name in table.columns
    }
    return pd.DataFrame(columns, index=range(arrow.num_rows), columns=table.columns)


def _cast(name: str, kind: str) -> str:
    column = ident(name)
    if kind.startswith("DECIMAL") or kind in ("HUGEINT", "UHUGEINT"):
        return f"{column}::DOUBLE"
    return f"{column}::TIMESTAMP" if kind == "DATE" else column


def quiet_context() -> Any:
    """A context of Great Expectations that leaves nothing behind and reports to nobody."""
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    context.enable_analytics(False)
    return context


def _batch(data: pd.DataFrame) -> Any:
    """The frame as Great Expectations' batch."""
    asset = quiet_context().data_sources.add_pandas("pandas").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": data})


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
        return RuleResult.of(rule, error=_worded(problem))


def _answers(batch: Any, expectations: dict[int, Any]) -> dict[int, Any]:
    """What Great Expectations says to each; all at once, for it then computes shared figures once."""
    import great_expectations as gx

    if not expectations:
        return {}
    suite = gx.ExpectationSuite(name="rules")
    for place, expectation in expectations.items():
        expectation.meta = {_PLACE: place}
        suite.expectations.append(expectation)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # some types draw a progress bar, whatever the settings say
            answers = batch.validate(suite, result_format="COMPLETE").results
    except Exception as problem:  # noqa: BLE001 - one that breaks the others is found by halves
        if len(expectations) == 1:
            return dict.fromkeys(expectations, problem)
        places = list(expectations)
        half = len(places) // 2
        return {
            **_answers(batch, {place: expectations[place] for place in places[:half]}),
            **_answers(batch, {place: expectations[place] for place in places[half:]}),
        }
    return {answer.expectation_config.meta[_PLACE]: answer for answer in answers}


_PLACE = "aifirst_place"


def _result(rule: Rule, answer: Any, standing: Callable[[Rule], int], examples: int) -> RuleResult:
    if isinstance(answer, Exception):
        return RuleResult.of(rule, error=_worded(answer))
    info = answer.exception_info or {}
    raised = [one for one in (info, *info.values()) if isinstance(one, dict) and one.get("raised_exception")]
    if raised:
        return RuleResult.of(rule, error=" ".join(str(raised[0].get("exception_message")).split())[:400])
    return RuleResult.of(rule, **_verdict(rule, answer, standing, examples))


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


def _standing(con: duckdb.DuckDBPyConnection, table: Table, rule: Rule) -> int:
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


def _worded(problem: Exception) -> str:
    """One line: what Great Expectations says, without its library's preamble."""
    text = " ".join(str(problem).split()) or type(problem).__name__
    if type(problem).__name__ == "ExpectationNotFoundError":
        return "Great Expectations 1.24 has no such expectation of its own."
    return text[:400]
