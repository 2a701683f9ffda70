"""Raising and resolving: into the memory and the outbox in one transaction, into the log, then out."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.observe.alerts.alert import Alert
from aifirst_dagster.observe.alerts.channels import channels
from aifirst_dagster.observe.alerts.message import Message
from aifirst_dagster.observe.alerts.outbox import Outbox, deliver

#: How long an open incident stays unsaid while it is found again and again.
QUIET = timedelta(hours=24)
#: Seconds that a caller waits for channels; what takes longer, the next delivery sends.
_IMPATIENT = 8.0
_ATTEMPTS, _PAUSE = 3, 0.5
_log = logging.getLogger(__name__)


class Memory(Outbox, Protocol):
    """Incidents and their messages; `state.open(project).alerts` is one."""

    def note(self, alert: Alert, quiet: timedelta, to: Sequence[str]) -> Message | None:
        """Open or update the incident of the alert's key, and queue what people are told; None: nothing is."""
        ...

    def resolve(self, key: str, why: str, by: str, to: Sequence[str]) -> Message | None:
        """Close the incident of a key, and queue the news; None: there was none, or nobody had heard of it."""
        ...


def send(alert: Alert, memory: Memory | None = None, quiet: timedelta = QUIET, at_once: bool = True) -> bool:
    """Log the alert and send it to every channel; never raises.

    Args:
        alert: What to say.
        memory: Keeps the same trouble from being said again within `quiet`, and what could not be delivered for
            later; None sends always, and forgets.
        quiet: How long the same trouble stays unsaid.
        at_once: Deliver now; False leaves it in the outbox for the caller's own `deliver`.

    Returns:
        Whether people are told: False for a repetition, a muted alert, and, without memory, where no channel took it.
    """
    if memory is not None:
        try:
            message = memory.note(alert, quiet, list(channels()))
        except AifirstError as error:
            # Better twice than never: the database being down may be the very trouble.
            _log.error("alerts cannot be deduplicated: %s", error)
        else:
            return _tell(message, memory, at_once)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return _directly(Message(f"{secrets.token_hex(6)}-1", "opened", alert.to_dict(), now))


def resolve(key: str, memory: Memory, why: str = "", by: str = "", at_once: bool = True) -> bool:
    """Close the incident of a key where one is open; people who heard of it are told. Never raises.

    Args:
        key: The alerts' key.
        memory: Where incidents are kept.
        why: What shows that it is over.
        by: Who says so; "" for the monitoring itself.
        at_once: As for `send`.

    Returns:
        Whether people are told.
    """
    try:
        message = memory.resolve(key, why, by, list(channels()))
    except AifirstError as error:
        _log.error("the incident %s cannot be resolved: %s", key, error)
        return False
    return _tell(message, memory, at_once)


def log(message: Message) -> None:
    """The message as a line of the log: the channel that is always there."""
    loud = message.event in ("opened", "updated")
    level = logging.INFO if not loud else logging.ERROR if message.alert["severity"] == "error" else logging.WARNING
    text = message.body.replace("\n", " ")
    _log.log(level, "%s%s", message.title, f" {text}" if text else "", extra={"alert": message.alert.get("key", "")})


def _tell(message: Message | None, memory: Memory, at_once: bool) -> bool:
    if message is None:
        return False
    log(message)
    if at_once:
        deliver(memory, _IMPATIENT)
    return True


def _directly(message: Message) -> bool:
    """Without an outbox: a few attempts at once."""
    log(message)
    found = channels()
    taken = 0
    for name, channel in found.items():
        for attempt in range(_ATTEMPTS):
            outcome = channel.send(message)
            if outcome.state == "sent":
                taken += 1
                break
            if outcome.state == "refused" or attempt == _ATTEMPTS - 1 or (outcome.retry_after or 0) > 2:
                _log.error("the alert %s was not delivered to %s: %s", message.id, name, outcome.error)
                break
            time.sleep(max(outcome.retry_after or 0.0, _PAUSE * 2**attempt))
    return taken > 0 or not found
