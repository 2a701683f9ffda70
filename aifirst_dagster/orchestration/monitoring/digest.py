"""A period in one message: what is open, what was resolved, scores down and up, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aifirst_dagster.observe.age import shown
from aifirst_dagster.observe.alerts import Alert, Message, deliver
from aifirst_dagster.observe.alerts.channels import channels
from aifirst_dagster.observe.alerts.sending import log

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

#: Changes of a score below it are not worth a line.
LEAST = 0.005
_MOST = 10


@dataclass(frozen=True)
class Digest:
    """What happened in a period.

    Attributes:
        since: Its begin (ISO, UTC).
        until: Its end.
        open: `{key, title, opened_at, times, severity}` of what is open, the oldest first.
        resolved: `{key, title, opened_at, resolved_at, why}` of what was resolved in it.
        scores: `{dataset, before, after}` where a score changed, the deepest fall first.
        versions: How many dataset versions were made.
        cost_usd: What models cost.
        costs: `{pipeline, cost_usd}`, dearest first.
    """

    since: str
    until: str
    open: Sequence[dict[str, Any]]
    resolved: Sequence[dict[str, Any]]
    scores: Sequence[dict[str, Any]]
    versions: int
    cost_usd: float
    costs: Sequence[dict[str, Any]]

    @property
    def title(self) -> str:
        """In a line."""
        count = len(self.open)
        return f"{count} open, {len(self.resolved)} resolved, {self.versions} versions made, ${self.cost_usd:,.2f}"

    @property
    def text(self) -> str:
        """All of it, in plain lines."""
        now = datetime.fromisoformat(self.until)
        parts = [f"{self.since[:16]} to {self.until[:16]} UTC: {self.title}."]
        parts += _listed("Open", [
            f"[{one['severity']}] {one['title']} (for {shown(now - datetime.fromisoformat(one['opened_at']))}, "
            f"{one['key']})" for one in self.open
        ])  # fmt: skip
        parts += _listed("Resolved", [f"{one['title']} ({one['why']})" for one in self.resolved])
        falls = [one for one in self.scores if one["after"] < one["before"]]
        rises = [one for one in reversed(self.scores) if one["after"] > one["before"]]
        for heading, changed in (("Scores down", falls), ("Scores up", rises)):
            lines = [f"{one['dataset']}: {one['before']:.3f} → {one['after']:.3f}" for one in changed]
            parts += _listed(heading, lines)
        parts += _listed("Cost", [f"{one['pipeline']}: ${one['cost_usd']:,.4f}" for one in self.costs])
        return "\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def digest(state: State, since: datetime, until: datetime | None = None) -> Digest:
    """What happened since then."""
    from aifirst_dagster.state.spend import spend

    now = until or datetime.now(UTC)
    open_ = sorted(state.alerts.list("open"), key=lambda one: one.opened_at)
    done = [one for one in state.alerts.list("resolved", since) if one.resolved_at and one.resolved_at >= since]
    costs = [
        {"pipeline": row["pipeline"] or "bare files", "cost_usd": round(row["cost_usd"], 6)}
        for row in spend(state, ["pipeline"], since) if row["cost_usd"] > 0
    ]  # fmt: skip
    scores, versions = _scores(state, since, now)
    return Digest(
        since=since.isoformat(timespec="seconds"),
        until=now.isoformat(timespec="seconds"),
        open=[{"key": one.key, "title": one.title, "opened_at": one.opened_at.isoformat(), "times": one.times,
               "severity": one.severity} for one in open_],
        resolved=[{"key": one.key, "title": one.title, "opened_at": one.opened_at.isoformat(),
                   "resolved_at": one.resolved_at.isoformat() if one.resolved_at else "", "why": one.why or ""}
                  for one in done],
        scores=scores,
        versions=versions,
        cost_usd=round(sum(one["cost_usd"] for one in costs), 6),
        costs=costs,
    )  # fmt: skip


def send_digest(state: State, made: Digest, ident: str) -> bool:
    """Queue a digest under an id, and deliver; False where one of that id was sent before."""
    alert = Alert(f"digest:{ident}", made.title, made.text, severity="warning", kind="digest")
    message = Message(ident, "digest", alert.to_dict(), made.until, extra={"digest": made.to_dict()})
    if not state.alerts.queue(message, list(channels())):
        return False
    log(message)
    deliver(state.alerts)
    return True


def _scores(state: State, since: datetime, until: datetime) -> tuple[list[dict[str, Any]], int]:
    """Where a score changed: the last one before the period beside the last one in it; and how many versions."""
    from sqlalchemy import select

    from aifirst_dagster.state.tables import measures

    columns = measures.c.pipeline, measures.c.step, measures.c.partition, measures.c.score, measures.c.made_at
    inside = select(*columns).where(measures.c.made_at >= since, measures.c.made_at <= until)
    with state.read() as connection:
        made = connection.execute(inside.order_by(measures.c.made_at, measures.c.version)).all()
        last = {(row.pipeline, row.step): row for row in made if row.score is not None}
        found = []
        for (pipeline, step), row in last.items():
            earlier = select(measures.c.score).where(
                measures.c.pipeline == pipeline, measures.c.step == step, measures.c.made_at < since,
                measures.c.score.is_not(None),
            )  # fmt: skip
            before = connection.execute(earlier.order_by(measures.c.made_at.desc()).limit(1)).scalar()
            if before is not None and abs(row.score - before) >= LEAST:
                found.append({"dataset": f"{pipeline}/{step}", "before": before, "after": row.score})
    return sorted(found, key=lambda one: one["after"] - one["before"]), len(made)


def _listed(heading: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"- and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
    return ["", f"{heading}:", *(f"- {line}" for line in lines[:_MOST]), *more]
