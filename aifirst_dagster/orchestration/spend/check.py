"""Do estimates hold? Compared with the bills of the same calls, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aifirst_dagster.orchestration.spend.tables import dollars, table

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

#: How far an estimate may be off, either way: twice or half. Below so many dollars nobody minds.
FACTOR, LEAST_USD = 2.0, 0.01


@dataclass(frozen=True)
class Compared:
    """Estimates beside bills.

    Attributes:
        off: Steps whose estimate is off by more than `FACTOR`: `{pipeline, step, model, calls, ...}`.
        rows: All steps.
        over: Calls that cost more than was reserved for them: caps may not have held.
    """

    off: Sequence[dict[str, Any]]
    rows: Sequence[dict[str, Any]]
    over: int

    @property
    def passed(self) -> bool:
        """Whether estimates hold, and every reservation did."""
        return not self.off and not self.over

    @property
    def said(self) -> str:
        """The finding in a sentence."""
        if self.over:
            return f"{self.over} calls cost more than was reserved for them: a cap may not have held."
        if not self.rows:
            return "No call with an estimate and a bill yet."
        if self.off:
            return f"{len(self.off)} of {len(self.rows)} estimates are off by more than {FACTOR:g} times."
        return f"All {len(self.rows)} estimates are within {FACTOR:g} times of the bills."

    def markdown(self) -> str:
        """Every step's estimate beside its bill."""
        lines = [
            [row["pipeline"] or "-", row["step"] or "-", row["model"], dollars(row["compared_estimate_usd"]),
             dollars(row["compared_cost_usd"]), f"{ratio(row):.2f}"]
            for row in self.rows
        ]  # fmt: skip
        return table(["pipeline", "step", "model", "estimated", "billed", "billed / estimated"], lines)


def compare(state: State, since: datetime) -> Compared:
    """Estimates and bills of the calls since then."""
    from aifirst_dagster.state.spend import over_reserved, spend

    rows = [row for row in spend(state, ["pipeline", "step", "model"], since) if row["compared_estimate_usd"] > 0]
    off = [
        row
        for row in rows
        if max(row["compared_cost_usd"], row["compared_estimate_usd"]) >= LEAST_USD
        and not 1 / FACTOR <= ratio(row) <= FACTOR
    ]
    return Compared(off, rows, over_reserved(state, since))


def ratio(row: dict[str, Any]) -> float:
    """Billed dollars for each estimated one."""
    return float(row["compared_cost_usd"] / row["compared_estimate_usd"])
