"""What `aifirst alerts check|digest|test` does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aifirst_dagster.orchestration.monitoring.digest import Digest
    from aifirst_dagster.orchestration.monitoring.tick import Looked


def look_now() -> tuple[Looked, int]:
    """One look at every dataset, with Dagster's own records where schedules matter, and at runs that no daemon saw.

    Returns:
        What the look came to, and how many runs were looked at.
    """
    import functools

    import aifirst_dagster.state as state_package
    from aifirst_dagster.cli.output import notice
    from aifirst_dagster.orchestration.alerts import ran_since
    from aifirst_dagster.orchestration.monitoring.tick import look
    from aifirst_dagster.orchestration.storage import dagster_home, open_instance
    from aifirst_dagster.orchestration.unwatched import look_at_runs
    from aifirst_dagster.pipelines.load import Broken, Loaded, load_folder
    from aifirst_dagster.project import Project

    project = Project.find()
    found = load_folder(project.pipelines)
    for one in found:
        if isinstance(one, Broken):
            notice(f"{one.path} is left out: it holds no valid pipeline.")
    pipelines = [one.spec for one in found if isinstance(one, Loaded)]
    dagster_home(project)
    with open_instance() as instance:
        state, on_schedule = state_package.open(project), functools.partial(ran_since, instance)
        runs, told, over = look_at_runs(project, state, instance, pipelines)
        came = look(project, state, pipelines, on_schedule=on_schedule)
        came.told, came.resolved = told + came.told, over + came.resolved
        return came, runs


def digest_since(since: datetime, send: bool) -> tuple[Digest, bool]:
    """The digest, and whether it was sent."""
    import aifirst_dagster.state as state_package
    from aifirst_dagster.orchestration.monitoring.digest import digest, send_digest
    from aifirst_dagster.project import Project

    state = state_package.open(Project.find())
    made = digest(state, since)
    now = datetime.now(UTC)
    return made, send and send_digest(state, made, f"digest-{now:%Y%m%dT%H%M%S%f}")


def test_channels() -> list[dict[str, Any]]:
    """A test message to each channel: what came of it."""
    import secrets

    from aifirst_dagster.observe.alerts import Alert, Message
    from aifirst_dagster.observe.alerts.channels import channels

    alert = Alert("test:aifirst", "This is a test", "Alerts of aifirst-dagster reach this channel.", severity="warning")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    message = Message(f"test-{secrets.token_hex(5)}", "test", alert.to_dict(), now)
    found = []
    for name, channel in channels().items():
        outcome = channel.send(message)
        found.append({"channel": name, "state": outcome.state, "error": outcome.error})
    return found
