"""What a report says, as plain data: gathered once, shown as HTML, Markdown or JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from aifirst_dagster.inference.profile import ColumnProfile

Status = Literal["good", "warn", "bad", "none"]


@dataclass(frozen=True)
class Repair:
    """One kind of repair that was made: how many cells, and what became of a few of them."""

    step: str
    column: str
    action: str
    rows: int
    reason: str = ""
    examples: list[list[Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Aside:
    """Rows in quarantine: how many for each reason, and some of them.

    Attributes:
        reasons: `{step, reason, rows}`, the most frequent first.
        rows: `{step, where, reason, values}`.
    """

    total: int = 0
    reasons: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Point:
    """A version in the trend."""

    label: str
    score: float | None
    dimensions: dict[str, float]
    rows: int
    quarantined: int
    drifted: bool | None
    cost_usd: float
    seconds: float


@dataclass
class Content:
    """A report.

    Attributes:
        title: What it is about.
        about: A sentence on the dataset; "" where none is known.
        facts: Small facts below the title, `(name, value)`.
        status: How it stands, in a word.
        verdict: How it stands, in a sentence.
        remarks: What has to be known to read the figures.
        score: None where nothing was judged.
        explained: Each judged dimension, see `quality.score.explained`.
        heat: Column -> dimension -> score.
        rules: Verdicts as plain data, the worst first, with `dimension`, `share` and `told` (what it says in words).
        trend: Versions, the oldest first; this one is the last.
        drift: The version's drift report, or None.
        shifts: Of columns that drifted: `{name, kind, labels, before, after}`, shares for the same bins.
        columns: Profiles, in order.
        notes: Column -> description.
        sampled: Rows that the profile was taken from, where that is not all of them.
        lineage: Steps from source to here, `{step, rows_in, rows_out, quarantined, seconds, cost_usd}`.
        provenance: `(name, value)`.
    """

    title: str
    about: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    status: Status = "none"
    verdict: str = ""
    remarks: list[str] = field(default_factory=list)
    rows: int = 0
    rows_in: int = 0
    cost_usd: float = 0.0
    score: float | None = None
    threshold: float | None = None
    self_learned: bool = False
    explained: list[dict[str, Any]] = field(default_factory=list)
    heat: dict[str, dict[str, float]] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    trend: list[Point] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    aside: Aside = field(default_factory=Aside)
    anomalies: dict[str, Any] | None = None
    drift: dict[str, Any] | None = None
    shifts: list[dict[str, Any]] = field(default_factory=list)
    columns: list[ColumnProfile] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    sampled: int | None = None
    lineage: list[dict[str, Any]] = field(default_factory=list)
    provenance: list[tuple[str, str]] = field(default_factory=list)

    @property
    def failing(self) -> list[dict[str, Any]]:
        """Rules that count and do not hold."""
        return [rule for rule in self.rules if rule["status"] == "active" and rule["success"] is not True]

    def to_dict(self) -> dict[str, Any]:
        """As `aifirst report --json` prints it."""
        plain = {name: value for name, value in asdict(self).items() if name != "columns"}
        return {**plain, "columns": [column.model_dump(mode="json") for column in self.columns]}
