"""What the dashboard shows, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aifirst_dagster.observe.age import shown
from aifirst_dagster.orchestration.monitoring.judge import set_aside

if TYPE_CHECKING:
    from aifirst_dagster.state.alerts import Incident
    from aifirst_dagster.state.database import State
    from aifirst_dagster.state.measures import Measure

DAYS, VERSIONS = 30, 30
_RANK = {"error": 2, "warning": 1}


@dataclass(frozen=True)
class Dataset:
    """One dataset and its last versions, newest last.

    Attributes:
        cost_usd: What models cost for its versions in the last days.
        alerts: Its open incidents.
    """

    name: str
    history: Sequence[Measure]
    cost_usd: float
    alerts: Sequence[Incident]

    @property
    def newest(self) -> Measure:
        """Its newest version."""
        return self.history[-1]

    @property
    def scores(self) -> list[tuple[datetime, float]]:
        """The scores that there are."""
        return [(one.made_at, one.score) for one in self.history if one.score is not None]

    @property
    def aside(self) -> float:
        """The share of the newest version's rows that were set aside or failed."""
        return set_aside(self.newest) or 0.0

    @property
    def level(self) -> str:
        """good, warn or bad, by its open incidents, drift and failed rules."""
        worst = max((_RANK.get(one.severity, 1) for one in self.alerts), default=0)
        return ("warn" if self.newest.drifted else "good", "warn", "bad")[worst]

    def age(self, now: datetime) -> str:
        """How old its newest version is."""
        return shown(max(now - self.newest.made_at, timedelta()))

    def row(self) -> dict[str, Any]:
        """Its row in the asset's own dataset."""
        one = self.newest
        failed = [rule for rule in one.rules if rule.get("success") is False]
        return {
            "dataset": self.name, "partition": one.partition, "version": one.version, "run_id": one.run_id,
            "made_at": one.made_at, "rows_in": one.rows_in, "rows_out": one.rows_out, "quarantined": one.quarantined,
            "failed": one.failed, "score": one.score, "drifted": one.drifted, "drift": one.drift,
            "rules": len(one.rules),
            "rules_failed": sum(rule.get("status") not in ("muted", "proposed") for rule in failed),
            "seconds": one.seconds, "cost_usd": one.cost_usd, f"cost_usd_{DAYS}_days": self.cost_usd,
            "open_alerts": len(self.alerts),
        }  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """All of it.

    Attributes:
        costs: US dollars by (day, pipeline), from the ledger.
        incidents: What is open, the worst and oldest first.
        resolved: How many were resolved in the last days.
    """

    now: datetime
    datasets: Sequence[Dataset]
    costs: dict[tuple[str, str], float]
    incidents: Sequence[Incident]
    resolved: int

    @property
    def cost_usd(self) -> float:
        """Of the last days."""
        return sum(self.costs.values())

    @property
    def scored(self) -> list[Dataset]:
        """Datasets that have a score, the lowest first."""
        found = [one for one in self.datasets if one.newest.score is not None]
        return sorted(found, key=lambda one: one.newest.score or 0.0)

    @property
    def ordered(self) -> list[Dataset]:
        """Datasets, those with trouble first."""
        rank = {"bad": 0, "warn": 1, "good": 2}
        return sorted(self.datasets, key=lambda one: (rank[one.level], one.name))

    @property
    def drifted(self) -> int:
        """How many datasets' newest versions drifted."""
        return sum(one.newest.drifted is True for one in self.datasets)


def facts(state: State, now: datetime) -> Facts:
    """What there is to show."""
    from aifirst_dagster.state.spend import spend

    since = (now - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    open_ = sorted(state.alerts.list("open"), key=lambda one: (-_RANK.get(one.severity, 1), one.opened_at))
    datasets = []
    for pipeline, step in sorted(state.measures.newest()):
        history = state.measures.across(pipeline, step, VERSIONS)
        name = f"{pipeline}/{step}"
        alerts = [one for one in open_ if one.dataset == name or one.dataset.startswith(f"{name}[")]
        cost = sum(one.cost_usd for one in history if one.made_at >= since)
        datasets.append(Dataset(name, history, cost, alerts))
    costs = {(row["day"], row["pipeline"] or "bare files"): row["cost_usd"] + row["open_usd"]
             for row in spend(state, ["day", "pipeline"], since)}  # fmt: skip
    resolved = sum(1 for one in state.alerts.list("resolved", since) if one.resolved_at and one.resolved_at >= since)
    return Facts(now, datasets, costs, open_, resolved)
