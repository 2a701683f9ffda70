"""An alert is logged, posted once, and never breaks the run that raised it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.observe.alerts import WEBHOOK, Alert, send
from aifirst_dagster.project import Project
from aifirst_dagster.state.alerts import Alerts

ALERT = Alert("check:customers:quality_score", "The check failed", "score 0.8", context={"pipeline": "customers"})


class Webhook:
    def __init__(self) -> None:
        self.bodies: list[dict[str, object]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(outer.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    hook = Webhook()
    threading.Thread(target=hook.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv(WEBHOOK, f"http://127.0.0.1:{hook.http.server_port}/secret-path")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield hook
    hook.http.shutdown()
    hook.http.server_close()


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Alerts:
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    return state_package.open(Project(tmp_path)).alerts


def test_an_alert_is_logged_and_posted(webhook: Webhook, caplog: pytest.LogCaptureFixture):
    assert send(ALERT)
    (body,) = webhook.bodies
    assert body["text"] == "[error] The check failed\nscore 0.8"
    assert body["context"] == {"pipeline": "customers"}
    assert "The check failed" in caplog.text


def test_the_same_trouble_rings_once(webhook: Webhook, memory: Alerts):
    assert [send(ALERT, memory), send(ALERT, memory)] == [True, False]
    assert send(Alert("another", "Other trouble"), memory)
    assert [body["key"] for body in webhook.bodies] == [ALERT.key, "another"]


def test_what_was_not_delivered_is_logged_and_tried_again(
    webhook: Webhook, memory: Alerts, caplog: pytest.LogCaptureFixture
):
    webhook.status = 500
    assert not send(ALERT, memory)
    assert "was not delivered" in caplog.text
    assert "secret-path" not in caplog.text
    webhook.status = 200
    assert send(ALERT, memory)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "file:///etc/passwd", "no address", "http://[::bad"])
def test_a_webhook_that_does_not_work_raises_nothing(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv(WEBHOOK, address)
    assert not send(ALERT)
    assert "was not delivered" in caplog.text


def test_without_a_webhook_the_log_is_enough(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.delenv(WEBHOOK, raising=False)
    assert send(ALERT)
    assert "The check failed" in caplog.text


def test_secrets_in_an_alert_are_masked(webhook: Webhook):
    send(Alert("k", "failed", "postgresql://me:hush@h/d", context={"error": "sk-ant-api03-abcdefgh"}))
    assert "hush" not in str(webhook.bodies)
    assert "sk-ant" not in str(webhook.bodies)


def test_a_broken_memory_lets_the_alert_through(
    webhook: Webhook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: Alerts
):
    with memory._state.write() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 1")
    database = tmp_path / ".aifirst" / "state.db"
    for file in tmp_path.glob(".aifirst/state.db*"):
        file.unlink()
    database.write_bytes(b"no database at all" * 100)
    assert send(ALERT, memory)
    assert len(webhook.bodies) == 1
