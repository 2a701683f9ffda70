"""`aifirst alerts`: what is open and what was, muting, resolving, digests, and whether messages arrive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.costs import Since
from aifirst_dagster.cli.output import emit, json_option, notice
from aifirst_dagster.errors import InputError

if TYPE_CHECKING:
    from aifirst_dagster.state.alerts import Alerts

_by = click.option("--by", default=None, help="Who says so; default: the user's name.")
_why = click.option("--why", default="", help="Reason, kept with the decision.")


class Until(click.ParamType):
    """A moment to come: an ISO date or time (UTC unless it says otherwise), or a length of time from now: 2h, 3d."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment, in UTC."""
        from aifirst_dagster.observe.age import age

        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.now(UTC) + age(value)
        except ValueError:
            try:
                moment = datetime.fromisoformat(value.strip())
            except ValueError:
                self.fail(f"{value!r} is no length of time (2h, 3d), date or time (2026-11-01T12:00).", param, ctx)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if moment <= datetime.now(UTC):
            self.fail(f"{value!r} is over.", param, ctx)
        return moment


@click.group()
def command() -> None:
    """Alerts: list, show, mute, unmute, resolve, check, digest, test."""


@command.command("list")
@click.option("--all", "every", is_flag=True, help="Resolved ones, too.")
@click.option("--since", type=Since(), help="Only those found or resolved since then: 2026-11-01, 12h, 7d.")
@json_option
def list_(every: bool, since: datetime | None, as_json: bool) -> None:
    """List what is open, what is muted, and what could not be delivered."""
    from aifirst_dagster.cli import alerts_shown as shown

    alerts = _alerts()
    found = alerts.list(None if every or since else "open", since)
    mutes = alerts.mutes.list()
    stuck = [row for row in alerts.messages() if row["status"] != "sent"]
    answer = {
        "incidents": [shown.plain(one, alerts) for one in found],
        "mutes": [vars(mute) for mute in mutes],
        "undelivered": list(stuck),
    }
    emit(answer, as_json, shown.table)


@command.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show an incident by its key or id: what changed, since when, what it hits, what to do, what was sent."""
    from aifirst_dagster.cli import alerts_shown as shown

    alerts = _alerts()
    incident = alerts.get(name)
    if incident is None:
        raise _unknown(alerts, name)
    answer = {**shown.plain(incident, alerts), "alert": incident.alert, "messages": list(alerts.messages(incident.id))}
    emit(answer, as_json, shown.details)


@command.command()
@click.argument("pattern")
@click.option("--until", type=Until(), required=True, help="2h, 3d, or a date or time.")
@_by
@_why
@json_option
def mute(pattern: str, until: datetime, by: str | None, why: str, as_json: bool) -> None:
    """Say nothing about PATTERN until a time: a key, a dataset (pipeline/step), or either with * and ?.

    Incidents go on being recorded; what is still open when the mute ends is told then.
    """
    made = _alerts().mutes.add(pattern, until, by or _user(), why)
    emit({"mute": vars(made)}, as_json, lambda _: click.echo(f"{pattern} is muted until {until:%Y-%m-%d %H:%M} UTC."))


@command.command()
@click.argument("name")
@json_option
def unmute(name: str, as_json: bool) -> None:
    """Take back the mutes of an id or a pattern."""
    ended = _alerts().mutes.end(name)
    if not ended:
        raise InputError(f"Nothing is muted by {name!r}.", hint="`aifirst alerts list` shows the mutes.")
    emit({"mutes": [vars(one) for one in ended]}, as_json, lambda _: click.echo(f"{len(ended)} mutes ended."))


@command.command()
@click.argument("name")
@_by
@_why
@json_option
def resolve(name: str, by: str | None, why: str, as_json: bool) -> None:
    """Resolve an incident by its key or id: it is mended, or from now on normal.

    A score, cost or duration is judged from then on against the versions since the incident began.
    """
    from aifirst_dagster.cli import alerts_shown as shown
    from aifirst_dagster.observe.alerts import resolve as resolve_

    alerts = _alerts()
    incident = alerts.get(name)
    if incident is None or incident.status != "open":
        raise _unknown(alerts, name)
    who = by or _user()
    resolve_(incident.key, alerts, why or f"Resolved by {who}.", who)
    done = alerts.get(incident.id)
    assert done is not None
    emit(shown.plain(done, alerts), as_json, lambda _: click.echo(f"{incident.key} is resolved."))


@command.command()
@json_option
def check(as_json: bool) -> None:
    """Look at all datasets now, as the sensors do, and send what waits; for cron where no daemon runs.

    Runs and their checks are looked at, too, but for those that a daemon has seen.
    """
    from aifirst_dagster.cli.alerts_look import look_now

    came, runs = look_now()
    emit(
        {**{name: value for name, value in vars(came).items() if name != "open"}, "runs": runs}, as_json,
        lambda said: click.echo(
            f"{said['judged']} datasets and {said['runs']} runs judged, {len(said['told'])} alerts, "
            f"{len(said['resolved'])} resolved; {said['sent']} messages sent, {said['waiting']} wait."
        ),
    )  # fmt: skip


@command.command()
@click.option("--since", type=Since(), default="1d", show_default=True, help="What it covers: 1d, 7d, or a date.")
@click.option("--send", is_flag=True, help="Send it to the channels, too.")
@json_option
def digest(since: datetime, send: bool, as_json: bool) -> None:
    """Sum up: what is open, what was resolved, scores down and up, cost."""
    from aifirst_dagster.cli.alerts_look import digest_since

    made, sent = digest_since(since, send)
    emit({**made.to_dict(), "sent": sent}, as_json, lambda _: click.echo(made.text))


@command.command()
@json_option
def test(as_json: bool) -> int:
    """Send a test message to every channel that the environment names, and say what came of it."""
    from aifirst_dagster.cli.alerts_look import test_channels

    found = test_channels()
    if not found:
        notice("No channel is set up: alerts go to the log only. docs/monitoring.md names the variables.")
    emit({"channels": found}, as_json, _tested)
    return 0 if all(one["state"] == "sent" for one in found) else 3


def _tested(answer: dict[str, Any]) -> None:
    for one in answer["channels"]:
        click.echo(f"{one['channel']}: {one['state']}{': ' + one['error'] if one['error'] else ''}")


def _alerts() -> Alerts:
    import aifirst_dagster.state as state_package
    from aifirst_dagster.project import Project

    return state_package.open(Project.find()).alerts


def _user() -> str:
    import getpass

    return getpass.getuser()


def _unknown(alerts: Alerts, name: str) -> InputError:
    from difflib import get_close_matches

    near = get_close_matches(name, [one.key for one in alerts.list()], n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "`aifirst alerts list` shows what is open."
    return InputError(f"There is no open incident {name!r}.", hint=hint)
