"""One message as all channels have it: an incident opened, still open or resolved, a digest, or a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from aifirst_dagster.observe.alerts.alert import Alert

Event = Literal["opened", "updated", "resolved", "digest", "test"]
_MARK = {"updated": "still open", "resolved": "resolved", "digest": "digest", "test": "test"}


@dataclass(frozen=True)
class Message:
    """What goes out.

    Attributes:
        id: The same for each attempt, and for each channel: receivers may drop what they have.
        event: What happened to the incident.
        alert: `Alert.to_dict()`.
        at: When it was composed (ISO, UTC).
        incident: The incident's id; "" for digests and tests.
        times: How often the trouble was found.
        opened_at: When the incident was opened.
        why: Why it is resolved.
    """

    id: str
    event: Event
    alert: Mapping[str, Any]
    at: str
    incident: str = ""
    times: int = 1
    opened_at: str = ""
    why: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """What stands in brackets before the title: the severity, or what became of the incident."""
        return _MARK.get(self.event) or str(self.alert["severity"])

    @property
    def title(self) -> str:
        """The title with its mark, on one line."""
        return f"[{self.mark}] {self.alert['title']}"

    @property
    def said(self) -> Alert:
        """The alert."""
        return Alert.from_dict(self.alert)

    @property
    def sections(self) -> list[tuple[str, list[str]]]:
        """What stands below the title: heading and lines, in order; headings may be empty."""
        alert, found = self.said, []
        if self.event == "resolved" and self.why:
            found.append(("", [self.why]))
        if alert.text:
            found.append(("", alert.text.split("\n")))
        if self.event == "updated":
            found.append(("", [f"Found {self.times} times since {self.opened_at}."]))
        if alert.changed:
            found.append(("What changed", [str(one) for one in alert.changed]))
        if alert.since and str(alert.since):
            found.append(("Since", [str(alert.since)]))
        if alert.downstream:
            found.append(("Hits downstream", [str(one) for one in alert.downstream]))
        if alert.todo and self.event != "resolved":
            found.append(("What to do", list(alert.todo)))
        return found

    @property
    def body(self) -> str:
        """The sections as plain text."""
        parts = []
        for heading, lines in self.sections:
            parts.append("\n".join([f"{heading}:", *(f"- {line}" for line in lines)] if heading else lines))
        return "\n\n".join(parts)

    def payload(self) -> dict[str, Any]:
        """What a webhook gets. `text` makes it readable as it is in Mattermost and Teams."""
        alert = dict(self.alert)
        return {
            "text": self.title + (f"\n{self.body}" if self.body else ""),
            **{name: alert.get(name) for name in ("key", "title", "severity", "context")},
            "at": self.at,
            "id": self.id,
            "event": self.event,
            "incident": self.incident,
            "times": self.times,
            **{name: alert.get(name) for name in ("kind", "dataset", "changed", "since", "downstream", "todo")},
            **({"opened_at": self.opened_at} if self.opened_at else {}),
            **({"why": self.why} if self.why else {}),
            **self.extra,
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the outbox."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Message:
        """The message of `to_dict`."""
        return cls(**plain)
