"""Rules that a column's figures suggest, each with what it must reach on other rows, and why a person would want it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any

from aifirst_dagster.inference.meanings import registry
from aifirst_dagster.quality.evidence import Facts, Parts
from aifirst_dagster.quality.rules import Rule, Severity
from aifirst_dagster.quality.shapes import SEMANTIC

#: Where values name rows one by one, so many of these have one of their own; the others are the errors.
UNIQUE = 0.99
#: Of two dates that are in order, so many are; where the next ones are not, the rule has found what it is there for.
IN_ORDER = 0.995


@dataclass(frozen=True)
class Candidate:
    """A rule to be tested.

    Attributes:
        rule: As it would be accepted, without `mostly`.
        worth: More is kept first.
        need: The least share of values that must hold on rows that it was not learned from.
        exceptions: Whether, where a few values do not hold, the rule is kept with `mostly`; else it stays strict, for
            those values are what it is there to find.
        strict: Severity where every value held; else it is a warning at most.
        over_all: Tested on all rows (a key is no key where it repeats across the parts).
        implies: (kind, column) of weaker rules that this one makes superfluous.
        kind: What others call it in `implies`.
    """

    rule: Rule
    worth: float
    need: float = 1.0
    exceptions: bool = False
    strict: Severity = "warn"
    over_all: bool = False
    implies: frozenset[tuple[str, str]] = frozenset()
    kind: str = ""
    columns: tuple[str, ...] = field(default_factory=tuple)
    learned: float = 1.0
    """The share of values that held on the rows that it was learned from."""
    otherwise: str = ""
    """Why a person would want it with `mostly`, where that is to be said in other words."""


def _rule(type_: str, rationale: str, severity: Severity = "warn", **kwargs: Any) -> Rule:
    return Rule(type=type_, kwargs=kwargs, rationale=rationale, severity=severity, provenance="offline")


def of_column(
    facts: Facts, parts: Parts, pattern: tuple[str, float] | None, numbered: bool = False
) -> Iterator[Candidate]:
    """Candidates about one column.

    Args:
        facts: Its figures.
        parts: The rows that these are of.
        pattern: What its texts look like, and how many of them.
        numbered: Whether its values name rows one by one: see `identifiers.numbered`.
    """
    if not facts.count:
        return
    yield from _presence(facts, parts)
    yield from _identity(facts, parts, numbered)
    if facts.kind == "text":
        yield from _text(facts, pattern)
    yield from _closed_set(facts)
    if facts.kind == "number":
        yield from _range(facts)
        yield from _mean(facts)
    if facts.kind == "time":
        yield from _time_range(facts)


def _presence(facts: Facts, parts: Parts) -> Iterator[Candidate]:
    share = facts.count / parts.learned
    if share >= 0.9:
        words = "Every row has a value" if share == 1 else f"{_capital(share_of(share, 'rows'))} have a value"
        rule = _rule(
            "expect_column_values_to_not_be_null", f"{words}: a missing one is likely an error.", column=facts.name
        )
        yield Candidate(
            rule, 8 if share == 1 else 4, 0.85, exceptions=True, kind="filled", columns=(facts.name,), learned=share
        )


def _identity(facts: Facts, parts: Parts, numbered: bool) -> Iterator[Candidate]:
    long_text = facts.kind == "text" and (facts.longest or 0) > 80
    fraction = facts.kind == "number" and facts.column.type == "number"
    if facts.count < max(10, 0.5 * parts.learned) or long_text or fraction or facts.kind not in ("text", "number"):
        return
    if facts.distinct != facts.count and not numbered:
        return
    named = facts.column.unique and facts.nulls == 0
    rule = _rule(
        "expect_column_values_to_be_unique",
        "No two rows share a value: it tells rows apart, so a repeated one is a duplicate row or a wrong key.",
        column=facts.name,
    )
    few = "All but a few rows have a value of their own: it tells rows apart, so each that is repeated is a duplicate "
    yield Candidate(
        rule, 10 if named else 9 if numbered else 5, UNIQUE if numbered else 1.0, exceptions=numbered,
        strict="error" if named else "warn", over_all=True, kind="unique",
        implies=frozenset({("range", facts.name), ("mean", facts.name)}), columns=(facts.name,),
        otherwise=few + "row or a wrong key.",
    )  # fmt: skip


def _text(facts: Facts, pattern: tuple[str, float] | None) -> Iterator[Candidate]:
    meaning = facts.column.semantic_type or ""
    if meaning in SEMANTIC:
        what = meaning.replace("_", " ")
        rule = _rule(
            "expect_column_values_to_match_regex",
            f"The values are of the kind '{what}': one of another form cannot be used as such.",
            column=facts.name, regex=SEMANTIC[meaning],
        )  # fmt: skip
        yield Candidate(
            rule, 9, 0.9, strict="error", kind="pattern",
            implies=frozenset({("shape", facts.name), ("length", facts.name)}), columns=(facts.name,),
        )  # fmt: skip
    elif pattern:
        rule = _rule(
            "expect_column_values_to_match_regex",
            f"{_capital(share_of(pattern[1], 'values'))} are written in one form: any other is likely a slip.",
            column=facts.name, regex=pattern[0],
        )  # fmt: skip
        yield Candidate(
            rule, 6, 0.97, exceptions=True, kind="shape", implies=frozenset({("length", facts.name)}),
            columns=(facts.name,), learned=pattern[1],
        )  # fmt: skip
    low, high = facts.shortest or 0, facts.longest or 0
    if low == high and low > 1 and facts.distinct > 5:
        rule = _rule(
            "expect_column_value_lengths_to_equal", f"Every value has {low} characters.", column=facts.name, value=low
        )
        yield Candidate(rule, 4, 1.0, kind="length", columns=(facts.name,))
    elif facts.distinct > 20:
        most = _round_up(high * 1.5 + 1)
        rule = _rule(
            "expect_column_value_lengths_to_be_between",
            f"Values have {low} to {high} characters: an empty or a much longer one is likely two cells run together.",
            column=facts.name, min_value=max(1, low // 2), max_value=most,
        )  # fmt: skip
        yield Candidate(rule, 2, 0.999, exceptions=True, kind="length", columns=(facts.name,))


def _closed_set(facts: Facts) -> Iterator[Candidate]:
    counts = facts.values
    if facts.column.semantic_type in _OPEN or _varied(counts):
        return
    whole = facts.kind == "text" or facts.column.type == "integer"
    if not counts or not whole or facts.count < 20 or facts.distinct > 40 or facts.count < 8 * facts.distinct:
        return
    if facts.kind == "number" and facts.distinct > 12:
        return
    least = max(2, math.ceil(facts.count * 0.002))
    usual = [value for value, count in counts.items() if count >= least]
    share = sum(counts[value] for value in usual) / facts.count
    if not usual or share < 0.95:
        return
    shown = ", ".join(str(value) for value in usual[:4]) + (", ..." if len(usual) > 4 else "")
    rule = _rule(
        "expect_column_values_to_be_in_set",
        f"{_capital(share_of(share, 'values'))} are {f'one of {len(usual)} ({shown})' if len(usual) > 1 else shown}: "
        "any other is likely misspelt, or a new kind.",
        column=facts.name, value_set=sorted(usual, key=lambda value: (str(type(value)), value)),
    )  # fmt: skip
    tight = min(counts[value] for value in usual) >= 5
    yield Candidate(
        rule, 7, 0.95, exceptions=True, strict="error" if tight else "warn", kind="set",
        implies=frozenset((kind, facts.name) for kind in ("shape", "length", "range", "mean")),
        columns=(facts.name,), learned=share,
    )  # fmt: skip


#: Meanings whose next value is rightly a new one, however few were seen.
_OPEN = registry.OPEN


def _varied(counts: dict[Any, int]) -> bool:
    """Whether values differ in case or blanks only: they are to be cleaned before they are a set."""
    return len({" ".join(value.split()).casefold() for value in counts if isinstance(value, str)}) < sum(
        isinstance(value, str) for value in counts
    )


def named_thing(name: str) -> bool:
    """Whether a column's numbers are names of things: their size says nothing."""
    return bool(re.search(r"(?i)(^|[_\W])(id|nr|no|key|code|index)$|[a-z]I[Dd]$", name))


#: Ends that a meaning sets, whatever was seen.
_ENDS = {"latitude": (-90, 90), "longitude": (-180, 180), "percentage": (0, 100)}


def _range(facts: Facts) -> Iterator[Candidate]:
    if facts.distinct < 5 or facts.quantiles is None or named_thing(facts.name):
        return
    low, high = float(facts.low), float(facts.high)
    q01, q05, _, q95, q99 = facts.quantiles
    if facts.column.semantic_type in _ENDS:
        ends = _ENDS[facts.column.semantic_type or ""]
        why = f"A {facts.column.semantic_type} lies between {ends[0]} and {ends[1]}."
        rule = _rule("expect_column_values_to_be_between", why, column=facts.name, min_value=ends[0], max_value=ends[1])
        yield Candidate(rule, 7, 0.95, strict="error", kind="range", columns=(facts.name,))
        return
    spread = max(q99 - q01, (q95 - q05), abs(q99) * 0.01, 1e-9)
    # Far beyond 98 % of values, for the next ones were not all seen; an outlier that was seen does not stretch it.
    top = q99 + 1.5 * spread if high > q99 + 2 * spread else high + 0.5 * spread
    bottom = q01 - 1.5 * spread if low < q01 - 2 * spread else low - 0.5 * spread
    if low >= 0 or (q01 >= 0 and bottom < 0):
        bottom = 0 if low == 0 or bottom <= 0 else bottom
    bottom, top = _nice(bottom, down=True), _nice(top, down=False)
    if facts.column.type == "integer":
        bottom, top = math.floor(bottom), math.ceil(top)
    why = f"Most values are from {_figure(q01)} to {_figure(q99)}: one far outside is likely a slip."
    rule = _rule("expect_column_values_to_be_between", why, column=facts.name, min_value=bottom, max_value=top)
    yield Candidate(rule, 5, 0.99, exceptions=True, kind="range", columns=(facts.name,))


def _mean(facts: Facts) -> Iterator[Candidate]:
    if facts.count < 200 or facts.distinct < 10 or not facts.stddev or facts.mean is None or facts.quantiles is None:
        return
    if named_thing(facts.name):
        return
    middle = facts.quantiles[2]
    if abs(facts.mean - middle) > 0.3 * facts.stddev or facts.high - facts.low > 12 * facts.stddev:
        return  # a long tail: its mean says little from one delivery to the next
    slack = max(0.25 * facts.stddev, 5 * facts.stddev / math.sqrt(facts.count))
    low, high = _nice(facts.mean - slack, down=True), _nice(facts.mean + slack, down=False)
    why = (
        f"The average is about {_figure(facts.mean, 3)} in each part of the rows: a shift says that the unit, or what "
        "is counted, has changed."
    )
    rule = _rule("expect_column_mean_to_be_between", why, column=facts.name, min_value=low, max_value=high)
    yield Candidate(rule, 3, 1.0, kind="mean", columns=(facts.name,))


def _time_range(facts: Facts) -> Iterator[Candidate]:
    if facts.distinct < 5:
        return
    low, high = as_day(facts.low), as_day(facts.high)
    usual = [date(1970, 1, 1) + timedelta(days=round(days)) for days in (facts.quantiles or [])]
    span = max((usual[-1] - usual[0]).days if usual else (high - low).days, 30)
    margin = timedelta(days=max(span // 2, 366))
    try:
        # A date far from nearly all others is what the rule is to find: it does not stretch the range.
        first = max(low, usual[0] - margin) - margin / 2 if usual else low - margin
        last = min(high, usual[-1] + margin) + margin if usual else high + margin
    except OverflowError:
        return
    why = (
        f"Most dates are from {usual[0] if usual else low} to {usual[-1] if usual else high}: "
        "one far off is likely a wrong year."
    )
    rule = _rule(
        "expect_column_values_to_be_between",
        why,
        column=facts.name,
        min_value=first.isoformat(),
        max_value=last.isoformat(),
    )
    yield Candidate(rule, 5, 0.99, exceptions=True, kind="range", columns=(facts.name,))


def of_table(facts: Sequence[Facts], parts: Parts) -> Iterator[Candidate]:
    """Candidates about several columns and about the table."""
    times = [
        one for one in facts if one.kind == "time" and one.count >= max(10, 0.3 * parts.learned) and one.distinct > 2
    ]
    for a, b in combinations(times[:8], 2):
        for first, second in ((a, b), (b, a)):
            if as_day(first.low) > as_day(second.high):
                continue
            rule = _rule(
                "expect_column_pair_values_a_to_be_greater_than_b",
                f"{second.name} is never before {first.name}: the two are in order of time.",
                column_A=second.name, column_B=first.name, or_equal=True, ignore_row_if="either_value_is_missing",
            )  # fmt: skip
            few = f"{second.name} is before {first.name} in very few rows: these have a wrong date."
            yield Candidate(
                rule, 8, IN_ORDER, exceptions=True, kind="order", columns=(first.name, second.name), otherwise=few
            )
    for one in facts:
        if one.count == parts.learned and one.distinct >= max(20, 0.9 * one.count):
            whole = one.kind == "number" and one.column.type == "integer"
            if whole or (one.kind == "time" and one.distinct == one.count):
                rule = _rule(
                    "expect_column_values_to_be_increasing", "Values only rise from row to row: it is their order.",
                    column=one.name,
                )  # fmt: skip
                yield Candidate(rule, 2, 1.0, over_all=True, kind="increasing", columns=(one.name,))


def of_keys(facts: Sequence[Facts], parts: Parts) -> Iterator[Candidate]:
    """Pairs of columns that may tell rows apart where no single one does."""
    able = [
        one for one in facts
        if one.nulls == 0 and 1 < one.distinct < one.count
        and (one.kind in ("text", "time") or one.column.type == "integer") and (one.longest or 0) <= 60
    ]  # fmt: skip
    able.sort(key=lambda one: -one.distinct)
    # Enough pairs of values for all rows, yet so few that some would meet by chance: else any two columns are a "key".
    rows = parts.learned
    pairs = [p for p in combinations(able[:6], 2) if rows <= p[0].distinct * p[1].distinct <= rows * rows / 10]
    for a, b in pairs[:4]:
        names = [one.name for one in facts if one in (a, b)]
        rule = _rule(
            "expect_compound_columns_to_be_unique",
            f"{names[0]} and {names[1]} together tell rows apart: a repeated pair is a duplicate row.",
            column_list=names,
        )
        yield Candidate(rule, 7, 1.0, over_all=True, kind="key", columns=tuple(names))


def share_of(share: float, what: str) -> str:
    """A share in words: `all rows`, `98.7 % of rows`."""
    return f"all {what}" if share == 1 else f"{math.floor(share * 1000) / 10:g} % of {what}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _figure(value: float, digits: int = 6) -> str:
    """A number of so many figures, written out as people write it unless it is very long."""
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.15g}" if abs(rounded) < 1e15 else f"{rounded:.{digits}g}"


def _nice(value: float, down: bool) -> float:
    """The next rounder number below or above: two figures that count."""
    if value == 0 or not math.isfinite(value):
        return value
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    rounded = (math.floor if down else math.ceil)(value / unit) * unit
    return float(f"{rounded:.10g}")


def _round_up(value: float) -> int:
    return int(math.ceil(value / 5) * 5)


def as_day(value: Any) -> date:
    """The day of a date or a point in time."""
    return value.date() if isinstance(value, datetime) else value
