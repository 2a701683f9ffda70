"""Alerts by e-mail, to a real SMTP server: over TLS or not at all, and no text becomes a header."""

from __future__ import annotations

import email
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.observe.alerts import Alert, Message
from aifirst_dagster.observe.alerts.channels import channels, mail_settings
from aifirst_dagster.observe.alerts.mail import Mail, addresses
from aifirst_dagster_tests.observe.servers import certificate, smtp

AT = "2026-11-01T12:00:00+00:00"


def message(title: str = "It fell", event: str = "opened", number: int = 1) -> Message:
    alert = Alert("score:p/s", title, "from 0.98\nto 0.8", context={"pipeline": "p"})
    return Message(f"abc-{number}", event, alert.to_dict(), AT, incident="abc")  # type: ignore[arg-type]


def settings(port: int, **other: str) -> Mapping[str, str]:
    return {
        "AIFIRST_ALERT_EMAIL_TO": "Ada <ada@example.org>, bob@example.org",
        "AIFIRST_ALERT_EMAIL_FROM": "aifirst@example.org",
        "AIFIRST_ALERT_SMTP_HOST": "127.0.0.1",
        "AIFIRST_ALERT_SMTP_PORT": str(port),
        **{f"AIFIRST_ALERT_SMTP_{name}": value for name, value in other.items()},
    }


def parsed(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.fixture
def pem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that is trusted."""
    made = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    return made


@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_it_goes_out_over_tls_with_a_name(mode: str, pem: Path):
    with smtp(mode, pem, "me", "hush hush") as (box, port):
        mail = mail_settings(settings(port, SECURITY=mode, USER="me", PASSWORD="hush hush"))
        assert mail.send(message()).state == "sent"
        wrong = mail_settings(settings(port, SECURITY=mode, USER="me", PASSWORD="wrong one"))
        assert wrong.send(message()).state == "later", "a wrong password may be mended"
    (raw,) = box.mails
    found = parsed(raw)
    assert box.recipients == [["ada@example.org", "bob@example.org"]]
    assert found["Subject"] == "[error] It fell"
    assert found["Message-ID"] == "<abc-1@example.org>"
    assert "from 0.98\nto 0.8" in found.get_content().replace("\r\n", "\n")


def test_a_server_without_tls_gets_nothing(pem: Path):
    with smtp("none", pem) as (box, port):
        outcome = mail_settings(settings(port)).send(message())
        assert outcome.state == "later"
        assert box.mails == []
        assert mail_settings(settings(port, SECURITY="none")).send(message()).state == "sent"


def test_a_certificate_that_is_not_trusted_gets_nothing(tmp_path: Path):
    with smtp("starttls", certificate(tmp_path)) as (box, port):
        outcome = mail_settings(settings(port)).send(message())
    assert (outcome.state, box.mails) == ("later", [])
    assert "certificate" in outcome.error


HOSTILE = "fell\r\nBcc: eve@evil.example\r\n\r\nbody\x00\u2028X: y " + "é" * 400


def test_hostile_text_adds_no_header_and_no_recipient(pem: Path):
    with smtp("starttls", pem) as (box, port):
        assert mail_settings(settings(port)).send(message(HOSTILE)).state == "sent"
    found = parsed(box.mails[0])
    assert found["Bcc"] is None
    assert found["X"] is None
    assert found["Subject"].startswith("[error] fell Bcc: eve@evil.example body")
    assert box.recipients == [["ada@example.org", "bob@example.org"]]


def test_an_incident_is_one_thread(pem: Path):
    with smtp("starttls", pem) as (box, port):
        mail = mail_settings(settings(port))
        for number, event in enumerate(("opened", "updated", "resolved"), 1):
            mail.send(message(event=event, number=number))
    heads = [parsed(raw) for raw in box.mails]
    assert [head["In-Reply-To"] for head in heads] == [None, "<abc-1@example.org>", "<abc-1@example.org>"]
    assert heads[2]["Subject"] == "[resolved] It fell"


@pytest.mark.parametrize(("answer", "state"), [("451 later", "later"), ("554 no such text", "refused")])
def test_what_the_server_says_decides_whether_it_is_tried_again(pem: Path, answer: str, state: str):
    with smtp("starttls", pem) as (box, port):
        box.answer = answer
        outcome = mail_settings(settings(port)).send(message())
    assert outcome.state == state
    assert answer[:3] in outcome.error


def test_one_recipient_that_is_refused_does_not_keep_it_from_the_others(pem: Path):
    with smtp("starttls", pem) as (box, port):
        box.refuse = "bob"
        outcome = mail_settings(settings(port)).send(message())
        assert (outcome.state, box.recipients) == ("sent", [["ada@example.org"]])
        assert "1 of 2 recipients" in outcome.error
        box.refuse = "example"
        assert mail_settings(settings(port)).send(message()).state == "later"


def test_a_server_that_is_gone_or_silent_is_later():
    with smtp_silent() as port:
        mail = Mail(("a@example.org",), "b@example.org", "127.0.0.1", port, "none", timeout=0.3)
        assert mail.send(message()).state == "later"
    assert Mail(("a@example.org",), "b@example.org", "127.0.0.1", 1, "none").send(message()).state == "later"


class smtp_silent:
    """A port that takes connections and says nothing."""

    def __enter__(self) -> int:
        import socket

        self.socket = socket.create_server(("127.0.0.1", 0))
        return int(self.socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.socket.close()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"AIFIRST_ALERT_EMAIL_TO": "nobody"}, "'nobody' is no e-mail address"),
        ({"AIFIRST_ALERT_EMAIL_TO": "a@example.org\r\nRCPT TO: eve@example.org"}, "cannot be used"),
        ({"AIFIRST_ALERT_SMTP_HOST": ""}, "SMTP_HOST is not"),
        ({"AIFIRST_ALERT_SMTP_PORT": "mail"}, "PORT is 'mail'"),
        ({"AIFIRST_ALERT_SMTP_SECURITY": "ssl"}, "SECURITY is 'ssl'"),
        ({"AIFIRST_ALERT_SMTP_SECURITY": "none", "AIFIRST_ALERT_SMTP_PASSWORD": "p4ssword"}, "in the clear"),
    ],
)
def test_a_wrong_setting_is_said_and_what_is_meant_for_it_waits(changed: dict[str, str], said: str):
    given = {**settings(25), **changed}
    with pytest.raises(ConfigError, match=said) as caught:
        mail_settings(given)
    assert "p4ssword" not in str(caught.value)
    outcome = channels(given)["email"].send(message())
    assert outcome.state == "later"
    assert "p4ssword" not in outcome.error


def test_settings_show_no_password():
    assert "hush" not in repr(mail_settings(settings(25, USER="me", PASSWORD="hush hush")))
    assert addresses("a@example.org; B <b@example.org>") == ("a@example.org", "b@example.org")
