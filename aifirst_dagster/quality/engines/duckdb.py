"""The DuckDB engine: judges all rules on a relation in few scans; one that cannot be judged leaves the others be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import LINE, ident
from aifirst_dagster.quality.engines import columns, figures, repeats, rows, tables
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Examples, Plan, Repeats, Table, describe
from aifirst_dagster.quality.expectations.vocabulary import complete
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    import duckdb

COMPILERS = {**columns.COMPILERS, **figures.COMPILERS, **rows.COMPILERS, **tables.COMPILERS}
SUPPORTED = frozenset(COMPILERS)
"""Expectation types that this engine judges."""
COSTLY = re.compile("regex|like_pattern|strftime|json|in_set$")
"""Types whose test of one value costs more than finding the distinct values of a column that repeats itself."""

#: Per cent of values that fail from which on the first examples are found after a few rows.
FREQUENT = 0.5


def evaluate(
    con: duckdb.DuckDBPyConnection, relation: str, rules: Sequence[Rule], examples: int | None = 20
) -> list[RuleResult]:
    """Judge `rules` on `relation`.

    All rules about rows and figures share one scan; each column (or key) with a rule about its distinct values, its
    quantiles or its order takes one more, and failing rules' values are fetched in one at the end.

    Args:
        con: The session that holds the relation.
        relation: Usable in a FROM clause. Hidden columns are not part of the table.
        rules: Muted and rejected ones are left out.
        examples: Most values in an `unexpected_list`, in the order of the rows; 0: all; None: none are looked for.

    Returns:
        One result for each live rule, in order.
    """
    table = _with_few(con, describe(con, relation), rules)
    results: dict[int, RuleResult] = {}
    plans: dict[int, Plan] = {}
    live = [rule for rule in rules if rule.live]
    for place, rule in enumerate(live):
        try:
            plans[place] = compile_rule(table, rule)
        except CannotEvaluateError as problem:
            results[place] = RuleResult.of(rule, error=str(problem))
    verdicts, errors = _judge(con, plans)
    for place, rule in enumerate(live):
        if place not in results:
            results[place] = RuleResult.of(rule, **verdicts.get(place, {}), error=errors.get(place))
    if examples is None:
        return [results[place] for place in range(len(live))]
    wanted = {
        place: plans[place].examples for place, result in results.items()
        if result.error is None and result.unexpected_count and plans[place].examples
    }  # fmt: skip
    for place, values in _fetch(con, table, wanted, examples, results).items():  # type: ignore[arg-type]
        results[place].unexpected_list = values
    return [results[place] for place in range(len(live))]


def violations(rule: Rule, con: duckdb.DuckDBPyConnection, relation: str) -> str | None:
    """SQL boolean over a row of `relation`: true where the row breaks the rule.

    None for rules that no single row can break (figures, the table, the order of rows) and for those that cannot
    be judged here at all.
    """
    try:
        return compile_rule(describe(con, relation), rule).row
    except CannotEvaluateError:
        return None


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


def _judge(con: Any, plans: dict[int, Plan]) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """(verdicts, errors) by place: one query for each source."""
    verdicts: dict[int, dict[str, Any]] = {}
    errors: dict[int, str] = {}
    sources: dict[str, list[int]] = {}
    for place, plan in plans.items():
        if plan.repeats is None:
            sources.setdefault(plan.source, []).append(place)
    counted = _repeats(con, plans, errors)
    for source, places in sources.items():
        counted |= _query(con, source, {p: plans[p].parts for p in places}, errors)
    for place, values in counted.items():
        try:
            verdicts[place] = plans[place].finish(values)
        except (CannotEvaluateError, TypeError) as problem:
            errors[place] = str(problem)
    return verdicts, errors


def _repeats(con: Any, plans: dict[int, Plan], errors: dict[int, str]) -> dict[int, tuple[Any, ...]]:
    """(rows, those that share their value) by place; examples are then looked for where these may be."""
    import duckdb

    found: dict[int, tuple[Any, ...]] = {}
    known: dict[Repeats, tuple[int, int, str]] = {}
    for place, plan in plans.items():
        if plan.repeats is None:
            continue
        try:
            rows, sharing, some = known[plan.repeats] = known.get(plan.repeats) or repeats.count(con, plan.repeats)
        except duckdb.Error as problem:
            errors[place] = worded(problem)
            continue
        found[place] = rows, sharing
        if some and plan.examples:
            plans[place] = replace(plan, examples=replace(plan.examples, where=plan.repeats.broken(some)))
    return found


def _query(
    con: Any, source: str, parts: dict[int, tuple[str, ...]], errors: dict[int, str]
) -> dict[int, tuple[Any, ...]]:
    """The aggregates' values by place. Where the query fails, halves are tried: the culprit alone has an error."""
    unique = list(dict.fromkeys(part for several in parts.values() for part in several))
    if not unique:
        return dict.fromkeys(parts, ())
    import duckdb

    try:
        row = con.execute(f"SELECT {', '.join(unique)} FROM {source}").fetchall()[0]
    except duckdb.Error as problem:
        if len(parts) == 1:
            errors[next(iter(parts))] = worded(problem)
            return {}
        places = list(parts)
        half = len(places) // 2
        first, second = ({p: parts[p] for p in some} for some in (places[:half], places[half:]))
        return {**_query(con, source, first, errors), **_query(con, source, second, errors)}
    found = dict(zip(unique, row, strict=True))
    return {place: tuple(found[part] for part in several) for place, several in parts.items()}


def worded(problem: Exception) -> str:
    """DuckDB's error in one line, without the query that we wrote."""
    text = str(problem).split("\n\nLINE ")[0].split("\nCandidate")[0].split("\n\tCandidate")[0]
    if "invalid perl operator" in text or "invalid escape sequence" in text:
        return f"{' '.join(text.split())}. This engine's patterns know no look-around: use --engine great_expectations."
    return re.sub(r"\s+", " ", text).strip()


def _fetch(
    con: Any, table: Table, wanted: dict[int, Examples], limit: int, results: dict[int, RuleResult]
) -> dict[int, list[Any]]:
    """Failing values by place: one scan for each source; the first of what fails often are found without one."""
    found: dict[int, list[Any]] = {}
    sources: dict[str, list[int]] = {}
    for place, where in wanted.items():
        if where.value == "NULL":
            count = results[place].unexpected_count or 0
            found[place] = [None] * (min(count, limit) if limit else count)
        else:
            sources.setdefault(where.source, []).append(place)
    for place, where in wanted.items():
        if limit and where.value != "NULL" and (results[place].unexpected_percent or 0) >= FREQUENT:
            sources[where.source].remove(place)
            query = f"SELECT {where.value} FROM {where.source} WHERE {where.often or where.where} LIMIT {limit}"
            found[place] = [_shown(value, where.names) for (value,) in con.execute(query).fetchall()]
    for source, places in sources.items():
        if not places:
            continue
        picked = [_pick(wanted[place], limit) for place in places]
        # Numbering the rows takes a single thread, so it is left out where rows carry their line.
        number = LINE if source == table.relation and table.lines else "row_number() OVER ()"
        numbered = f"(SELECT *, {number} AS __row FROM {source})"
        row = con.execute(f"SELECT {', '.join(picked)} FROM {numbered}").fetchall()[0]
        for place, values in zip(places, row, strict=True):
            found[place] = [_shown(value, wanted[place].names) for value in values or []]
    return found


def _pick(where: Examples, limit: int) -> str:
    """The first values in the order of rows, as one aggregate."""
    if limit:
        return f"arg_min({where.value}, __row, {limit}) FILTER ({where.where})"
    return f"list({where.value} ORDER BY __row) FILTER ({where.where})"


def _shown(value: Any, names: tuple[str, ...]) -> Any:
    """A struct as a mapping by column name, or, for a pair, as a list; anything else as it is."""
    if not isinstance(value, dict) or not all(re.fullmatch(r"f\d+", key) for key in value):
        return value
    values = list(value.values())
    return dict(zip(names, values, strict=True)) if names else values
