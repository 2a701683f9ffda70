"""The Great Expectations engine: the same rules judged by Great Expectations itself, on pandas in memory."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import connect, literal
from aifirst_dagster.quality.engines.gx_answers import result, values_behind
from aifirst_dagster.quality.engines.gx_arguments import expectation
from aifirst_dagster.quality.engines.gx_frames import as_floats, chosen, frame, misjudged
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Table, describe
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
                    results[place] = result(live[place], answer, lambda rule: values_behind(con, table, rule), examples)

        groups: dict[frozenset[str], list[int]] = {}
        for place in list(expectations):
            floats = as_floats(table, data, live[place])
            if misjudged(live[place], floats):
                results[place] = _on_chosen(con, table, live[place], examples)
            else:
                groups.setdefault(floats, []).append(place)
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


def _on_chosen(con: duckdb.DuckDBPyConnection, table: Table, rule: Rule, examples: int) -> RuleResult:
    """The result of a rule on the rows that its condition chooses, which Great Expectations is given alone."""
    try:
        some, plain_rule = chosen(table, rule)
    except CannotEvaluateError as problem:
        return RuleResult.of(rule, error=str(problem))
    made = expectation(some, plain_rule)
    if isinstance(made, RuleResult):
        return RuleResult.of(rule, error=made.error)
    answer = _answers(_batch(frame(con, some)), {0: made})[0]
    return result(rule, answer, lambda _: values_behind(con, some, plain_rule), examples)


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


def _answers(batch: Any, expectations: dict[int, Any]) -> dict[int, Any]:
    """What Great Expectations says to each; all at once, for it then computes shared figures once."""
    import great_expectations as gx

    if not expectations:
        return {}
    suite = gx.ExpectationSuite(name="rules")
    for place, made in expectations.items():
        made.meta = {_PLACE: place}
        suite.expectations.append(made)
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
