"""`aifirst eval`: providers side by side on labelled tables, what they cost, what failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aifirst_dagster.cli.main import cli
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply

SOURCE = "kdnr,vname\n1,Ada\n2,Bo\n3,Carla\n"
TARGET = "customer_number,first_name\n11,Dana\n12,Emil\n13,Fay\n"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AIFIRST_LLM", "ANTHROPIC_API_KEY", "AIFIRST_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIFIRST_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    pair = tmp_path / "data" / "mapping" / "crm"
    pair.mkdir(parents=True)
    (pair / "source.csv").write_text(SOURCE)
    (pair / "groundtruth.csv").write_text("source,target\nkdnr,customer_number\nvname,first_name\n")
    (pair.parent / "target.csv").write_text(TARGET)
    return tmp_path / "data"


def called(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["eval", *arguments], catch_exceptions=False)


def answered(*arguments: str) -> dict[str, dict[str, Any]]:
    """Provider -> its first score."""
    done = called(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return {each["provider"]: each["scores"][0] for each in json.loads(done.stdout)["providers"]}


def fields(first: str, second: str) -> str:
    made = [
        {"name": name, "sources": [source], "expression": "", "type": type_, "description": "", "confidence": 0.9}
        for name, source, type_ in (("customer_number", first, "integer"), ("first_name", second, "string"))
    ]
    return json.dumps({"fields": made, "repairs": []})


def test_the_offline_engine_is_measured_on_the_shipped_tables_with_nothing_set_up(data: Path) -> None:
    score = answered("--only", "types")["offline"]

    assert score["n"] == 28 and score["share"] > 0.85 and score["llm"]["calls"] == 0 and score["problems"] == []
    assert score["interval"][0] < score["share"] < score["interval"][1]


def test_a_model_stands_beside_the_engine_with_its_cost(data: Path, monkeypatch, claude_server) -> None:  # noqa: F811
    claude_server.use(monkeypatch)
    claude_server.then(Reply(fields("kdnr", "vname")))

    scores = answered("--data", str(data), "--provider", "claude")

    assert list(scores) == ["offline", "claude"]
    assert (scores["claude"]["n"], scores["claude"]["right"]) == (2, 2)
    assert scores["claude"]["llm"]["cost_usd"] > 0 == scores["offline"]["llm"]["cost_usd"]
    assert scores["claude"]["fallbacks"] == 0


def test_where_the_model_did_not_answer_its_figures_say_whose_they_are(
    data: Path, monkeypatch, claude_server  # noqa: F811
) -> None:  # fmt: skip
    claude_server.use(monkeypatch)
    claude_server.then(*[Fail(400, "invalid_request_error", "no")] * 6)

    done = called("--data", str(data), "--provider", "claude", "-o", "out.md")

    assert "the offline engine answered 1 of 1 questions in its place" in done.stdout
    assert (
        "| claude | mapping | 2 |" in Path("out.md").read_text()
        and "offline engine answered" in Path("out.md").read_text()
    )


def test_a_provider_is_asked_no_more_once_the_cap_is_spent(data: Path, monkeypatch, claude_server) -> None:  # noqa: F811
    again = data / "mapping" / "crm2"
    again.mkdir()
    for name, text in (
        ("source.csv", SOURCE.replace("Ada", "Ida")),
        ("groundtruth.csv", "source,target\nvname,first_name\n"),
    ):
        (again / name).write_text(text)
    claude_server.use(monkeypatch)
    claude_server.then(Reply(fields("kdnr", "vname")))

    score = answered("--data", str(data), "--provider", "claude", "--cap", "0.000001")["claude"]

    assert score["tables"] == 1 and "crm2: not asked: the cap" in score["problems"][0]
    assert len(claude_server.received) == 1


def test_an_unreadable_table_is_told_and_the_others_count(data: Path) -> None:
    broken = data / "mapping" / "broken"
    broken.mkdir()
    (broken / "source.csv").write_bytes(b"\x7fELF" + bytes(range(256)) * 10)
    (broken / "groundtruth.csv").write_text("source,target\na,first_name\n")

    score = answered("--data", str(data))["offline"]

    assert score["tables"] == 2 and score["problems"][0].startswith("broken: ") and score["n"] == 3


def test_prompts_are_shown_without_a_key(data: Path) -> None:
    done = called("--provider", "claude", "--show-prompts", "--json")
    shown = json.loads(done.stdout)

    assert shown["sent"] is False and len(shown["prompts"]) == 6 and 0 < shown["cost_usd"][0] <= shown["cost_usd"][1]
