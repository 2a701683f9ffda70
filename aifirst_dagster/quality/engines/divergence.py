"""The Kullback-Leibler divergence of a column from an expected distribution, as Great Expectations computes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.literals import as_time, members
from aifirst_dagster.quality.engines.plan import CannotEvaluateError, Plan, Table, Verdict, all_of, count, value_counts


def compile_(table: Table, kwargs: dict[str, Any]) -> Plan:
    """The plan of `expect_column_kl_divergence_to_be_less_than`."""
    _checked(kwargs)
    partition = kwargs["partition_object"]
    if partition is None:
        return _of_itself(table, kwargs)
    if _categorical(partition):
        if kwargs["internal_weight_holdout"]:
            raise CannotEvaluateError("internal_weight_holdout cannot be used with a partition of single values.")
        return _discrete(table, kwargs, partition["values"], partition["weights"])
    if not _continuous(partition):
        raise CannotEvaluateError(
            "partition_object is no partition: it has as many weights as values, or one less than rising bins, and "
            "the weights sum to 1."
        )
    if kwargs["bucketize_data"] is False:
        raise CannotEvaluateError("A partition into bins needs bucketize_data.")
    return _binned(table, kwargs, partition)


def _checked(kwargs: dict[str, Any]) -> None:
    if kwargs["threshold"] is not None and kwargs["threshold"] < 0:
        raise CannotEvaluateError("threshold is below 0.")
    for name in ("tail_weight_holdout", "internal_weight_holdout"):
        if kwargs[name] is None:
            raise CannotEvaluateError(f"{name} is missing: it is a number from 0 to 1.")
    if kwargs["tail_weight_holdout"] and "tail_weights" in (kwargs["partition_object"] or {}):
        raise CannotEvaluateError("tail_weight_holdout must be 0 where the partition has tail_weights.")


def _sums_to_one(weights: Sequence[float]) -> bool:
    try:
        return math.isclose(math.fsum(weights), 1.0, rel_tol=1e-5, abs_tol=1e-8)
    except TypeError:
        raise CannotEvaluateError("The weights of partition_object are no numbers.") from None


def _categorical(partition: dict[str, Any]) -> bool:
    weights, values = partition.get("weights"), partition.get("values")
    if not isinstance(weights, list | tuple) or not isinstance(values, list | tuple):
        return False
    return len(weights) == len(values) and _sums_to_one(weights)


def _continuous(partition: dict[str, Any]) -> bool:
    weights, bins = partition.get("weights"), partition.get("bins")
    if not isinstance(weights, list | tuple) or not isinstance(bins, list | tuple):
        return False
    tails = partition.get("tail_weights", [])
    if "tail_weights" in partition and len(tails) != 2:
        return False
    try:
        rising = all(low < high for low, high in pairwise(bins))
    except TypeError:
        return False
    return len(bins) == len(weights) + 1 and rising and _sums_to_one([*tails, *weights])


def _present(table: Table, kwargs: dict[str, Any]) -> tuple[str, str]:
    value = f"({table.value(kwargs['column'])})"
    return value, all_of(where(table, kwargs), f"{value} IS NOT NULL")


def _discrete(table: Table, kwargs: dict[str, Any], values: Sequence[Any], weights: Sequence[float]) -> Plan:
    """Against the weights of single values: counts of these, and of the values that the partition lacks."""
    value, present = _present(table, kwargs)
    places = [members(table, kwargs["column"], [one]) for one in values]
    alike = [place[0] for place in places if place]
    if len(set(alike)) < len(alike):
        raise CannotEvaluateError("partition_object lists a value twice.")
    counts = tuple(f"coalesce(sum(n) FILTER (v = {place[0]}), 0)" if place else "0" for place in places)
    among = f"v IN ({', '.join(alike)})" if alike else "FALSE"
    others = f"list(n) FILTER (NOT ({among}))"

    def finish(got: tuple[Any, ...]) -> Verdict:
        total, odd, seen = int(got[0]), [int(n) for n in got[1] or []], [int(n) for n in got[2:]]
        tail = kwargs["tail_weight_holdout"]
        expected = [w * (1 - tail) for w in weights] + [tail / len(odd)] * len(odd) if odd else list(weights)
        observed = [n / total for n in [*seen, *odd]] if total else [0.0] * len(expected)
        return _verdict(kwargs, observed, expected, total)

    return Plan(value_counts(table, value, present), ("coalesce(sum(n), 0)", others, *counts), finish)


def _edge(table: Table, name: str, value: Any) -> str:
    """A bin's edge in the column's kind."""
    if table.kind(name) == "number" and isinstance(value, int | float):
        return literal(float(value)) if isinstance(value, float) else literal(value)
    if table.kind(name) == "time" and (point := as_time(value)):
        return f"TIMESTAMP '{point.isoformat()}'"
    raise CannotEvaluateError(
        f"Column {name!r} holds {table.type(name)}, which has no place in bins such as {value!r}."
    )


def _binned(table: Table, kwargs: dict[str, Any], partition: dict[str, Any]) -> Plan:
    """Against the weights of bins; each holds its lower edge, the last both."""
    bins, (value, present) = list(partition["bins"]), _present(table, kwargs)
    edges = [_edge(table, kwargs["column"], bin_) for bin_ in bins]
    last = len(edges) - 2
    tests = [
        f"{value} >= {low} AND {value} {'<=' if place == last else '<'} {high}"
        for place, (low, high) in enumerate(pairwise(edges))
    ]
    tests += [f"{value} < {edges[0]}", f"{value} > {edges[-1]}"]
    parts = (count(present), *(count(all_of(present, test)) for test in tests))

    def finish(got: tuple[Any, ...]) -> Verdict:
        total, seen = got[0], [n / got[0] if got[0] else math.nan for n in got[1:]]
        observed, below, above = seen[:-2], seen[-2], seen[-1]
        return _verdict(kwargs, *_with_tails(kwargs, partition, observed, below, above), total)

    return Plan(table.relation, parts, finish)


def _with_tails(
    kwargs: dict[str, Any], partition: dict[str, Any], observed: list[float], below: float, above: float
) -> tuple[list[float], list[float]]:
    """(observed, expected) weights of the bins and of what lies beyond them."""
    tail, internal, bins = kwargs["tail_weight_holdout"], kwargs["internal_weight_holdout"], partition["bins"]
    expected = [weight * (1 - tail - internal) for weight in partition["weights"]]
    empty = sum(1 for weight in expected if weight == 0)
    if internal and empty:
        expected = [weight or internal / empty for weight in expected]
    low, high = bins[0] == -math.inf, bins[-1] == math.inf
    if (low or high) and "tail_weights" in partition:
        raise CannotEvaluateError("There are no tail_weights where a bin ends at infinity.")
    if low and high and tail:
        raise CannotEvaluateError("tail_weight_holdout cannot be used where the bins end at infinity on both sides.")
    if low and high:
        return observed, expected
    if low:
        return [*observed, above], [*expected, tail]
    if high:
        return [below, *observed], [tail, *expected]
    tails = partition.get("tail_weights", [tail / 2, tail / 2])
    return [below, *observed, above], [tails[0], *expected, tails[1]]


def _of_itself(table: Table, kwargs: dict[str, Any]) -> Plan:
    """Without a partition the column is compared with its own distribution: nothing but holdouts can differ."""
    value, present = _present(table, kwargs)
    if kwargs["bucketize_data"] is False:
        if kwargs["internal_weight_holdout"]:
            raise CannotEvaluateError("internal_weight_holdout cannot be used with a partition of single values.")
        return Plan(
            table.relation, (count(present),), lambda got: _verdict(kwargs, [1.0] * bool(got[0]), [1.0], got[0])
        )
    if table.kind(kwargs["column"]) != "number":
        raise CannotEvaluateError(f"Column {kwargs['column']!r} holds {table.type(kwargs['column'])}, not numbers.")
    if kwargs["tail_weight_holdout"]:
        raise CannotEvaluateError("tail_weight_holdout must be 0 without a partition_object.")
    source = f"(SELECT list_sort(list({value}::DOUBLE)) AS v, count(*) AS n FROM {table.relation} WHERE {present})"
    places = ("1", "1 + round_even((n - 1) * 0.25, 0)::BIGINT", "1 + round_even((n - 1) * 0.75, 0)::BIGINT", "n")
    return Plan(
        source,
        ("n", *(f"v[{place}]" for place in places)),
        finish=lambda _: {},
        then=lambda got: _second(table, kwargs, got),
    )


def _second(table: Table, kwargs: dict[str, Any], got: tuple[Any, ...]) -> Plan:
    """The histogram over the bins that the quartiles ask for (Freedman and Diaconis, at least Sturges)."""
    total, low, first, third, high = got
    if not total:
        raise CannotEvaluateError("The column has no values to be divided into bins.")
    sturges = math.ceil(math.log2(total + 1.0))
    spread = third - first
    width = 2 * spread / total ** (1 / 3)
    number = sturges if spread < 1e-10 else max(sturges, math.ceil((high - low) / width))
    if low == high:
        raise CannotEvaluateError("All values are the same: they cannot be divided into bins.")
    value, present = _present(table, kwargs)
    place = f"least({number - 1}, floor(({value}::DOUBLE - {low!r}) / {(high - low)!r} * {number}))::BIGINT"
    filled = f"count(DISTINCT CASE WHEN {present} THEN {place} END)"

    def finish(found: tuple[Any, ...]) -> Verdict:
        internal = kwargs["internal_weight_holdout"]
        # Filled bins keep their share but for the holdout, which empty bins, if any, take up.
        empty = number - found[0]
        held = internal if empty and internal else 0.0
        observed = [1.0] + [0.0] * bool(held)
        return _verdict(kwargs, observed, [1.0 - held] + [held] * bool(held), total)

    return Plan(table.relation, (filled,), finish)


def _verdict(kwargs: dict[str, Any], observed: list[float], expected: list[float], evaluated: int) -> Verdict:
    found = _entropy(observed, expected)
    shown = found if math.isfinite(found) else None
    threshold = kwargs["threshold"]
    return {"success": threshold is None or found <= threshold, "evaluated": evaluated, "observed_value": shown}


def _entropy(observed: list[float], expected: list[float]) -> float:
    """sum(p * log(p / q)) of both as shares of their sums."""
    whole, of = math.fsum(observed), math.fsum(expected)
    if not whole or not of or math.isnan(whole):
        return math.nan
    pairs = [(p / whole, q / of) for p, q in zip(observed, expected, strict=True) if p > 0]
    return math.inf if any(q <= 0 for _, q in pairs) else math.fsum(p * math.log(p / q) for p, q in pairs)
