"""What waits goes out: a channel that is down loses nothing, and a message is sent once.

A message is leased before it is sent and marked after. A process killed between the two leaves the lease to run out:
then the message goes out once more, under the same id. Nothing else sends twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.observe.alerts.channels import Channel, channels
from aifirst_dagster.observe.alerts.http import Outcome
from aifirst_dagster.observe.alerts.message import Message

#: Seconds before the next attempt, doubled each time, and the most of them; a channel's own wish is kept up to a day.
FIRST, LONGEST, PATIENT = 30.0, 3_600.0, 86_400.0
#: How long a process may take to send one message and mark it.
LEASE_SECONDS = 60.0
#: A message is given up after so long, or after so many refusals of its content.
GIVEN_UP_DAYS, REFUSALS = 3.0, 3
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leased:
    """A message that this process may send now."""

    channel: str
    message: Message
    attempts: int
    age_seconds: float


class Outbox(Protocol):
    """Messages that wait; `state.open(project).alerts` is one."""

    def lease(self, channel: str, seconds: float) -> Leased | None:
        """The oldest message that is due on a channel, for this process alone."""
        ...

    def mark_sent(self, leased: Leased, note: str) -> None:
        """It went out."""
        ...

    def mark_failed(self, leased: Leased, error: str, wait_seconds: float, give_up: bool, others_too: bool) -> None:
        """It did not; `others_too`: the channel is down, all that waits for it waits."""
        ...


@dataclass
class Delivered:
    """What a delivery came to, in messages."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


def deliver(
    outbox: Outbox, seconds: float = 20.0, to: Mapping[str, Channel] | None = None, only: Sequence[str] = ()
) -> Delivered:
    """Send what is due, oldest first on each channel; stops a channel at its first failure. Never raises.

    Args:
        outbox: Where messages wait.
        seconds: No further message is begun after that time.
        to: The channels; default: those of the environment.
        only: Names of channels, where not all are meant.
    """
    end, came = time.monotonic() + seconds, Delivered()
    for name, channel in (channels() if to is None else to).items():
        if only and name not in only:
            continue
        try:
            while time.monotonic() < end and (leased := outbox.lease(name, LEASE_SECONDS)):
                if not _attempt(outbox, leased, channel, came):
                    break
        except AifirstError as error:
            _log.error("alerts wait in the outbox, which cannot be used: %s", error)
    return came


def _attempt(outbox: Outbox, leased: Leased, channel: Channel, came: Delivered) -> bool:
    """Send one message and mark it; returns whether the channel works."""
    outcome = channel.send(leased.message)
    if outcome.state == "sent":
        if outcome.error:
            _log.warning("the alert %s went out to %s: %s", leased.message.id, leased.channel, outcome.error)
        outbox.mark_sent(leased, outcome.error)
        came.sent += 1
        return True
    down = outcome.state == "later"
    given_up = leased.age_seconds > GIVEN_UP_DAYS * 86_400 or (not down and leased.attempts + 1 >= REFUSALS)
    _log.error(
        "the alert %s was not delivered to %s: %s; %s", leased.message.id, leased.channel, outcome.error,
        "it is given up" if given_up else "it waits for the next attempt",
    )  # fmt: skip
    outbox.mark_failed(leased, outcome.error, pause(leased.attempts, outcome), given_up, down and not given_up)
    came.given_up, came.failed = came.given_up + given_up, came.failed + (not given_up)
    return not down


def pause(attempts: int, outcome: Outcome) -> float:
    """Seconds before the next attempt: doubling, and never less than the channel asks for."""
    backoff = min(LONGEST, FIRST * 2 ** min(attempts, 20))
    return max(backoff, min(outcome.retry_after or 0.0, PATIENT))
