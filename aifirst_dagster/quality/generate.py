"""Rules learned from one part of a table's rows and tested on the rest: what to expect of the next delivery."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality import candidates, shapes
from aifirst_dagster.quality.candidates import Candidate
from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.evidence import Facts, Parts, drop, facts, part
from aifirst_dagster.quality.known import Known
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import Rule, with_unique_ids

if TYPE_CHECKING:
    import duckdb

#: Rules kept for a table: so many for each column, and in all.
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
        thought = _think(con, parts, figures)
        accepted, rejected = _test(con, relation, parts, thought)
        if not any(one.kind == "unique" for one, _ in accepted):
            keys, no_keys = _test(
                con, relation, parts, _promising(con, parts, list(candidates.of_keys(figures, parts)))
            )
            accepted += keys[:1]
            rejected += no_keys
    finally:
        drop(con)
    kept, superfluous = _select(accepted, len(columns))
    order = {column.name: place for place, column in enumerate(columns)}
    kept.sort(key=lambda rule: min((order.get(name, 0) for name in rule.columns), default=-1))
    return with_unique_ids(kept), [(_dropped(rule), reason) for rule, reason in [*rejected, *superfluous]]


def _think(con: Any, parts: Parts, known: list[Facts]) -> list[Candidate]:
    """Every candidate that the learned rows suggest."""
    thought: list[Candidate] = []
    for one in known:
        codes = one.kind == "text" and one.distinct > 20 and one.column.semantic_type not in shapes.SEMANTIC
        pattern = shapes.learn(con, parts.learn, one.name) if codes and (one.longest or 0) <= 60 else None
        thought += candidates.of_column(one, parts, pattern)
    paired = list(candidates.of_table(known, parts))
    orders = [one for one in paired if one.kind == "order"]
    held = {id(one) for one in _promising(con, parts, orders)}
    return [*thought, *(one for one in paired if one.kind != "order" or id(one) in held)]


def _promising(con: Any, parts: Parts, keys: list[Candidate]) -> list[Candidate]:
    """Those that hold on the learned rows, which is quick to see."""
    held = evaluate(con, parts.learn, [one.rule for one in keys], examples=None)
    return [one for one, result in zip(keys, held, strict=True) if result.success]


def _test(
    con: Any, relation: str, parts: Parts, thought: list[Candidate]
) -> tuple[list[tuple[Candidate, Rule]], Rejected]:
    """Judge candidates on rows that they were not learned from."""
    accepted: list[tuple[Candidate, Rule]] = []
    rejected: Rejected = []
    for over_all, where in ((False, parts.test), (True, relation)):
        asked = [one for one in thought if one.over_all is over_all]
        # Examples of what fails over all rows would take another scan of these.
        results = evaluate(con, where, [one.rule for one in asked], examples=None if over_all else 2) if asked else []
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
    if result.unexpected_percent is None:
        return 1.0 if result.success else 0.0
    return 1 - result.unexpected_percent / 100


def _settled(one: Candidate, result: RuleResult) -> Rule:
    """The rule as it is kept: with `mostly` where a few exceptions are normal, its severity by how firmly it held."""
    held = min(_held(result), one.learned)
    if held < 1 and one.exceptions:
        # Three times as many exceptions as seen are a change worth a warning; sampling alone does not reach that.
        noise = 3 * math.sqrt(held * (1 - held) / max(result.evaluated, 1))
        mostly = max(0.5, math.floor((1 - 2 * (1 - held) - noise) * 100) / 100)
        return one.rule.model_copy(
            update={"kwargs": {**one.rule.kwargs, "mostly": min(mostly, 0.99)}, "severity": "warn"}
        )
    severity = one.strict if held >= one.need else "warn"
    return one.rule.model_copy(update={"severity": severity})


def _select(accepted: list[tuple[Candidate, Rule]], columns: int) -> tuple[list[Rule], Rejected]:
    """The rules worth their place: none that a stronger one implies, so many a column, so many in all."""
    implied = {weaker for one, _ in accepted for weaker in one.implies}
    kept: list[Rule] = []
    dropped: Rejected = []
    used: dict[str, int] = {}
    for one, rule in sorted(accepted, key=lambda pair: -pair[0].worth):
        about = one.columns[0] if one.columns else ""
        if len(one.columns) == 1 and (one.kind, about) in implied:
            dropped.append((rule, "A stronger rule on the same column says as much."))
        elif (len(one.columns) == 1 and used.get(about, 0) >= PER_COLUMN) or len(kept) >= min(IN_ALL, 4 * columns + 4):
            dropped.append((rule, "Others are worth more: too many rules are read by nobody."))
        else:
            used[about] = used.get(about, 0) + 1
            kept.append(rule)
    return kept, dropped


def _dropped(rule: Rule) -> Rule:
    return rule.model_copy(update={"status": "rejected"})
