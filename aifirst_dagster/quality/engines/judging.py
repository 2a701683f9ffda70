"""Plans judged: one query for each source and round, so that rules share their scans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.quality.engines import python_functions, repeats
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Plan, Repeats, Verdict

#: Most aggregates in one query: very many of them over a wide table take memory and long to plan.
PARTS = 240


def judge(con: Any, plans: dict[int, Plan]) -> tuple[dict[int, Verdict], dict[int, str]]:
    """(verdicts, errors) by place. Plans that lead to another are put in its place in `plans`."""
    verdicts: dict[int, Verdict] = {}
    errors: dict[int, str] = {}
    waiting = dict(plans)
    while waiting:
        found = _round(con, waiting, plans, errors)
        waiting = {}
        for place, values in found.items():
            plan = plans[place]
            try:
                if plan.then is not None:
                    plans[place] = waiting[place] = plan.then(values)
                else:
                    verdicts[place] = plan.finish(values)
            except (CannotEvaluateError, TypeError, OverflowError) as problem:
                errors[place] = str(problem)
    return verdicts, errors


def _round(
    con: Any, waiting: Mapping[int, Plan], plans: dict[int, Plan], errors: dict[int, str]
) -> dict[int, tuple[Any, ...]]:
    """The values of each plan's parts, by place."""
    found = _repeats(con, waiting, plans, errors)
    sources: dict[str, dict[int, tuple[str, ...]]] = {}
    for place, plan in waiting.items():
        if plan.ask is not None:
            try:
                found[place] = plan.ask(con)
            except AifirstError as problem:
                errors[place] = str(problem)
            except CannotEvaluateError as problem:
                errors[place] = str(problem)
        elif plan.repeats is None:
            sources.setdefault(plan.source, {})[place] = plan.parts
    for source, parts in sources.items():
        for some in _portions(parts):
            found |= query(con, source, some, errors)
    return found


def _portions(parts: dict[int, tuple[str, ...]]) -> list[dict[int, tuple[str, ...]]]:
    """The parts in portions of at most `PARTS` aggregates."""
    portions: list[dict[int, tuple[str, ...]]] = [{}]
    held = 0
    for place, several in parts.items():
        if held and held + len(several) > PARTS:
            portions.append({})
            held = 0
        portions[-1][place] = several
        held += len(several)
    return portions


def _repeats(
    con: Any, waiting: Mapping[int, Plan], plans: dict[int, Plan], errors: dict[int, str]
) -> dict[int, tuple[Any, ...]]:
    """(rows, those that share their value) by place; examples are then looked for where these may be."""
    import duckdb

    found: dict[int, tuple[Any, ...]] = {}
    known: dict[Repeats, tuple[int, int, str]] = {}
    for place, plan in waiting.items():
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


def query(
    con: Any, source: str, parts: dict[int, tuple[str, ...]], errors: dict[int, str]
) -> dict[int, tuple[Any, ...]]:
    """The aggregates' values by place. Where the query fails, halves are tried: the culprit alone has an error."""
    unique = list(dict.fromkeys(part for several in parts.values() for part in several))
    if not unique:
        return dict.fromkeys(parts, ())
    import duckdb

    sql = f"SELECT {', '.join(unique)} FROM {source}"
    try:
        python_functions.register(con, sql)
        row = con.execute(sql).fetchall()[0]
    except duckdb.Error as problem:
        if len(parts) == 1:
            errors[next(iter(parts))] = worded(problem)
            return {}
        places = list(parts)
        half = len(places) // 2
        first, second = ({p: parts[p] for p in some} for some in (places[:half], places[half:]))
        return {**query(con, source, first, errors), **query(con, source, second, errors)}
    found = dict(zip(unique, row, strict=True))
    return {place: tuple(found[part] for part in several) for place, several in parts.items()}


def worded(problem: Exception) -> str:
    """DuckDB's error in one line, without the query that we wrote."""
    text = str(problem).split("\n\nLINE ")[0].split("\nCandidate")[0].split("\n\tCandidate")[0]
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"^Invalid Input Error: Python exception occurred while executing the UDF: ", "", text)
