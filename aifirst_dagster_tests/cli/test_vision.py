"""`aifirst infer --vision` and `aifirst assess`: on a bare file, with a provider that was named, or a clear error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply
from aifirst_dagster_tests.scenario import MESSY_ORDERS, ORDERS
from aifirst_dagster_tests.steps.test_vision import said


@pytest.fixture
def orders(place, claude_server: ClaudeServer, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    claude_server.use(monkeypatch)
    claude_server.answer_with(said)
    return place.write("orders.csv", ORDERS)


def test_vision_needs_a_provider_that_was_named(aifirst, orders, claude_server) -> None:  # noqa: F811
    done = aifirst("infer", orders, "--vision", "--json")
    assert done.code == 2 and done.json["error"]["type"] == "ConfigError"
    assert "--provider claude" in done.json["error"]["hint"] and claude_server.received == []


def test_what_was_seen_stands_beside_what_was_inferred(aifirst, orders, claude_server) -> None:  # noqa: F811
    done = aifirst("infer", orders, "--vision", "--provider", "claude", "--json")
    answer = done.json
    assert done.code == 0 and answer["rows"] == 3 and answer["llm"]["calls"] == 2
    (differs,) = [claim for claim in answer["vision"]["claims"] if claim["state"] == "failed"]
    assert (differs["what"], differs["value"], differs["data"]) == ("header_rows", "2", "1")
    assert answer["dialect"]["header_rows"] == 1, "nothing is changed by it"
    assert "the picture and the data disagree" in done.err
    shown = aifirst("infer", orders, "--vision", "--provider", "claude")
    assert "DIFFERS" in shown.out and "1 disagreements" in shown.out


def test_a_chart_is_compared_with_the_file_it_was_drawn_from(aifirst, place, orders, claude_server) -> None:  # noqa: F811
    Image.new("RGB", (300, 200), "white").save(place.root / "chart.png")
    points = [{"label": "open", "value": 10.5}, {"label": "paid", "value": 27}, {"label": "lost", "value": 3}]
    chart = {"page": 1, "title": "", "kind": "bar", "unit": "", "series": [{"name": "", "points": points}]}
    answer = Reply(json.dumps({"tables": [], "charts": [chart], "notes": []}))
    claude_server.answer_with(lambda body: answer)
    options = ("--vision", "--provider", "claude", "--json")
    done = aifirst("infer", place.root / "chart.png", *options, "--against", orders)
    vision = done.json["vision"]
    assert done.json["format"] == "image" and done.json["columns"] == []
    assert [claim["state"] for claim in vision["claims"]] == ["tested", "tested", "tested", "failed"]
    assert vision["claims"][2]["data"] == "27.25" and "no such label" in vision["claims"][3]["evidence"]
    assert vision["reading"]["charts"][0]["kind"] == "bar"
    assert "nothing in a picture is masked" in done.err
    assert aifirst("infer", place.root / "chart.png", "--json").code == 2, "without --vision an image is no table"


def test_show_prompts_shows_the_look_too_and_sends_nothing(aifirst, orders, claude_server) -> None:  # noqa: F811
    answer = aifirst("infer", orders, "--vision", "--provider", "claude", "--show-prompts", "--json").json
    assert [prompt["task"] for prompt in answer["prompts"]] == ["schema", "vision"]
    content = answer["prompts"][1]["body"]["messages"][0]["content"]
    assert [block["type"] for block in content] == ["image", "text"] and claude_server.received == []
    assert answer["prompts"][1]["cost_usd"][0] < 0.02
    assert (
        "[type image, media_type image/png, width"
        in aifirst("infer", orders, "--vision", "--provider", "claude", "--show-prompts").out
    )


def test_against_without_vision_is_wrong_usage(aifirst, orders) -> None:
    assert aifirst("infer", orders, "--against", orders).code == 2


def test_assess_tells_what_is_wrong_offline(aifirst, place) -> None:
    done = aifirst("assess", place.write("messy.csv", MESSY_ORDERS), "--json")
    answer = done.json
    assert done.code == 0 and answer["proposed_by"] == "offline" and answer["llm"]["calls"] == 0
    assert {"file", "rows", "score", "summary", "issues", "rejected", "seconds"} <= answer.keys()
    assert answer["rows"] == 32 and ("State", "inconsistent") in {(i["column"], i["kind"]) for i in answer["issues"]}
    assert "inconsistent" in aifirst("assess", place.root / "messy.csv").out


def test_assess_asks_the_provider_and_tests_what_it_says(aifirst, orders, claude_server) -> None:  # noqa: F811
    answer = aifirst("assess", orders, "--provider", "claude", "--mode", "extended_thinking", "--json").json
    assert answer["summary"] == "Mostly fine." and answer["proposed_by"] == "claude-sonnet-5-5"
    assert answer["issues"][0]["state"] == "tested" and answer["issues"][0]["rows_affected"] == 1
    assert claude_server.received[0].body["thinking"]["type"] == "adaptive"
    claude_server.answer_with(lambda body: Fail(401, "authentication_error"))
    done = aifirst("assess", orders, "--provider", "claude", "--json", "--rules", _rules(orders))
    assert done.json["proposed_by"] == "offline" and "gave no answer" in done.err
    assert done.json["issues"][0]["rule"]["type"] == "expect_column_values_to_be_in_set"


def _rules(orders: Path) -> Path:
    path = orders.with_name("rules.json")
    rule = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "state", "value_set": ["paid"]}}
    path.write_text(json.dumps({"rules": [{**rule, "severity": "error"}]}))
    return path


@pytest.mark.parametrize(("prompt", "kinds"), [("vision", ["image", "text"]), ("vision_document", ["image", "text"]),
                                               ("assessment", ["text"])])  # fmt: skip
def test_the_shipped_prompts_render(aifirst, place, orders, prompt: str, kinds: list[str]) -> None:
    Image.new("RGB", (300, 200), "white").save(place.root / "chart.png")
    file = place.root / "chart.png" if prompt == "vision_document" else orders
    answer = aifirst("prompts", "render", prompt, file, "--json").json
    (sent,) = answer["prompts"]
    assert [block["type"] for block in sent["body"]["messages"][0]["content"]] == kinds
