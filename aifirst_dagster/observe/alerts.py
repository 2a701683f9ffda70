"""Telling people that something failed: a log line always, a webhook where `AIFIRST_ALERT_WEBHOOK` names one."""

from __future__ import annotations

import json
import logging
import os
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

from aifirst_dagster.observe.redact import redact

WEBHOOK = "AIFIRST_ALERT_WEBHOOK"
TIMEOUT_SECONDS = 5.0
QUIET = timedelta(hours=1)
_log = logging.getLogger(__name__)


class Memory(Protocol):
    """What was sent before; `state.open(project).alerts` is one."""

    def first_time(self, key: str, title: str, within: timedelta) -> bool:
        """Whether the alert was not sent within that time; from then on it counts as sent."""
        ...

    def forget(self, key: str) -> None:
        """It could not be delivered after all."""
        ...


@dataclass(frozen=True)
class Alert:
    """Something that people should hear of.

    Attributes:
        key: Alerts with the same key are the same trouble (`run-failure:<run id>`, `check:<asset>:<name>:<run id>`).
        title: One line.
        text: More on it.
        severity: How bad.
        context: Names and ids: pipeline, step, run_id, check, url.
    """

    key: str
    title: str
    text: str = ""
    severity: Literal["warning", "error"] = "error"
    context: dict[str, Any] = field(default_factory=dict)


def send(alert: Alert, memory: Memory | None = None, quiet: timedelta = QUIET) -> bool:
    """Log the alert and post it to the webhook; never raises.

    Args:
        alert: What to say.
        memory: Keeps the same alert from going out again within `quiet`; None sends always.
        quiet: How long the same trouble stays unsaid.

    Returns:
        Whether it went out: False for a repetition, and where the webhook did not take it (logged; the next
        occurrence tries again).
    """
    if memory is not None and not _is_new(alert, memory, quiet):
        return False
    level = logging.ERROR if alert.severity == "error" else logging.WARNING
    _log.log(level, "%s%s", alert.title, f" {alert.text}" if alert.text else "", extra={"alert": alert.key})
    address = os.environ.get(WEBHOOK)
    if not address:
        return True
    delivered = _post(address, alert)
    if not delivered and memory is not None:
        _forget(alert, memory)
    return delivered


def payload(alert: Alert) -> dict[str, Any]:
    """What is posted. `text` makes it readable as it is in Slack, Mattermost and Teams; secrets are masked."""
    body = {
        "text": f"[{alert.severity}] {alert.title}" + (f"\n{alert.text}" if alert.text else ""),
        "key": alert.key,
        "title": alert.title,
        "severity": alert.severity,
        "context": alert.context,
        "at": datetime.now(UTC).isoformat(),
    }
    masked: dict[str, Any] = json.loads(redact(json.dumps(body, ensure_ascii=False, default=str)))
    return masked


def _post(address: str, alert: Alert) -> bool:
    headers = {"Content-Type": "application/json", "User-Agent": "aifirst-dagster"}
    try:
        if not address.lower().startswith(("http://", "https://")):
            raise ValueError("it is no http address")
        request = urllib.request.Request(address, json.dumps(payload(alert)).encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return True
    except (OSError, ValueError) as error:
        # The address itself is a secret (Slack's carries its token): it is not named.
        _log.error("the alert %s was not delivered to %s: %s", alert.key, WEBHOOK, redact(str(error)))
        return False


def _is_new(alert: Alert, memory: Memory, quiet: timedelta) -> bool:
    from aifirst_dagster.errors import AifirstError

    try:
        return memory.first_time(alert.key, alert.title, quiet)
    except AifirstError as error:
        # Better twice than never: the database being down may be the very trouble.
        _log.error("alerts cannot be deduplicated: %s", error)
        return True


def _forget(alert: Alert, memory: Memory) -> None:
    from aifirst_dagster.errors import AifirstError

    try:
        memory.forget(alert.key)
    except AifirstError as error:
        _log.error("alerts cannot be deduplicated: %s", error)
