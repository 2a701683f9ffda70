"""One-to-many and many-to-one: columns that could be made, tried on the rows and scored as if they stood there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.inference.matching.facts import Facts, gather
from aifirst_dagster.inference.matching.score import score
from aifirst_dagster.inference.matching.virtual import Virtual, joins, parts
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb
    import numpy as np

#: A made column has to come out for this share of its sources' rows, and to score so high.
COMES_OUT, LEAST = 0.8, 0.6
#: What a made column needs above a plain one for the same target, and above other targets for itself.
BETTER = 0.05
#: More made columns than this are not tried.
MOST = 400


@dataclass(frozen=True)
class Composite:
    """A target column that is made of one part of a source column, or of several source columns.

    Attributes:
        target: Place of the target column.
        made: How.
        confidence: From 0 to 1.
        share: Of the rows with source values, those that come out; None where there are no rows.
    """

    target: int
    made: Virtual
    confidence: float
    share: float | None


def compose(
    con: duckdb.DuckDBPyConnection, relation: str, sources: Sequence[Facts], targets: Sequence[Facts],
    filled: dict[int, float],
) -> list[Composite]:  # fmt: skip
    """Targets that made columns fill better than the plain ones do.

    Args:
        con: The session.
        relation: The source's rows, as SQL to select from.
        sources: Its columns.
        targets: The target's.
        filled: Target -> score of the plain match that fills it.
    """
    virtual = [one for facts in sources for one in parts(facts)] + list(joins(sources))
    if not virtual or len(virtual) > MOST or not targets:
        return []
    tried = _tried(con, relation, sources, virtual)
    if not tried:
        return []
    scores = score([facts for _, facts, _ in tried], targets)
    total = scores.total
    for at, (one, *_) in enumerate(tried):
        if not one.by_name:  # its name is ours: only values speak
            total[at] = scores.values.likeness[at] * (scores.values.shared[at] >= 0.5)
    return _chosen(tried, total, filled)


def _tried(
    con: duckdb.DuckDBPyConnection, relation: str, sources: Sequence[Facts], virtual: Sequence[Virtual]
) -> list[tuple[Virtual, Facts, float | None]]:
    """The made columns that come out for nearly all rows that they could come out for."""
    made = ", ".join(f"{one.expression} AS v{at}" for at, one in enumerate(virtual))
    columns = [Column(name=f"v{at}", source_name=one.name, type=one.type) for at, one in enumerate(virtual)]
    held = {one.name: one.cells for one in sources}
    found = []
    for one, facts in zip(virtual, gather(con, f"(SELECT {made} FROM {relation})", columns), strict=True):
        facts.column = facts.column.model_copy(update={"name": one.name})
        possible = min(held[name] for name in one.sources)
        share = min(1.0, facts.cells / possible) if possible else None
        if share is None or share >= COMES_OUT:
            found.append((one, facts, share))
    return found


def _chosen(
    tried: Sequence[tuple[Virtual, Facts, float | None]], total: np.ndarray, filled: dict[int, float]
) -> list[Composite]:
    """The best made column for each target; parts of one whole only where two at least are of use."""
    pairs = sorted(
        (
            (-float(total[at, to]), at, to)
            for at in range(total.shape[0])
            for to in range(total.shape[1])
            if total[at, to] >= LEAST and total[at, to] >= filled.get(to, 0.0) + BETTER
        ),
    )
    taken: set[int] = set()
    used: set[int] = set()
    found: list[tuple[int, Composite]] = []
    for negative, at, to in pairs:
        if to not in taken and at not in used:
            taken.add(to)
            used.add(at)
            one, _, share = tried[at]
            sure = -negative * 0.95 * (0.9 if share is None else share)
            found.append((at, Composite(to, one, round(sure, 3), share)))
    wholes = [composite.made.whole for _, composite in found]
    return [composite for _, composite in found if not composite.made.whole or wholes.count(composite.made.whole) > 1]


def used(composites: Sequence[Composite]) -> set[str]:
    """Names of the source columns that composites are made of."""
    return {name for composite in composites for name in composite.made.sources}
