"""Earlier versions as a measure of what is normal: which of them to compare with, like with like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

from aifirst_dagster.quality.drift.sketch import Baseline, Histogram, Joint, Tally, merged, same_frame

#: Versions before thresholds come from history; of one season before it is compared with itself; looked at, at most.
LEAST, SEASON, MOST = 8, 6, 60
_DAY = 86_400.0


@dataclass(frozen=True)
class Past:
    """An earlier version.

    Attributes:
        at: When its data is of: the end of its time window, else when it was made.
    """

    sketch: Baseline
    at: datetime


@dataclass(frozen=True)
class Reference:
    """What a version is compared with, and what is normal among that."""

    sketch: Baseline
    past: tuple[Past, ...]
    text: str


def reference(history: Sequence[Past], at: datetime) -> Reference | None:
    """The earlier versions that are most like one of this moment; None where there are too few to know.

    Versions that follow each other within hours are compared with those of the same hour, daily ones with the same
    weekday, monthly ones with the same month, each where there are enough of them; else with all.
    """
    if len(history) < LEAST:
        return None
    for season, name in _seasons(history, at):
        alike = [past for past in history if past.at.strftime(season) == at.strftime(season)]
        if SEASON <= len(alike) < len(history):
            return _of(alike[-MOST:], f"{min(len(alike), MOST)} earlier versions of {name}")
    recent = history[-MOST:]
    return _of(recent, f"{len(recent)} earlier versions")


def _of(past: Sequence[Past], text: str) -> Reference:
    return Reference(merged([one.sketch for one in past]), tuple(past), text)


def _seasons(history: Sequence[Past], at: datetime) -> list[tuple[str, str]]:
    """What may recur (a form for `strftime`), by the usual distance of the versions, and its name at this moment."""
    moments = sorted(past.at for past in history)
    step = median((b - a).total_seconds() for a, b in pairwise(moments))
    if 1800 <= step <= 0.3 * _DAY:
        return [("%w %H", f"a {at:%A}, {at.hour}:00"), ("%H", f"{at.hour}:00")]
    if 0.3 * _DAY < step <= 3 * _DAY:
        return [("%w", f"a {at:%A}")]
    return [("%m", f"{at:%B}")] if step > 20 * _DAY else []


def without(whole: Baseline, part: Baseline) -> Baseline:
    """The rest of a merged sketch: what one of its versions is compared with."""
    columns = []
    for column in whole.columns:
        one = part.column(column.name)
        if one is None or one.kind != column.kind:
            columns.append(column)
            continue
        left = {
            "count": column.count - one.count,
            "nulls": column.nulls - one.nulls,
            "spread": _less(column.spread, one.spread),
            "ages": _less(column.ages, one.ages),
            "tally": _less(column.tally, one.tally),
        }
        columns.append(column.model_copy(update=left))
    return whole.model_copy(
        update={
            "rows": whole.rows - part.rows,
            "columns": columns,
            "duplicates": whole.duplicates - part.duplicates,
            "examined": whole.examined - part.examined,
            "joint": _apart(whole.joint, part.joint),
        }
    )


def _less(whole: Any, part: Any) -> Any:
    if whole is None or not same_frame(whole, part):
        return whole
    counts = [x - y for x, y in zip(whole.counts, part.counts, strict=True)]
    if isinstance(whole, Histogram):
        return Histogram(edges=whole.edges, counts=counts)
    return Tally(names=whole.names, counts=counts, others=whole.others - part.others)


def _apart(whole: Joint | None, part: Joint | None) -> Joint | None:
    if whole is None or part is None or whole.columns != part.columns:
        return whole
    pairs = [x - y for x, y in zip(whole.pairs, part.pairs, strict=True)]
    correlations: list[int | None] = []
    for place, r in enumerate(whole.correlations):
        one, left = part.correlations[place], pairs[place]
        if r is None or one is None or left <= 0:
            correlations.append(r if left > 0 else None)
        else:
            correlations.append(round((r * whole.pairs[place] - one * part.pairs[place]) / left))
    return Joint(columns=whole.columns, correlations=correlations, pairs=pairs)
