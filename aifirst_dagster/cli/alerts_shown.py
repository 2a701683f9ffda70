"""Incidents as people read them in a terminal, and as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aifirst_dagster.state.alerts import Alerts, Incident

_FIELDS = (
    "id", "key", "status", "kind", "dataset", "severity", "title", "times", "opened_at", "seen_at", "sent_at",
    "resolved_at", "resolved_by", "why",
)  # fmt: skip


def plain(incident: Incident, alerts: Alerts) -> dict[str, Any]:
    """An incident's own figures, and the mute that silences it."""
    mute = alerts.mutes.of(incident.key, incident.dataset)
    return {
        **{name: getattr(incident, name) for name in _FIELDS},
        "since": incident.alert.get("since"),
        "muted_until": mute.until if mute else None,
    }


def table(answer: dict[str, Any]) -> None:
    """Incidents, mutes and what could not be delivered."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, markup=False)
    if not answer["incidents"]:
        console.print("Nothing is open.")
    else:
        found = Table(box=box.SIMPLE)
        for title in ("opened", "severity", "key", "what", "times"):
            found.add_column(title)
        for one in answer["incidents"]:
            state = "resolved" if one["status"] == "resolved" else "muted" if one["muted_until"] else one["severity"]
            cells = (f"{one['opened_at']:%m-%d %H:%M}", state, one["key"], one["title"], str(one["times"]))
            found.add_row(*(Text(cell) for cell in cells))
        console.print(found)
    for mute in answer["mutes"]:
        until, why = f"{mute['until']:%Y-%m-%d %H:%M}", f": {mute['why']}" if mute["why"] else ""
        console.print(f"muted until {until} UTC by {mute['by']}: {mute['pattern']}{why} (id {mute['id']})")
    for row in answer["undelivered"]:
        console.print(f"{row['id']} to {row['channel']} {row['status']}: {row['error'] or 'not tried yet'}")


def details(answer: dict[str, Any]) -> None:
    """One incident, whole."""
    from aifirst_dagster.observe.alerts import Message

    seen = f"{answer['opened_at']:%Y-%m-%d %H:%M} to {answer['seen_at']:%Y-%m-%d %H:%M} UTC, {answer['times']} times"
    message = Message("", "opened", answer["alert"], answer["seen_at"].isoformat())
    click.echo(f"{answer['key']} ({answer['status']}, {seen})")
    click.echo(f"\n{message.title}\n{message.body}")
    if answer["status"] == "resolved":
        click.echo(f"\nResolved {answer['resolved_at']:%Y-%m-%d %H:%M} UTC: {answer['why']}")
    if answer["muted_until"]:
        click.echo(f"\nMuted until {answer['muted_until']:%Y-%m-%d %H:%M} UTC.")
    for row in answer["messages"]:
        said = f" ({row['error']})" if row["error"] else ""
        click.echo(f"\n{row['event']} to {row['channel']}: {row['status']}{said}")
