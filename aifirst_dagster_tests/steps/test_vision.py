"""`vision: true` and `assess: true`: a model looks and assesses within a pipeline; the data stays as it is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from aifirst_dagster.llm.resource import choose
from aifirst_dagster.orchestration.designing import preview
from aifirst_dagster.orchestration.metadata import materialisation
from aifirst_dagster.pipelines.estimate import estimate
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply
from aifirst_dagster_tests.scenario import ORDERS, Place, rows, step

TYPES = {"id": "integer", "ordered": "date", "amount": "number", "state": "string"}
RULE = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}
RAW = step("raw", "connector", llm_enhanced=True, vision=True)


def said(body: dict[str, Any]) -> Reply:
    """The model's answer to whichever task a request is of; it sees a header in row 2."""
    properties = body["output_config"]["format"]["schema"]["properties"]
    if "header_rows" in properties:
        text = body["messages"][0]["content"][-1]["text"]
        asked = json.loads(re.search(r'cells_to_read">\n(.*?)\n</data>', text, re.DOTALL)[1])
        grid = [line.split(",") for line in ORDERS.splitlines()]
        cells = [{"cell": one, "text": grid[int(one[1:]) - 1][ord(one[0]) - 65]} for one in asked]
        seen = [{"letter": letter, "name": name, "type": type_, "unit": ""}
                for letter, (name, type_) in zip("ABCD", TYPES.items(), strict=True)]  # fmt: skip
        answer: dict[str, Any] = {"header_rows": [2], "columns": seen, "data_rows": 3, "cells": cells, "oddities": []}
    elif "summary" in properties:
        kwargs = json.dumps({"column": "amount", "max_value": 15})
        issue = {"column": "amount", "kind": "outliers", "severity": "warn", "evidence": "20 is much", "rows": 1,
                 "rule_type": "expect_column_values_to_be_between", "rule_kwargs": kwargs, "repair": "",
                 "action": "review"}  # fmt: skip
        answer = {"summary": "Mostly fine.", "issues": [issue]}
    elif "rules" in properties:
        answer = {"rules": []}
    else:
        plain = {"format": "default", "null_tokens": [], "semantic_type": "", "unit": "", "description": "A column."}
        answer = {"columns": [{"column": name, "type": type_, **plain} for name, type_ in TYPES.items()]}
    return Reply(json.dumps(answer))


@pytest.fixture
def shop(place: Place, claude_server: ClaudeServer, monkeypatch: pytest.MonkeyPatch) -> Place:  # noqa: F811
    """A project with three orders in its landing folder, and Claude on a loopback server that answers everything."""
    claude_server.use(monkeypatch)
    claude_server.answer_with(said)
    place.write("landing/shop/orders.csv", ORDERS)
    place.write("resources/llm/claude.yaml", "provider: claude\nbase_url: {env: ANTHROPIC_BASE_URL}\ncache: off\n"
                "model: claude-sonnet-5-5\nretry: {attempts: 1}\n")  # fmt: skip
    return place


def test_a_new_design_is_looked_at_once_and_what_differs_is_told(shop, claude_server) -> None:  # noqa: F811
    llm, pipeline = choose("claude", shop.project), shop.pipeline(RAW)
    first = shop.run(pipeline, llm=llm)
    vision = first.manifest.details["vision"]
    assert vision["trusted"] is True and vision["disagreements"] == 1 and vision["file"].endswith("orders.csv")
    (note,) = [note for note in first.manifest.details["notes"] if note.startswith("vision:")]
    assert "header_rows = 2" in note and len(claude_server.received) == 2
    assert first.manifest.details["llm"]["calls"] == 2 and len(rows(first)) == 3
    done = shop.execute(pipeline, "raw", llm=llm)
    assert (
        "| differs | table | header_rows | 2 | 1 |"
        in materialisation(done, pipeline, pipeline.step("raw"), None)["vision"].value
    )
    again = done.writer.publish(done.manifest)
    assert len(claude_server.received) == 2, "the design stands: nobody is asked, and what was seen is still told"
    assert again.manifest.details["vision"] == vision
    assert [row["task"] for row in llm.state().ledger.rows()] == ["schema", "vision"]


def test_who_cannot_look_leaves_the_dataset_as_it_is_with_a_note(shop, claude_server) -> None:  # noqa: F811
    claude_server.answer_with(
        lambda body: Fail(529) if any(b["type"] == "image" for b in body["messages"][0]["content"]) else said(body)
    )
    made = shop.run(shop.pipeline(RAW), llm=choose("claude", shop.project))
    assert len(rows(made)) == 3 and "vision" not in made.manifest.details
    assert any("nobody looked" in note for note in made.manifest.details["notes"])


def test_no_picture_leaves_the_machine_where_samples_are_forbidden(shop, claude_server) -> None:  # noqa: F811
    shop.write("resources/llm/claude.yaml", "provider: claude\nbase_url: {env: ANTHROPIC_BASE_URL}\nsamples: none\n")
    made = shop.run(shop.pipeline(RAW), llm=choose("claude", shop.project))
    assert any("samples: none" in note for note in made.manifest.details["notes"])
    assert all(b["type"] == "text" for r in claude_server.received for b in r.body["messages"][0]["content"])


def test_an_assessment_is_kept_with_the_version_and_shown(shop, claude_server) -> None:  # noqa: F811
    pipeline = shop.pipeline(step("raw", "connector"), step("ok", "llm_validation", assess=True))
    made = shop.run(pipeline, llm=choose("claude", shop.project))
    kept = made.read_json("assessment.json")
    assert (kept["summary"], kept["proposed_by"]) == ("Mostly fine.", "claude-sonnet-5-5")
    (issue,) = [issue for issue in kept["issues"] if issue["kind"] == "outliers"]
    assert (issue["state"], issue["rows_affected"]) == ("tested", 1)
    done = shop.execute(pipeline, "ok")
    shown = materialisation(done, pipeline, pipeline.step("ok"), None)["assessment"]
    assert "issues in 3 rows" in shown.value or "Nothing was found" in shown.value
    offline = done.writer.publish(done.manifest)
    assert offline.read_json("assessment.json")["proposed_by"] == "offline"


def test_neither_is_paid_for_where_only_designs_are_wanted_and_both_are_in_the_estimate(shop, claude_server) -> None:  # noqa: F811
    pipeline = shop.pipeline(RAW, step("ok", "llm_validation", rules=[RULE], assess=True), llm="claude")
    raw, ok = estimate(pipeline, shop.project).steps
    assert (raw.calls, ok.calls) == (2, 1) and claude_server.received == []
    preview(shop.project, pipeline, write=False)
    tasks = [row["task"] for row in choose("claude", shop.project).state().ledger.rows()]
    assert tasks == ["schema"]


def test_a_router_goes_on_to_a_model_that_can_see_and_says_so(shop, claude_server) -> None:  # noqa: F811
    shop.write("resources/llm/models.yaml", "models:\n  claude-sonnet-5: {provider: claude, context: 200000, "
               "max_output: 8000, vision: false, thinking: [disabled], prices: [{input: 1, output: 1}]}\n")  # fmt: skip
    shop.write("resources/llm/blind.yaml", "provider: claude\nmodel: claude-sonnet-5\n"
               "base_url: {env: ANTHROPIC_BASE_URL}\n")  # fmt: skip
    shop.write("resources/llm/both.yaml", "provider: router\nchain: [blind, claude]\n")
    made = shop.run(shop.pipeline(RAW), llm=choose("both", shop.project))
    notes = made.manifest.details["notes"]
    assert any("blind did not serve" in note and "images" in note for note in notes)
    assert made.manifest.details["vision"]["model"] == "claude-sonnet-5-5"
    assert [r.body["model"] for r in claude_server.received] == ["claude-sonnet-5", "claude-sonnet-5-5"]
