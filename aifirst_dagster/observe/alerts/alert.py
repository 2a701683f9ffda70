"""What an alert says: what changed, since when, what it hits downstream, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from aifirst_dagster.observe.redact import redact

Severity = Literal["warning", "error"]
#: Bounds of what is kept and sent: a check with ten thousand lines to say is cut, not refused.
_LONGEST, _MOST, _TITLE = 4_000, 50, 300


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was: `quality score`, from 0.98, to 0.71."""

    what: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        """The change in one line."""
        if self.before and self.after:
            return f"{self.what}: {self.before} → {self.after}"
        return f"{self.what}: {self.after}" if self.after else self.what


@dataclass(frozen=True)
class Since:
    """Where it was seen first: a dataset version, the run that made it, and when (ISO, UTC)."""

    version: str = ""
    run_id: str = ""
    at: str = ""

    def __str__(self) -> str:
        """As far as known, in one line."""
        parts = [
            self.at,
            f"version {self.version}" if self.version else "",
            f"run {self.run_id}" if self.run_id else "",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Downstream:
    """What is made from the dataset: an asset, or an output with the place that it writes."""

    name: str
    kind: Literal["asset", "output"] = "asset"
    place: str = ""

    def __str__(self) -> str:
        """In one line."""
        return f"{self.name} writes {self.place}" if self.place else self.name


@dataclass(frozen=True)
class Alert:
    """Something that people should hear of.

    Attributes:
        key: Alerts with the same key are the same trouble: `<kind>:<pipeline>/<step>`.
        title: One line.
        text: More on it.
        severity: How bad.
        context: Names and ids: pipeline, step, partition, run_id, check, url.
        kind: What is wrong: score, checks, cost, duration, freshness, quarantine, drift, run; default: from the key.
        dataset: `pipeline/step`, or a pipeline's slug.
        changed: What is not as it was.
        since: Where it was seen first.
        downstream: What it hits.
        todo: What to do, step by step; commands stand in backquotes.
        occurrence: What was looked at (a run's id, a version): the same one reported again counts once.
    """

    key: str
    title: str
    text: str = ""
    severity: Severity = "error"
    context: dict[str, Any] = field(default_factory=dict)
    kind: str = ""
    dataset: str = ""
    changed: Sequence[Change] = ()
    since: Since | None = None
    downstream: Sequence[Downstream] = ()
    todo: Sequence[str] = ()
    occurrence: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, bounded, secrets masked."""
        plain = asdict(self)
        plain["kind"] = self.kind or self.key.partition(":")[0][:20]
        for name in ("changed", "downstream", "todo"):
            plain[name] = list(plain[name])[:_MOST]
        masked: dict[str, Any] = _masked(plain)
        masked["title"] = " ".join(masked["title"].split())[:_TITLE]
        return masked

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Alert:
        """The alert of `to_dict`."""
        since = plain.get("since")
        return cls(
            **{
                **plain,
                "changed": tuple(Change(**one) for one in plain.get("changed", ())),
                "downstream": tuple(Downstream(**one) for one in plain.get("downstream", ())),
                "todo": tuple(plain.get("todo", ())),
                "since": Since(**since) if since else None,
            }
        )


def _masked(value: Any) -> Any:
    """Text without secrets, cut where it is too long; what JSON lacks, as text."""
    if isinstance(value, Mapping):
        return {str(name): _masked(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value if value == value and value not in (float("inf"), float("-inf")) else str(value)
    # NUL is no text to a PostgreSQL server, nor are lone surrogates to any encoder.
    text = redact(str(value)).replace("\x00", " ").encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
