"""`aifirst run` with Claude on the wire: what it cost is told and kept, and nothing is bought twice."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster import state
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply
from aifirst_dagster_tests.scenario import ORDERS, Place, step

SCHEMA = {
    "columns": [
        {
            "column": name, "type": type_, "format": "default", "null_tokens": [], "semantic_type": "", "unit": unit,
            "description": f"About {name}.",
        }
        for name, type_, unit in (
            ("id", "integer", ""), ("ordered", "date", ""), ("amount", "number", "EUR"), ("state", "string", "")
        )
    ]
}  # fmt: skip
RULES = {
    "rules": [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": json.dumps({"column": "amount", "min_value": 0, "max_value": 1000}),
            "severity": "error",
            "rationale": "Nobody orders for more.",
        }
    ]
}


def clever(body: dict) -> Reply:
    """A model that knows this data."""
    wanted = json.dumps(body["output_config"]["format"]["schema"]["properties"])
    answer = RULES if '"rules"' in wanted else SCHEMA
    return Reply(json.dumps(answer), input_tokens=1000, output_tokens=200)


@pytest.fixture
def shop(place: Place, claude_server) -> Place:  # noqa: F811
    more = "".join(f"{number},2026-02-{number % 28 + 1:02},{number}.50,paid\n" for number in range(4, 60))
    place.write("in/orders.csv", ORDERS + more)
    place.write(
        "resources/llm/claude.yaml",
        "provider: claude\nmodel: claude-sonnet-5-5\nbase_url: {env: ANTHROPIC_BASE_URL}\ntimeout: 5\n"
        "retry: {attempts: 2, base_seconds: 0.01, longest_seconds: 0.02}\n",
    )
    place.file(
        step("raw", "connector", path="in/orders.csv", llm_enhanced=True),
        step("checked", "llm_validation", threshold=0.5),
        llm="claude",
    )
    return place


def test_the_first_run_buys_answers_and_the_second_none(shop, aifirst, claude_server):  # noqa: F811
    claude_server.answer_with(clever)
    first = aifirst("run", "shop", "--json")
    answer = first.json
    assert (first.code, answer["provider"]) == (0, "claude"), first.text
    billed = claude_server.billed()
    assert billed["answers"] == 2
    usage = answer["llm"]
    assert (usage["calls"], usage["input_tokens"], usage["output_tokens"]) == (2, 2000, 400)
    assert usage["cost_usd"] > 0 and usage["models"] == ["claude-sonnet-5-5"]
    assert sum(one["llm"]["cost_usd"] for one in answer["steps"]) == pytest.approx(usage["cost_usd"])
    ledger = state.open(shop.project).ledger.rows(run_id=answer["run_id"])
    assert sum(row["cost_usd"] for row in ledger) == pytest.approx(usage["cost_usd"])
    assert {row["pipeline"] for row in ledger} == {"shop"}
    columns = {one["name"]: one for one in shop.store.current("shop", "raw").manifest.columns}
    assert (columns["amount"]["unit"], columns["amount"]["description"]) == ("EUR", "About amount.")
    rules = {rule["id"]: rule for rule in answer["steps"][1]["rules"]}
    assert any(rule["provenance"] == "claude-sonnet-5-5" for rule in rules.values())

    designs = {path: path.read_bytes() for path in shop.project.designs.rglob("*") if path.is_file()}
    second = aifirst("run", "shop", "--json")
    assert second.code == 0
    assert (second.json["llm"]["calls"], second.json["llm"]["cost_usd"]) == (0, 0)
    assert claude_server.billed() == billed and len(claude_server.received) == 2
    assert {path: path.read_bytes() for path in shop.project.designs.rglob("*") if path.is_file()} == designs


def test_a_model_that_is_down_leaves_the_engines_answer_and_is_asked_again(shop, aifirst, claude_server):  # noqa: F811
    claude_server.answer_with(lambda body: Fail(500))
    first = aifirst("run", "shop", "--json")
    assert first.code == 0, first.text
    assert first.json["steps"][0]["rows_out"] == 59
    assert first.json["llm"]["failures"] > 0 and first.json["llm"]["cost_usd"] == 0
    current = {check["asset_key"]: check for check in first.json["checks"] if check["name"] == "design_current"}
    assert (current["shop/raw"]["passed"], current["shop/raw"]["severity"]) == (False, "warn")
    claude_server.answer_with(clever)
    second = aifirst("run", "shop", "--json")
    assert second.json["llm"]["calls"] == 2
    assert all(check["passed"] for check in second.json["checks"] if check["name"] == "design_current")


def test_a_budget_of_nothing_asks_nobody(shop, aifirst, claude_server):  # noqa: F811
    path = shop.project.pipelines / "shop.yaml"
    path.write_text(path.read_text() + "budget: 0\n")
    claude_server.answer_with(clever)
    said = aifirst("run", "shop", "--json")
    assert said.code == 0 and claude_server.received == []
    assert said.json["llm"]["cost_usd"] == 0


def test_what_a_failed_step_spent_is_told_too(shop, aifirst, claude_server, monkeypatch):  # noqa: F811
    claude_server.answer_with(clever)
    shop.file(
        step("raw", "connector", path="in/orders.csv", llm_enhanced=True, types={"nosuch": "integer"}), llm="claude"
    )
    said = aifirst("run", "shop", "--json")
    assert said.code == 2
    spent = state.open(shop.project).ledger.spent(said.json["run_id"])
    assert spent > 0
    assert said.json["llm"]["cost_usd"] == pytest.approx(spent)
