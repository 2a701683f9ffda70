"""An alert is logged, told once, waits where a channel is down, and never breaks the run that raised it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy import update

import aifirst_dagster.state as state_package
from aifirst_dagster.observe.alerts import WEBHOOK, Alert, Change, Downstream, Since, deliver, resolve, send
from aifirst_dagster.observe.alerts.http import Outcome, post, wait
from aifirst_dagster.observe.alerts.outbox import LONGEST, pause
from aifirst_dagster.project import Project
from aifirst_dagster.state.alerts import Alerts
from aifirst_dagster.state.tables import alert_messages, incidents
from aifirst_dagster_tests.observe.servers import Webhook, webhook

ALERT = Alert(
    "score:customers/check", "The score fell", "score 0.8", context={"pipeline": "customers"},
    dataset="customers/check", changed=[Change("score", "0.98", "0.8")], since=Since("v3", "run-1", "2026-11-01"),
    downstream=[Downstream("customers/save", "output", "out/customers.parquet")],
    todo=["Look: `aifirst report customers`"], occurrence="v3",
)  # fmt: skip


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with webhook() as found:
        monkeypatch.setenv(WEBHOOK, found.address)
        yield found


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Alerts:
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    return state_package.open(Project(tmp_path)).alerts


def again(alert: Alert, occurrence: str, **other: object) -> Alert:
    return Alert(**{**vars(alert), "occurrence": occurrence, **other})


def older(memory: Alerts, hours: int) -> None:
    """As if the incidents had been told so long ago."""
    with memory._state.write() as connection:
        connection.execute(update(incidents).values(sent_at=datetime.now(UTC) - timedelta(hours=hours)))


def due(memory: Alerts) -> None:
    """As if the time of the next attempt had come."""
    with memory._state.write() as connection:
        connection.execute(update(alert_messages).values(not_before=datetime.now(UTC) - timedelta(seconds=1)))


def test_an_alert_says_what_changed_since_when_what_it_hits_and_what_to_do(
    hook: Webhook, memory: Alerts, caplog: pytest.LogCaptureFixture
):
    assert send(ALERT, memory)
    (body,) = hook.bodies
    assert body["text"].splitlines()[:2] == ["[error] The score fell", "score 0.8"]
    for line in ("- score: 0.98 → 0.8", "- 2026-11-01, version v3, run run-1", "- Look: `aifirst report customers`"):
        assert line in body["text"].splitlines()
    assert "customers/save writes out/customers.parquet" in body["text"]
    assert body["context"] == {"pipeline": "customers"}
    assert body["changed"] == [{"what": "score", "before": "0.98", "after": "0.8"}]
    assert (body["event"], body["kind"], body["since"]["version"]) == ("opened", "score", "v3")
    assert "The score fell" in caplog.text
    assert hook.heads[0]["idempotency-key"] == body["id"]


def test_the_same_trouble_is_told_once_and_its_end_once(hook: Webhook, memory: Alerts):
    assert [send(again(ALERT, version), memory) for version in ("v3", "v4", "v5")] == [True, False, False]
    (incident,) = memory.list()
    assert (incident.times, incident.alert["since"]["version"]) == (3, "v3")
    assert resolve(ALERT.key, memory, "version v6 scores 0.97")
    assert not resolve(ALERT.key, memory)
    assert [body["event"] for body in hook.bodies] == ["opened", "resolved"]
    assert len({body["id"] for body in hook.bodies}) == 2
    assert "version v6 scores 0.97" in hook.bodies[1]["text"]
    assert send(again(ALERT, "v7"), memory)
    assert hook.bodies[2]["incident"] != hook.bodies[0]["incident"]


def test_the_same_occurrence_looked_at_twice_counts_once(hook: Webhook, memory: Alerts):
    send(ALERT, memory)
    older(memory, 48)
    assert not send(ALERT, memory)
    (incident,) = memory.list()
    assert incident.times == 1


def test_it_is_said_again_after_the_interval_or_when_it_is_worse(hook: Webhook, memory: Alerts):
    send(again(ALERT, "1", severity="warning"), memory)
    older(memory, 5)
    assert not send(again(ALERT, "2", severity="warning"), memory, timedelta(hours=6))
    older(memory, 7)
    assert send(again(ALERT, "3", severity="warning"), memory, timedelta(hours=6))
    assert not send(again(ALERT, "4", severity="warning"), memory, timedelta(hours=6))
    assert send(again(ALERT, "5"), memory, timedelta(hours=6))
    assert [body["event"] for body in hook.bodies] == ["opened", "updated", "updated"]
    assert "Found 3 times" in hook.bodies[1]["text"]


def test_a_channel_that_is_down_loses_nothing_and_gets_nothing_twice(
    hook: Webhook, memory: Alerts, caplog: pytest.LogCaptureFixture
):
    hook.status = 500
    assert send(ALERT, memory)
    assert send(Alert("other:x", "Another trouble"), memory)
    assert len(hook.bodies) == 1, "what waits for a channel that is down is not tried at once"
    assert "was not delivered" in caplog.text
    assert "secret-path" not in caplog.text
    hook.status = 200
    assert deliver(memory).sent == 0, "its time has not come"
    due(memory)
    assert deliver(memory).sent == 2
    due(memory)
    assert deliver(memory).sent == 0
    assert [body["key"] for body in hook.bodies] == [ALERT.key, ALERT.key, "other:x"]
    assert hook.bodies[0]["id"] == hook.bodies[1]["id"], "the same message again has the same id"


def test_a_channel_is_left_alone_as_long_as_it_asks(hook: Webhook, memory: Alerts):
    hook.status, hook.headers = 429, {"Retry-After": "7200"}
    send(ALERT, memory)
    with memory._state.read() as connection:
        row = connection.execute(alert_messages.select()).mappings().one()
    assert timedelta(minutes=115) < row["not_before"] - datetime.now(UTC) < timedelta(minutes=125)
    assert row["error"] == "it answers 429"


def test_pauses_double_up_to_an_hour_and_no_wish_is_longer_than_a_day():
    down = Outcome("later")
    assert [pause(number, down) for number in range(3)] == [30, 60, 120]
    assert pause(50, down) == LONGEST
    assert pause(0, Outcome("later", retry_after=1e9)) == 86_400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("0.5", 0.5), ("-3", 0), ("soon", None), (None, None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None):
    assert wait(header) == seconds


def test_retry_after_as_a_date_to_come():
    found = wait(format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True))
    assert found is not None
    assert 95 < found <= 100


def test_a_redirect_is_not_followed(hook: Webhook):
    hook.status, hook.headers = 302, {"Location": hook.address}
    assert post(hook.address, {"a": 1}, "k").state == "later"
    assert hook.gets == 0


def test_a_server_that_drips_or_drops_is_given_up_in_time(hook: Webhook):
    hook.slow = 10
    begun = time.monotonic()
    assert post(hook.address, {"a": 1}, "k", timeout=0.5) == Outcome("later", "no answer within 0.5 s")
    assert time.monotonic() - begun < 3
    hook.slow, hook.drop = 0, True
    assert post(hook.address, {"a": 1}, "k").state == "later"


def test_a_message_that_is_not_wanted_holds_up_no_other(hook: Webhook, memory: Alerts):
    hook.status = 413
    send(ALERT, memory)
    hook.status = 200
    send(Alert("other:x", "Another trouble"), memory)
    assert hook.bodies[-1]["key"] == "other:x"
    hook.status = 413
    for _ in range(2):
        due(memory)
        deliver(memory)
    assert [row["status"] for row in memory.messages()] == ["failed", "sent"]
    assert memory.hurry() == 1
    hook.status = 200
    assert deliver(memory).sent == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "file:///etc/passwd", "no address", "http://[::bad"])
def test_a_webhook_that_does_not_work_raises_nothing(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv(WEBHOOK, address)
    assert not send(ALERT)
    assert "was not delivered" in caplog.text
    assert address not in caplog.text


def test_without_a_channel_the_log_is_enough(
    memory: Alerts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.delenv(WEBHOOK, raising=False)
    assert send(ALERT)
    assert send(ALERT, memory)
    assert not send(again(ALERT, "v9"), memory)
    assert caplog.text.count("The score fell") == 2


def test_secrets_in_an_alert_are_masked_everywhere(hook: Webhook, memory: Alerts, caplog: pytest.LogCaptureFixture):
    secret = Alert("k", "failed", 'postgresql://me:hush@h/d "', context={"error": "sk-ant-api03-abcdefgh"})
    send(secret, memory)
    kept = str(memory.list())
    for place in (str(hook.bodies), kept, caplog.text):
        assert "hush" not in place
        assert "sk-ant" not in place


def test_hostile_text_arrives_whole_and_bounded(hook: Webhook, memory: Alerts):
    hostile = "nul \x00 lone \ud800 <!channel> \"'; DROP TABLE incidents; --"
    assert send(Alert("k" * 400, hostile * 100, hostile * 1000, context={"n": float("nan")}), memory)
    (body,) = hook.bodies
    assert len(body["title"]) <= 300
    assert len(body["text"]) < 10_000
    assert send(Alert("k" * 399 + "x", "another long key"), memory), "two long keys are two"


def test_a_mute_silences_and_its_end_tells(hook: Webhook, memory: Alerts):
    mute = memory.mutes.add("score:cust*", datetime.now(UTC) + timedelta(hours=1), "me", "known")
    assert not send(ALERT, memory)
    assert memory.catch_up(["webhook"]) == []
    assert memory.list()[0].sent_at is None, "it is recorded all the same"
    assert send(Alert("cost:customers/check", "Another", dataset="customers/check"), memory)
    assert memory.mutes.end(mute.id)
    (message,) = memory.catch_up(["webhook"])
    assert message.event == "opened"
    deliver(memory)
    assert [body["key"] for body in hook.bodies] == ["cost:customers/check", ALERT.key]


@pytest.mark.parametrize(
    ("pattern", "muted"), [("customers/*", True), ("customers/check", True), ("customers/check[1]", False), ("*", True)]
)
def test_a_mute_is_of_a_key_a_dataset_or_a_pattern(memory: Alerts, pattern: str, muted: bool):
    memory.mutes.add(pattern, datetime.now(UTC) + timedelta(hours=1), "me")
    assert send(ALERT, memory) is not muted


def test_partitions_in_brackets_are_no_wildcards(memory: Alerts):
    memory.mutes.add("p/s[2026-*]", datetime.now(UTC) + timedelta(hours=1), "me")
    assert not send(Alert("checks:p/s[2026-01-01]", "x", dataset="p/s[2026-01-01]"), memory)
    assert send(Alert("checks:p/s2", "x", dataset="p/s2"), memory)


def test_nobody_is_told_of_the_end_of_what_they_never_heard_of(hook: Webhook, memory: Alerts):
    memory.mutes.add("*", datetime.now(UTC) + timedelta(hours=1), "me")
    send(ALERT, memory)
    memory.mutes.end("*")
    assert not resolve(ALERT.key, memory)
    assert hook.bodies == []


def test_a_broken_memory_lets_the_alert_through(hook: Webhook, tmp_path: Path, memory: Alerts):
    memory.list()
    database = tmp_path / ".aifirst" / "state.db"
    for file in tmp_path.glob(".aifirst/state.db*"):
        file.unlink()
    database.write_bytes(b"no database at all" * 100)
    memory._state.engine.dispose()
    assert send(ALERT, memory)
    assert len(hook.bodies) == 1


_KILLED = """
import os, sys
from pathlib import Path
import aifirst_dagster.state as state
from aifirst_dagster.observe.alerts import Alert, send
from aifirst_dagster.project import Project
from aifirst_dagster.state.alerts import Alerts

if sys.argv[2] == "before":
    Alerts.lease = lambda *_: os._exit(9)
if sys.argv[2] == "between":
    Alerts.mark_sent = lambda *_: os._exit(9)
send(Alert("score:p/s", "It fell", occurrence="v1"), state.open(Project(Path(sys.argv[1]))).alerts)
"""


@pytest.mark.parametrize(("moment", "posts"), [("before", 1), ("between", 2)])
def test_killed_at_any_moment_it_is_told_at_most_once_more(
    hook: Webhook, tmp_path: Path, memory: Alerts, moment: str, posts: int
):
    memory.list()
    ended = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path), moment], env=os.environ, check=False)
    assert ended.returncode == 9
    assert not send(Alert("score:p/s", "It fell", occurrence="v1"), memory), "the tick is done again"
    if moment == "between":
        assert deliver(memory).sent == 0, "the dead process's lease has to run out first"
    due(memory)
    deliver(memory)
    due(memory)
    deliver(memory)
    assert len(hook.bodies) == posts
    assert len({body["id"] for body in hook.bodies}) == 1
