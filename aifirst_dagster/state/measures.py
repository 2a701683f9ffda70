"""What each dataset version came to: counts, score, checks, drift, cost, duration; outlives the version itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, tuple_

from aifirst_dagster.state.tables import measures
from aifirst_dagster.state.upsert import upsert

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State


@dataclass(frozen=True)
class Measure:
    """One dataset version in figures.

    Attributes:
        partition: None for unpartitioned datasets.
        version: The version's name; names sort by the time they were begun.
        score: The quality score; None where nothing was judged.
        dimensions: The score by dimension, of those that were judged.
        rules: For each rule `{id, check, success, severity, unexpected_percent}`; `check` is its asset check's name.
        drifted: None where drift is not watched, and for the baseline itself.
        drift: What the drift report says in a sentence; "" without one.
        cost_usd: What models cost for this version.
        seconds: How long the step took to make it.
    """

    pipeline: str
    step: str
    partition: str | None
    version: str
    run_id: str
    made_at: datetime
    rows_in: int = 0
    rows_out: int = 0
    quarantined: int = 0
    failed: int = 0
    score: float | None = None
    dimensions: dict[str, float] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    drifted: bool | None = None
    drift: str = ""
    cost_usd: float = 0.0
    seconds: float = 0.0


_KEY = ("pipeline", "step", "partition", "version")
_DATASET = (measures.c.pipeline, measures.c.step, measures.c.partition)


class Measures:
    """The table `measures`: one row for each version, so that trends outlive the versions."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, measure: Measure) -> None:
        """Keep a version's measure, in place of an earlier one of the same version."""
        self.add_all([measure])

    def add_all(self, several: Iterable[Measure]) -> None:
        """Keep several, all or none."""
        rows = [{**asdict(one), "partition": one.partition or ""} for one in several]
        if rows:
            with self._state.write() as connection:
                for row in rows:
                    upsert(connection, measures, row, _KEY)

    def of(self, pipeline: str, step: str, partition: str | None = None, last: int = 30) -> list[Measure]:
        """The last versions of a dataset, newest last."""
        query = select(measures).where(*_is(pipeline, step, partition)).order_by(measures.c.version.desc()).limit(last)
        return self._measures(query)[::-1]

    def across(self, pipeline: str, step: str, last: int = 60) -> list[Measure]:
        """The last versions of a step's dataset over all its partitions, newest last."""
        query = select(measures).where(measures.c.pipeline == pipeline, measures.c.step == step)
        return self._measures(query.order_by(measures.c.version.desc()).limit(last))[::-1]

    def newest(self) -> dict[tuple[str, str], tuple[str, datetime]]:
        """For each pipeline and step, over all partitions: its newest version's name, and when it was made."""
        last = func.max(measures.c.version), func.max(measures.c.made_at)
        query = select(measures.c.pipeline, measures.c.step, *last).group_by(measures.c.pipeline, measures.c.step)
        with self._state.read() as connection:
            return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(query)}

    def latest(self) -> list[Measure]:
        """The newest version of every dataset (each partition is one), by pipeline, step and partition."""
        newest = select(*_DATASET, func.max(measures.c.version)).group_by(*_DATASET)
        return self._measures(
            select(measures).where(tuple_(*_DATASET, measures.c.version).in_(newest)).order_by(*_DATASET)
        )

    def versions(self, pipeline: str, step: str, partition: str | None = None) -> set[str]:
        """Names of the versions that are known."""
        query = select(measures.c.version).where(*_is(pipeline, step, partition))
        with self._state.read() as connection:
            return set(connection.execute(query).scalars())

    def purge(self, before: datetime) -> int:
        """Forget versions made before that moment, but for the newest of each dataset; returns how many."""
        newest = select(*_DATASET, func.max(measures.c.version)).group_by(*_DATASET)
        old = delete(measures).where(measures.c.made_at < before, tuple_(*_DATASET, measures.c.version).not_in(newest))
        with self._state.write() as connection:
            return connection.execute(old).rowcount

    def _measures(self, query: Any) -> list[Measure]:
        with self._state.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [Measure(**{**row, "partition": row["partition"] or None}) for row in rows]


def _is(pipeline: str, step: str, partition: str | None) -> tuple[Any, ...]:
    """Conditions for one dataset."""
    return measures.c.pipeline == pipeline, measures.c.step == step, measures.c.partition == (partition or "")
