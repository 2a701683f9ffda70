"""Rules learned from one part of a table's rows and tested on the rest: what to expect of the next delivery.

Which are kept, where there are more than people read: by worth, from 10 (a key) over 9 (a reference, a total, a kind of
value such as e-mail), 8 (a value is given; always, or where another column says so), 7 (a closed set, what fixes what),
6 (a form, volume, freshness, gaps), 5 (a range), 4 (lengths, which number is above which) to 2; of equal worth, what
held more often. A column has four at most of its own, the table as many across columns as it has columns and two, and
no more than `IN_ALL` in total.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality import between, candidates, elsewhere, fixing, identifiers, shapes
from aifirst_dagster.quality.candidates import Candidate
from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.evidence import Facts, Parts, drop, facts, part
from aifirst_dagster.quality.known import Known
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import Rule, with_unique_ids

if TYPE_CHECKING:
    import duckdb

#: Rules kept for a table: so many for each column of its own, beside as many between columns as there are, and in all.
PER_COLUMN, IN_ALL = 4, 100

Rejected = list[tuple[Rule, str]]


def propose(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], known: Known | None = None
) -> tuple[list[Rule], Rejected]:
    """Rules that the data bears out.

    Args:
        con: The session that holds the relation.
        relation: Typed; hidden columns are not looked at.
        columns: What its columns are (`name` as in the relation).
        known: Earlier versions and other datasets.

    Returns:
        (rules to keep, by worth and column; rules that were thought of and dropped, with the reason). A rule is tested
        on rows that it was not learned from; one that another implies, or that cannot fail, is not kept.
    """
    parts = part(con, relation)
    try:
        figures = facts(con, parts, columns)
        thought = _think(con, parts, figures, known)
        accepted, rejected = _test(con, relation, parts, thought, known)
        if not any(one.kind == "unique" for one, _ in accepted):
            pairs = _promising(con, parts, list(candidates.of_keys(figures, parts)))
            keys, no_keys = _test(con, relation, parts, pairs, known)
            accepted += keys[:1]
            rejected += no_keys
    finally:
        drop(con)
    kept, superfluous = _select(accepted, len(columns))
    order = {column.name: place for place, column in enumerate(columns)}
    kept.sort(key=lambda rule: min((order.get(name, 0) for name in rule.columns), default=-1))
    return with_unique_ids(kept), [(_dropped(rule), reason) for rule, reason in [*rejected, *superfluous]]


def _think(con: Any, parts: Parts, figures: list[Facts], known: Known | None) -> list[Candidate]:
    """Every candidate that the learned rows suggest."""
    thought: list[Candidate] = []
    for one in figures:
        codes = one.kind == "text" and one.distinct > 20 and one.column.semantic_type not in shapes.SEMANTIC
        pattern = shapes.learn(con, parts.learn, one.name) if codes and (one.longest or 0) <= 60 else None
        thought += candidates.of_column(one, parts, pattern, identifiers.numbered(con, parts, one, pattern))
    alone = list(fixing.of_dependencies(con, parts, figures))
    thought += alone
    thought += between.of_relations(con, parts, figures, {one.columns[-1] for one in alone})
    thought += between.of_presence(con, parts, figures)
    thought += between.of_order(con, parts, figures)
    thought += elsewhere.of_references(con, parts, figures, known)
    thought += elsewhere.of_time(con, parts, figures)
    thought += elsewhere.of_gaps(parts, figures)
    thought += elsewhere.of_volume(parts, known)
    paired = list(candidates.of_table(figures, parts))
    orders = [one for one in paired if one.kind == "order"]
    return [*thought, *(one for one in paired if one.kind != "order"), *_promising(con, parts, orders)]


def _promising(con: Any, parts: Parts, keys: list[Candidate]) -> list[Candidate]:
    """Those that hold well enough on the learned rows, which is quick to see."""
    results = evaluate(con, parts.learn, [one.rule for one in keys], examples=None)
    held = [0.0 if result.error else _held(result) for result in results]
    return [replace(one, learned=share) for one, share in zip(keys, held, strict=True) if share >= one.need]


def _test(
    con: Any, relation: str, parts: Parts, thought: list[Candidate], known: Known | None
) -> tuple[list[tuple[Candidate, Rule]], Rejected]:
    """Judge candidates on rows that they were not learned from."""
    accepted: list[tuple[Candidate, Rule]] = []
    rejected: Rejected = []
    for over_all, where in ((False, parts.test), (True, relation)):
        asked = [one for one in thought if one.over_all is over_all]
        # Examples of what fails over all rows would take another scan of these.
        others = known.find if known else None
        rules = [one.rule for one in asked]
        results = evaluate(con, where, rules, examples=None if over_all else 2, others=others) if asked else []
        for one, result in zip(asked, results, strict=True):
            reason = _reason(one, result)
            if reason:
                rejected.append((one.rule, reason))
            else:
                accepted.append((one, _settled(one, result)))
    return accepted, rejected


def _reason(one: Candidate, result: RuleResult) -> str | None:
    """Why a candidate is not kept, or None."""
    if result.error is not None:
        return f"It cannot be judged: {result.error}"
    if not result.evaluated:
        return "There are no other values to test it on."
    held = _held(result)
    if held >= one.need:
        return None
    if result.unexpected_count is None:
        return f"On rows that it was not learned from, the figure is {result.observed_value}."
    shown = ", ".join(map(str, result.unexpected_list))
    return (
        f"It does not hold for {result.unexpected_count} of {result.evaluated} values that it was not learned from"
        f"{f' (such as {shown[:80]})' if shown else ''}."
    )


def _held(result: RuleResult) -> float:
    if result.unexpected_percent is None and result.unexpected_count and result.evaluated:
        return 1 - result.unexpected_count / result.evaluated  # rows that a query found
    if result.unexpected_percent is None:
        return 1.0 if result.success else 0.0
    return 1 - result.unexpected_percent / 100


def _settled(one: Candidate, result: RuleResult) -> Rule:
    """The rule as it is kept: with `mostly` where a few exceptions are normal, its severity by how firmly it held."""
    held = min(_held(result), one.learned)
    if held < 1 and one.exceptions:
        # Three times as many exceptions as seen are a change worth a warning; sampling alone does not reach that.
        noise = 3 * math.sqrt(held * (1 - held) / max(result.evaluated, 1))
        # Where next to none is normal, two figures would let fail ten times as many.
        unit, most = (10_000, 0.9999) if one.otherwise else (100, 0.99)
        mostly = max(0.5, math.floor((1 - 2 * (1 - held) - noise) * unit) / unit)
        said = {"rationale": one.otherwise} if one.otherwise else {}
        return one.rule.model_copy(
            update={"kwargs": {**one.rule.kwargs, "mostly": min(mostly, most)}, "severity": "warn", **said}
        )
    severity = one.strict if held >= one.need else "warn"
    return one.rule.model_copy(update={"severity": severity})


def _select(accepted: list[tuple[Candidate, Rule]], columns: int) -> tuple[list[Rule], Rejected]:
    """The rules worth their place: none that a stronger one implies, so many a column, so many in all."""
    implied = {weaker for one, _ in accepted for weaker in one.implies}
    through = _through(accepted)
    kept: list[Rule] = []
    dropped: Rejected = []
    used: dict[str, int] = {}
    for one, rule in sorted(accepted, key=lambda pair: (-pair[0].worth, -pair[0].learned)):
        about = one.columns[0] if len(one.columns) == 1 else ""
        most = PER_COLUMN if about else columns + 2
        if (one.kind, about) in implied or id(one) in through:
            dropped.append((rule, "A stronger rule says as much."))
        elif used.get(about, 0) >= most or len(kept) >= min(IN_ALL, 5 * columns + 4):
            dropped.append((rule, "Other rules are worth more, and a list too long is read by nobody."))
        else:
            used[about] = used.get(about, 0) + 1
            kept.append(rule)
    return kept, dropped


def _through(accepted: list[tuple[Candidate, Rule]]) -> set[int]:
    """Rules that follow from others: a number that a total fixes anyway, and what is fixed by way of another column."""
    totals = {frozenset(one.columns) for one, _ in accepted if one.kind == "total"}
    equal = {frozenset(one.columns) for one, _ in accepted if one.kind == "equal"}
    fixed = {one.columns for one, _ in accepted if one.kind == "fixed" and len(one.columns) == 2}
    found = set()
    for one, _ in accepted:
        pair = frozenset(one.columns)
        if one.kind == "order" and any(pair <= total for total in (*totals, *equal)):
            found.add(id(one))
        if one.kind == "fixed" and pair in equal:
            found.add(id(one))
        if one.columns in fixed:
            left, right = one.columns
            middles = {b for a, b in fixed if a == left and b != right}
            # Of columns that fix each other, the first is the way: else each would be left out for the other.
            if any((b, right) in fixed and (b, left) not in fixed for b in middles):
                found.add(id(one))
    return found


def _dropped(rule: Rule) -> Rule:
    return rule.model_copy(update={"status": "rejected"})
