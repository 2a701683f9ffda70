"""Telling people that something is wrong, once: incidents, and messages to the log, a webhook, Slack and e-mail.

    send(Alert(key, title, ...), state.open(project).alerts)     opens or updates the incident of that key
    resolve(key, state.open(project).alerts, "why")              it is over: one message says so
    deliver(state.open(project).alerts)                          what waits in the outbox goes out

Channels are chosen by environment variables alone (`observe.alerts.channels`).
"""

from aifirst_dagster.observe.alerts.alert import Alert, Change, Downstream, Since
from aifirst_dagster.observe.alerts.channels import WEBHOOK
from aifirst_dagster.observe.alerts.message import Message
from aifirst_dagster.observe.alerts.outbox import deliver
from aifirst_dagster.observe.alerts.sending import QUIET, Memory, resolve, send

__all__ = [
    "QUIET",
    "WEBHOOK",
    "Alert",
    "Change",
    "Downstream",
    "Memory",
    "Message",
    "Since",
    "deliver",
    "resolve",
    "send",
]
