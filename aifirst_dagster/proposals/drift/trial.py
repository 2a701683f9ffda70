"""Explanations of a drift on trial: a factor must be seen in the quantiles, rows explain what they are said to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import SOURCE
from aifirst_dagster.proposals.drift.proposal import DriftClaim
from aifirst_dagster.proposals.verdict import Claim
from aifirst_dagster.quality.drift import Baseline, ColumnSketch, DriftReport
from aifirst_dagster.quality.drift.causes import tried
from aifirst_dagster.quality.drift.sketch import POINTS

if TYPE_CHECKING:
    import duckdb

#: How far the quantiles may lie from what is claimed; how much of a column's values must have been there before.
NEAR, COMMON = 0.2, 0.5
_MIDDLE = (0.25, 0.5, 0.75)


class Trial:
    """Tries what is said of one comparison."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        base: Baseline,
        new: Baseline,
        report: DriftReport,
        again: Callable[[str], DriftReport],
    ) -> None:
        self._con, self._relation, self._base, self._new = con, relation, base, new
        self._report, self._again = report, again

    def claim(self, said: DriftClaim) -> Claim:
        """One claim with its state and what was counted for it."""
        value = {"scaled": f"x {said.amount:g}", "moved": f"+ {said.amount:g}", "renamed": said.to, "rows": said.to}
        claim = Claim(subject=said.column, what=said.kind, value=value[said.kind][:80], state="failed")
        if said.kind == "rows":
            return self._rows(said, claim)
        a, b = self._base.column(said.column), self._new.column(said.to if said.kind == "renamed" else said.column)
        if a is None or b is None:
            claim.evidence = f"There is no such column {'before' if a is None else 'now'}."
            return claim
        return self._renamed(a, b, claim) if said.kind == "renamed" else self._changed(said, a, b, claim)

    def _rows(self, said: DriftClaim, claim: Claim) -> Claim:
        drifted = {column.name for column in self._report.columns if column.drifted}
        if said.column != SOURCE and self._new.column(said.column) is None:
            claim.evidence = "There is no such column now."
            return claim
        found = tried(self._con, self._relation, self._report, self._again, said.column, [said.to])
        explained = set(found.columns) if found else set()
        wanted = set(said.columns) - {said.column}
        claim.evidence = f"Without these rows {', '.join(sorted(explained)) or 'no column'} would not have drifted."
        claim.state = "tested" if wanted and wanted <= explained and wanted <= drifted else "failed"
        return claim

    def _changed(self, said: DriftClaim, a: ColumnSketch, b: ColumnSketch, claim: Claim) -> Claim:
        """Whether the middle of the numbers is where the change would have moved it."""
        if a.kind != "number" or b.kind != "number" or not a.points or not b.points:
            claim.evidence = "It does not hold numbers of many values in both."
            return claim
        was, now = ([column.points[POINTS.index(point)] for point in _MIDDLE] for column in (a, b))
        if said.kind == "scaled":
            found = [y / x if x else 0.0 for x, y in zip(was, now, strict=True)]
        else:
            found = [y - x for x, y in zip(was, now, strict=True)]
        sign = "x" if said.kind == "scaled" else "+"
        claim.evidence = f"The quarters of its values went {', '.join(f'{sign} {one:.4g}' for one in found)}."
        near = all(abs(one - said.amount) <= NEAR * abs(said.amount) for one in found)
        claim.state = "tested" if near and said.amount not in (0.0, 1.0 if said.kind == "scaled" else 0.0) else "failed"
        return claim

    def _renamed(self, a: ColumnSketch, b: ColumnSketch, claim: Claim) -> Claim:
        """Whether one column went, the other came, and they hold the same kind of values."""
        if self._new.column(a.name) is not None or self._base.column(b.name) is not None:
            claim.evidence = "One of them is in both deliveries."
        elif a.kind != b.kind:
            claim.evidence = f"One holds {a.kind} values, the other {b.kind} values."
        else:
            share = _common(a, b)
            claim.evidence = f"They have {share:.0%} of their values or range in common."
            claim.state = "tested" if share >= COMMON else "failed"
        return claim


def _common(a: ColumnSketch, b: ColumnSketch) -> float:
    """How much of the range, or of the values, two columns share."""
    if a.kind in ("category", "flag") and a.tally and b.tally:
        known = set(a.tally.names)
        return sum(n for name, n in zip(b.tally.names, b.tally.counts, strict=True) if name in known) / max(1, b.count)
    if not a.points or not b.points:
        return 0.0
    low, high = POINTS.index(0.05), POINTS.index(0.95)
    both = min(a.points[high], b.points[high]) - max(a.points[low], b.points[low])
    all_ = max(a.points[high], b.points[high]) - min(a.points[low], b.points[low])
    return max(0.0, both / all_) if all_ else 1.0
