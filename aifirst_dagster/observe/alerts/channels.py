"""Where alerts go beside the log, as the environment says. Secrets stand there only, and in no log.

AIFIRST_ALERT_WEBHOOK         an address that takes JSON
AIFIRST_ALERT_SLACK_WEBHOOK   an incoming webhook of Slack
AIFIRST_ALERT_EMAIL_TO        recipients; with AIFIRST_ALERT_SMTP_HOST, _PORT, _SECURITY, _USER, _PASSWORD, and
                              AIFIRST_ALERT_EMAIL_FROM
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, get_args

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.observe.alerts import http
from aifirst_dagster.observe.alerts.http import Outcome
from aifirst_dagster.observe.alerts.message import Message
from aifirst_dagster.observe.alerts.slack import blocks
from aifirst_dagster.observe.redact import conceal

if TYPE_CHECKING:
    from aifirst_dagster.observe.alerts.mail import Mail

WEBHOOK = "AIFIRST_ALERT_WEBHOOK"
SLACK = "AIFIRST_ALERT_SLACK_WEBHOOK"
EMAIL_TO, EMAIL_FROM = "AIFIRST_ALERT_EMAIL_TO", "AIFIRST_ALERT_EMAIL_FROM"
SMTP = "AIFIRST_ALERT_SMTP_"
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Channel(Protocol):
    """A way out."""

    def send(self, message: Message) -> Outcome:
        """One attempt; never raises."""
        ...


@dataclass(frozen=True)
class Webhook:
    """Any service that takes JSON."""

    address: str = field(repr=False)
    timeout: float = http.TIMEOUT_SECONDS

    def send(self, message: Message) -> Outcome:
        """Post the message."""
        return http.post(self.address, message.payload(), message.id, self.timeout)


@dataclass(frozen=True)
class Slack:
    """An incoming webhook of Slack."""

    address: str = field(repr=False)
    timeout: float = http.TIMEOUT_SECONDS

    def send(self, message: Message) -> Outcome:
        """Post the message as blocks."""
        return http.post(self.address, blocks(message), message.id, self.timeout)


@dataclass(frozen=True)
class Misconfigured:
    """A channel whose settings are wrong: what is meant for it waits until they are mended."""

    problem: str

    def send(self, message: Message) -> Outcome:
        """Say what is wrong."""
        return Outcome("later", self.problem)


def channels(environ: Mapping[str, str] | None = None) -> dict[str, Channel]:
    """The channels that the environment names: `webhook`, `slack`, `email`."""
    given = os.environ if environ is None else environ
    found: dict[str, Channel] = {}
    if address := given.get(WEBHOOK, "").strip():
        conceal(address)
        found["webhook"] = Webhook(address)
    if address := given.get(SLACK, "").strip():
        conceal(address)
        found["slack"] = Slack(address)
    if given.get(EMAIL_TO, "").strip():
        try:
            found["email"] = mail_settings(given)
        except ConfigError as error:
            found["email"] = Misconfigured(error.message)
    return found


def mail_settings(given: Mapping[str, str]) -> Mail:
    """The e-mail channel of the environment.

    Raises:
        ConfigError: A setting is missing or wrong.
    """

    from aifirst_dagster.observe.alerts.mail import Mail, Security, addresses

    def setting(name: str, default: str = "") -> str:
        return given.get(SMTP + name, "").strip() or default

    try:
        to = addresses(given[EMAIL_TO])
        sender = addresses(given.get(EMAIL_FROM, "") or setting("USER") or to[0])
        if len(sender) != 1:
            raise ValueError("there is one sender")
    except (ValueError, IndexError) as error:
        raise ConfigError(f"{EMAIL_TO} or {EMAIL_FROM} cannot be used: {error}.") from error
    host, security = setting("HOST"), setting("SECURITY", "tls" if setting("PORT") == "465" else "starttls")
    if not host:
        raise ConfigError(f"{EMAIL_TO} is set and {SMTP}HOST is not.", hint="Name the mail server.")
    if security not in get_args(Security):
        raise ConfigError(f"{SMTP}SECURITY is {security!r}.", hint=f"One of {', '.join(get_args(Security))}.")
    port = setting("PORT", str(_PORTS[security]))
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ConfigError(f"{SMTP}PORT is {port!r}.", hint="A number from 1 to 65535.")
    if security == "none" and setting("PASSWORD"):
        raise ConfigError(f"{SMTP}SECURITY is none: the password would be sent in the clear.", hint="Use starttls.")
    password = given.get(SMTP + "PASSWORD", "")
    conceal(password)
    return Mail(to, sender[0], host, int(port), security, setting("USER"), password)  # type: ignore[arg-type]
