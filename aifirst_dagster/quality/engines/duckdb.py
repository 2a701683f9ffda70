"""The DuckDB engine: judges all rules on a relation in few scans; one that cannot be judged leaves the others be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.errors import AifirstError
from aifirst_dagster.quality.engines import (
    columns,
    divergence,
    figures,
    python_functions,
    queries,
    relations,
    rows,
    tables,
    timing,
)
from aifirst_dagster.quality.engines.examples import fetch
from aifirst_dagster.quality.engines.judging import judge, worded
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Plan, Table, describe
from aifirst_dagster.quality.expectations.vocabulary import complete
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    import duckdb

COMPILERS = {
    **columns.COMPILERS,
    **figures.COMPILERS,
    **rows.COMPILERS,
    **tables.COMPILERS,
    **relations.COMPILERS,
    **timing.COMPILERS,
    **queries.COMPILERS,
    "expect_column_kl_divergence_to_be_less_than": divergence.compile_,
}
SUPPORTED = frozenset(COMPILERS)
"""Expectation types that this engine judges."""
COSTLY = re.compile("regex|like_pattern|strftime|json|dateutil|in_set$")
"""Types whose test of one value costs more than finding the distinct values of a column that repeats itself."""

Others = Callable[[str], str]
"""The relation of another dataset by its name in a rule. Raises `AifirstError` where there is none."""


def evaluate(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    rules: Sequence[Rule],
    examples: int | None = 20,
    others: Others | None = None,
) -> list[RuleResult]:
    """Judge `rules` on `relation`.

    All rules about rows and figures share one scan; each column (or key) with a rule about its distinct values, its
    quantiles or its order takes one more, and failing rules' values are fetched in one at the end.

    Args:
        con: The session that holds the relation.
        relation: Usable in a FROM clause. Hidden columns are not part of the table.
        rules: Muted and rejected ones are left out.
        examples: Most values in an `unexpected_list`, in the order of the rows; 0: all; None: none are looked for.
        others: Finds the other datasets that rules name.

    Returns:
        One result for each live rule, in order.
    """
    table = _with_few(con, _described(con, relation, others), rules)
    results: dict[int, RuleResult] = {}
    plans: dict[int, Plan] = {}
    live = [rule for rule in rules if rule.live]
    for place, rule in enumerate(live):
        try:
            plans[place] = compile_rule(table, rule)
        except (CannotEvaluateError, AifirstError) as problem:
            results[place] = RuleResult.of(rule, error=str(problem))
    verdicts, errors = judge(con, plans)
    for place, rule in enumerate(live):
        if place not in results:
            results[place] = RuleResult.of(rule, **verdicts.get(place, {}), error=errors.get(place))
    if examples is not None:
        wanted = {
            place: plans[place].examples for place, result in results.items()
            if result.error is None and result.unexpected_count and plans[place].examples
        }  # fmt: skip
        for place, values in fetch(con, table, wanted, examples, results).items():  # type: ignore[arg-type]
            results[place].unexpected_list = values
    for result in results.values():
        result.unexpected_list = [] if examples is None else result.unexpected_list[: examples or None]
    return [results[place] for place in range(len(live))]


def _described(con: Any, relation: str, others: Others | None) -> Table:
    table = describe(con, relation)
    if others is None:
        return table
    known: dict[str, Table] = {}

    def other(name: str) -> Table:
        import duckdb

        if name not in known:
            try:
                known[name] = describe(con, others(name))
            except duckdb.Error as problem:
                raise CannotEvaluateError(f"The table {name!r} cannot be read: {worded(problem)}") from None
        return known[name]

    return replace(table, others=other)


def violations(rule: Rule, con: duckdb.DuckDBPyConnection, relation: str, others: Others | None = None) -> str | None:
    """SQL boolean over a row of `relation`: true where the row breaks the rule.

    None for rules that no single row can break (figures, the table, the order of rows) and for those that cannot
    be judged here at all.
    """
    try:
        row = compile_rule(_described(con, relation, others), rule).row
    except (CannotEvaluateError, AifirstError):
        return None
    python_functions.register(con, row or "")
    return row


def _with_few(con: Any, table: Table, rules: Sequence[Rule]) -> Table:
    """The table, those text columns marked that have few distinct values and a rule that is costly to judge."""
    costly = {
        name for rule in rules if COSTLY.search(rule.type) for name in rule.columns
        if name in table.types and table.kind(name) == "text"
    }  # fmt: skip
    if not costly:
        return table
    names = sorted(costly)
    counts = ", ".join(f"approx_count_distinct({ident(name)})" for name in names)
    row = con.execute(f"SELECT count(*), {counts} FROM (FROM {table.relation} LIMIT 20000)").fetchall()[0]
    few = frozenset(name for name, distinct in zip(names, row[1:], strict=True) if distinct * 10 < row[0])
    return replace(table, few=few)


def compile_rule(table: Table, rule: Rule) -> Plan:
    """The plan of a rule. Raises `CannotEvaluateError`."""
    if rule.type not in COMPILERS:
        raise CannotEvaluateError(f"{rule.type} is not supported yet by this engine. Use --engine great_expectations.")
    return COMPILERS[rule.type](table, complete(rule.type, rule.kwargs))
