"""A message as e-mail, by SMTP with TLS; text from data cannot add headers or recipients."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from typing import Literal

from aifirst_dagster.observe.alerts.http import Outcome
from aifirst_dagster.observe.alerts.message import Message
from aifirst_dagster.observe.redact import redact

TIMEOUT_SECONDS = 10.0
Security = Literal["starttls", "tls", "none"]
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")


@dataclass(frozen=True)
class Mail:
    """Where e-mail goes and through which server.

    Attributes:
        security: starttls (port 587), tls (port 465), or none: for a server on this machine.
    """

    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = TIMEOUT_SECONDS

    def send(self, message: Message) -> Outcome:
        """One attempt."""
        try:
            mail = composed(message, self.sender, self.to)
            with self._connected() as server:
                refused = server.send_message(mail, self.sender, list(self.to))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return Outcome("later", f"the server takes none of the recipients ({', '.join(map(str, codes))})")
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            state: Literal["later", "refused"] = "refused" if 500 <= error.smtp_code < 600 else "later"
            return Outcome(state, redact(f"the server answers {error.smtp_code}: {_text(error.smtp_error)}"))
        except smtplib.SMTPResponseException as error:
            return Outcome("later", redact(f"the server answers {error.smtp_code}: {_text(error.smtp_error)}"))
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Outcome("later", redact(str(error) or type(error).__name__))
        return Outcome("sent", f"{len(refused)} of {len(self.to)} recipients were refused" if refused else "")

    def _connected(self) -> smtplib.SMTP:
        """A server that has said hello, over TLS and with a name where wanted.

        Raises:
            smtplib.SMTPException: It does not offer what is wanted.
        """
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if self.security == "tls":
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context=context)  # raises where it is not offered: never in the clear
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


def composed(message: Message, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """The e-mail: the id is the message's own, so that a repeated one is known as such; an incident is one thread."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Subject"] = _line(message.title)
    domain = sender.rpartition("@")[2] or socket.gethostname()
    mail["Message-ID"] = f"<{_line(message.id)}@{domain}>"
    if message.incident:
        root = f"<{_line(message.incident)}-1@{domain}>"
        if message.id != f"{message.incident}-1":
            mail["In-Reply-To"] = mail["References"] = root
    from datetime import datetime

    mail["Date"] = format_datetime(datetime.fromisoformat(message.at))
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Aifirst-Key"] = _line(str(message.alert.get("key", "")))
    foot = f"{message.alert.get('key', '')} · {message.id}"
    mail.set_content(f"{message.title}\n\n{message.body}\n\n-- \n{foot}\n")
    return mail


def addresses(text: str) -> tuple[str, ...]:
    """The bare addresses of a list with commas.

    Raises:
        ValueError: One of them is none.
    """
    if _CONTROL.search(text):
        raise ValueError("a list of addresses stands on one line")
    found = tuple(address for _, address in getaddresses([text.replace(";", ",")]) if address)
    for address in found:
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"{address!r} is no e-mail address")
    return found


def _line(text: str) -> str:
    """Text for a header: one line of bounded length, without control characters."""
    return _CONTROL.sub(" ", text).strip()[:200]


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
