"""Alerts as Slack's blocks: within Slack's limits, and text from data is shown as it is."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from aifirst_dagster.observe.alerts import Alert, Change, Downstream, Message, Since
from aifirst_dagster.observe.alerts.channels import SLACK, channels
from aifirst_dagster.observe.alerts.slack import blocks
from aifirst_dagster_tests.observe.servers import webhook

AT = "2026-11-01T12:00:00+00:00"


def test_an_incoming_webhook_gets_blocks(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    alert = Alert(
        "score:p/s", "It fell", "from <b> & co", since=Since("v1"), changed=[Change("score", "1", "0")],
        downstream=[Downstream("p/out", "output", "out.csv")], todo=["Look"], context={"pipeline": "p"},
    )  # fmt: skip
    with webhook() as hook:
        channel = channels({SLACK: hook.address})["slack"]
        assert "secret-path" not in repr(channel)
        assert channel.send(Message("a-1", "opened", alert.to_dict(), AT, "a")).state == "sent"
    (body,) = hook.bodies
    texts = [block["text"]["text"] for block in body["blocks"] if block["type"] == "section"]
    assert texts == [
        "from &lt;b&gt; &amp; co",
        "*What changed*\n• score: 1 → 0",
        "*Since*\n• version v1",
        "*Hits downstream*\n• p/out writes out.csv",
        "*What to do*\n• Look",
    ]
    assert body["blocks"][0]["text"] == {
        "type": "plain_text",
        "text": ":rotating_light: [error] It fell",
        "emoji": True,
    }
    assert body["blocks"][-1]["type"] == "context"


_NASTY = st.text() | st.sampled_from(["<!channel>", "<@U123>", "<http://evil|click>", "&amp;", "*b*\n<x" * 900])


@settings(max_examples=60, deadline=None)
@given(title=_NASTY, text=_NASTY, lines=st.lists(_NASTY, max_size=70))
def test_no_text_mentions_links_or_breaks_the_limits(title: str, text: str, lines: list[str]):
    alert = Alert("k:" + title, title, text, changed=[Change(line, line, line) for line in lines], todo=lines)
    body = blocks(Message("a-1", "opened", alert.to_dict(), AT))
    assert len(body["blocks"]) <= 50
    json.dumps(body).encode()
    for block in body["blocks"]:
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 150
        if block["type"] == "section":
            shown = block["text"]["text"]
            assert 0 < len(shown) <= 3000
            assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", shown)
    assert not re.search(r"[<>]", body["text"])
    assert not re.search(r"[<>]", body["blocks"][-1]["elements"][0]["text"])
