"""The questions asked of two sketches: each test with its size, its chance and its words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from aifirst_dagster.quality.drift import statistics, words
from aifirst_dagster.quality.drift.models import FindingKind, Thresholds
from aifirst_dagster.quality.drift.sketch import Baseline, ColumnSketch, Joint, Tally, same_frame
from aifirst_dagster.quality.drift.statistics import Measured


@dataclass(frozen=True)
class Question:
    """One test of a table.

    Attributes:
        least: Effect below which it does not count.
        text: What changed, in words; made where it is a finding.
    """

    kind: FindingKind
    columns: tuple[str, ...]
    test: str
    measured: Measured
    least: float
    text: Callable[[], str]

    @property
    def key(self) -> tuple[str, ...]:
        """The same in every comparison of the dataset."""
        return (self.kind, self.test, *self.columns)


def ask(base: Baseline, new: Baseline, limits: Thresholds, moving: bool = False) -> list[Question]:
    """Every question that two sketches over one frame can answer, in the order of the columns.

    Args:
        base: The sketch compared with.
        new: Made with `like=base`.
        limits: Least effects.
        moving: Time goes on between them, as in deliveries: of times, ages are compared in place of dates.
    """
    asked = []
    for a in base.columns:
        b = new.column(a.name)
        if b is not None:
            asked += list(_of_column(a, b, limits, moving))
    if base.joint is not None and new.joint is not None and base.joint.columns == new.joint.columns:
        asked += list(_of_pairs(base, base.joint, new.joint, limits))
    if (repeats := _repeats(base, new, limits)) is not None:
        asked.append(repeats)
    return asked


def _of_column(a: ColumnSketch, b: ColumnSketch, limits: Thresholds, moving: bool) -> Iterator[Question]:
    name = (a.name,)
    if (nulls := statistics.two_shares(a.nulls, a.rows, b.nulls, b.rows)) is not None:
        yield Question("nulls", name, "two_shares", nulls, limits.null_rate, lambda: words.missing(a, b))
    if not a.count or not b.count or a.kind != b.kind:
        return
    if a.kind in ("category", "flag"):
        yield from _of_categories(a, b, limits)
        return
    dated = a.kind == "time" and moving
    one, two = (a.ages, b.ages) if dated else (a.spread, b.spread)
    if one is not None and two is not None and same_frame(one, two):
        test = "ks_length" if a.kind == "text" else "ks_age" if dated else "ks"
        if (measured := statistics.ks(one.counts, two.counts)) is not None:
            yield Question("distribution", name, test, measured, limits.distance, lambda: words.moved(a, b, dated))
        if (measured := statistics.psi(one.counts, two.counts)) is not None:
            yield Question("distribution", name, "psi", measured, limits.psi, lambda: words.spread(a, b, dated))
        if not dated:
            outside = [counts[0] + counts[-1] for counts in (one.counts, two.counts)]
            if (measured := statistics.unseen(one.total, outside[0], outside[1], two.total)) is not None:
                yield Question("range", name, "outside", measured, limits.new_share, lambda: words.outside(a, b))
    shaped = a.kind == "text" and a.tally is not None and b.tally is not None and same_frame(a.tally, b.tally)
    if shaped and a.tally and b.tally and (measured := _shares(a.tally, b.tally)) is not None:
        yield Question("format", name, "chi_squared", measured, limits.association, lambda: words.shape(a, b))


def _of_categories(a: ColumnSketch, b: ColumnSketch, limits: Thresholds) -> Iterator[Question]:
    name, one, two = (a.name,), a.tally, b.tally
    if one is None or two is None or not same_frame(one, two):
        return
    if (measured := _shares(one, two)) is not None:
        yield Question("distribution", name, "chi_squared", measured, limits.association, lambda: words.moved(a, b))
    if len(one.names) < 1000:
        singles = sum(count == 1 for count in one.counts) + one.others
        if (measured := statistics.unseen(one.total, singles, two.others, two.total)) is not None:
            yield Question("categories", name, "new_values", measured, limits.new_share, lambda: words.fresh(b))


def _shares(one: Tally, two: Tally) -> Measured | None:
    """The shares of the names that would be names whichever of the two the frame had been made from.

    Where the frame is cut, its last names are in it by chance: these go to the rest, else each of them would seem to
    have become rarer.
    """
    last = min(one.counts, default=0) if one.others else 0
    sure = last + 4 * math.sqrt(last) + 4 if one.others else 0.0
    kept = [place for place, count in enumerate(one.counts) if count >= sure]
    first, second = ([tally.counts[place] for place in kept] for tally in (one, two))
    return statistics.chi_squared(first, second, (one.total - sum(first), two.total - sum(second)))


def _of_pairs(base: Baseline, one: Joint, two: Joint, limits: Thresholds) -> Iterator[Question]:
    pairs = [(one.columns[i], one.columns[j]) for j in range(len(one.columns)) for i in range(j)]
    for place, pair in enumerate(pairs):
        r, s = one.correlations[place], two.correlations[place]
        if r is None or s is None:
            continue
        measured = statistics.correlation(r / 1e4, one.pairs[place], s / 1e4, two.pairs[place])
        if measured is not None:
            text = f"the rank correlation of {pair[0]!r} and {pair[1]!r} went from {r / 1e4:.2f} to {s / 1e4:.2f}"
            yield Question("joint", pair, "spearman", measured, limits.correlation, partial(str, text))


def _repeats(base: Baseline, new: Baseline, limits: Thresholds) -> Question | None:
    """More repeated rows than before; in a larger table more rows repeat by chance, as many times more."""
    if not base.examined or not new.examined:
        return None
    grown = max(1.0, new.rows / base.rows) if base.rows else 1.0
    usual = min(base.examined, round(base.duplicates * grown))
    if new.duplicates / new.examined <= usual / base.examined:
        measured = Measured(0.0, 1.0, 0.0, 1.0 / new.examined**2)
    else:
        found = statistics.two_shares(usual, base.examined, new.duplicates, new.examined)
        if found is None:
            return None
        measured = found
    was, now = base.duplicates / base.examined, new.duplicates / new.examined
    text = f"rows that repeat another went from {was:.1%} to {now:.1%}"
    return Question("duplicates", (), "two_shares", measured, limits.duplicates, partial(str, text))
