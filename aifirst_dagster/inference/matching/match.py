"""`match`: a source table onto target columns, plain and made, with what speaks for each and what is left over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aifirst_dagster.inference.matching import composites
from aifirst_dagster.inference.matching.assign import LEAST, Match, assign
from aifirst_dagster.inference.matching.convert import converted
from aifirst_dagster.inference.matching.facts import Facts
from aifirst_dagster.inference.matching.score import Scores, score

if TYPE_CHECKING:
    import duckdb
    import numpy as np


@dataclass
class Found:
    """A target column and what fills it.

    Attributes:
        target: Its name.
        sources: Names of the columns that it is made of.
        expression: Scalar SQL over them; None: the only one as it is.
        confidence: From 0 to 1.
        why: What speaks for it and what is done.
        candidates: The nearest targets of a plain source and their scores.
        filled_by: The source that fills this target better, so that this one is told but not used; None: it is used.
    """

    target: str
    sources: list[str]
    expression: str | None
    confidence: float
    why: str
    candidates: list[tuple[str, float]] = field(default_factory=list)
    filled_by: str | None = None


@dataclass
class Matching:
    """What became of both sides; the leftovers with their nearest columns and scores."""

    found: list[Found]
    unmatched_source: dict[str, list[tuple[str, float]]]
    unmatched_target: dict[str, list[tuple[str, float]]]

    @property
    def used(self) -> list[Found]:
        """What fills a target: one for each target column at most."""
        return [one for one in self.found if one.filled_by is None]


def match(
    con: duckdb.DuckDBPyConnection, relation: str, sources: Sequence[Facts], targets: Sequence[Facts],
    least: float = LEAST, candidates: int = 3,
) -> Matching:  # fmt: skip
    """Match the columns of `relation` with the target's.

    Args:
        con: The session.
        relation: The source's rows, as SQL to select from: each of `sources` under its name.
        sources: Facts of its columns.
        targets: Facts of the target's.
        least: What scores less is no match.
        candidates: Nearest columns to tell for each.
    """
    scores = score(sources, targets)
    plain = assign(scores, least, candidates)
    filled = {one.target: float(scores.total[one.source, one.target]) for one in plain if one.filled_by is None}
    made = composites.compose(con, relation, sources, targets, filled)
    taken, used = {one.target for one in made}, composites.used(made)
    found = [
        Found(targets[one.target].name, list(one.made.sources), one.made.expression, one.confidence, _made(one))
        for one in made
    ]
    for one in plain:
        # What a target is made of needs no second word on that target; nor is a whole name itself a first name.
        if sources[one.source].name not in used or one.target not in taken:
            found.append(_plain(one, scores, sources, targets, taken))
    order = {one.name: at for at, one in enumerate(targets)}
    found.sort(key=lambda one: (order[one.target], one.filled_by is not None))
    matched = {name for one in found for name in one.sources}
    reached = {one.target for one in found}
    return Matching(
        found,
        {one.name: _nearest(scores.total[at], targets, candidates)
         for at, one in enumerate(sources) if one.name not in matched},
        {one.name: _nearest(scores.total[:, at], sources, candidates)
         for at, one in enumerate(targets) if one.name not in reached},
    )  # fmt: skip


def _plain(
    one: Match, scores: Scores, sources: Sequence[Facts], targets: Sequence[Facts], taken: set[int]
) -> Found:  # fmt: skip
    source, target = sources[one.source], targets[one.target]
    expression, done = converted(source, target)
    filler = sources[one.filled_by].name if one.filled_by is not None else None
    if one.target in taken:
        filler = filler or "a column made of others"
    why = [*_speaks(one, scores), *done]
    if filler:
        why.append(f"{filler} fills this target better")
    near = [(targets[at].name, value) for at, value in one.candidates]
    return Found(target.name, [source.name], expression, one.confidence, "; ".join(why), near, filler)


def _speaks(one: Match, scores: Scores) -> list[str]:
    """What speaks for a pair and against it, in words."""
    at = (one.source, one.target)
    said = []
    names, shared, like = scores.names[at], scores.values.shared[at], scores.values.likeness[at]
    if names >= 0.995:
        said.append("the same name")
    elif names >= 0.3:
        said.append(f"names {names:.0%} alike")
    if shared >= 0.2 and like > 0.02:
        said.append(f"{shared:.0%} of its values are known to the target")
    elif like >= 0.2:
        said.append("values spread alike")
    if scores.meaning[at] >= 0.2:
        said.append("alike in meaning")
    if scores.values.against[at] >= 0.3:
        said.append("the values differ")
    return said or ["the nearest there is"]


def _made(one: composites.Composite) -> str:
    share = "no rows to try it on" if one.share is None else f"{one.share:.0%} of the rows come out"
    return f"{one.made.how}; {share}"


def _nearest(scores: np.ndarray, columns: Sequence[Facts], most: int) -> list[tuple[str, float]]:
    """The columns with the highest scores, told where there is anything to tell."""
    order = sorted(range(len(columns)), key=lambda at: (-float(scores[at]), at))[:most]
    return [(columns[at].name, round(float(scores[at]), 3)) for at in order if scores[at] >= 0.15]
