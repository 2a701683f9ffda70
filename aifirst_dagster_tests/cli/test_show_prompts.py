"""`--show-prompts`: what is shown is what is sent, to the last character; nothing is sent, no key is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aifirst_dagster.cli.main import cli
from aifirst_dagster_tests.cli.test_providers import ANSWER
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Reply

PIPELINE = """\
name: Shops
budget: 0.3
{samples}steps:
  - {{name: Load, type: connector, config: {{path: in/*.csv, llm_enhanced: true}}}}
  - {{name: Clean, type: llm_transform, config: {{tools: true}}}}
  - {{name: Check, type: llm_validation}}
  - {{name: Save, type: output, config: {{format: csv, path: out/shops.csv}}}}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AIFIRST_LLM", "ANTHROPIC_API_KEY", "AIFIRST_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIFIRST_HOME", str(tmp_path / "home"))
    (tmp_path / "workspace.yaml").write_text("{}\n")
    (tmp_path / "in").mkdir()
    rows = "".join(f"{i},{i * 1.5},mail person.{i}@example.com\n" for i in range(60))
    (tmp_path / "in" / "spend.csv").write_text("id,spend,note\n" + rows)
    (tmp_path / "resources" / "pipelines").mkdir(parents=True)
    pipeline(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pipeline(root: Path, samples: str = "") -> None:
    (root / "resources" / "pipelines" / "shops.yaml").write_text(PIPELINE.format(samples=samples))


def shown(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(cli, [*arguments, "--show-prompts", "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


BARE = [
    ("infer", "in/spend.csv", "--provider", "claude"),
    ("clean", "in/spend.csv", "-o", "out.csv", "--provider", "claude"),
    ("rules", "in/spend.csv", "-o", "rules.yaml", "--provider", "claude"),
    ("check", "in/spend.csv", "--provider", "claude"),
]
PIPELINES = [
    ("run", "shops", "--provider", "claude"),
    ("design", "shops", "--write", "--provider", "claude"),
    ("estimate", "shops", "--provider", "claude"),
]


@pytest.mark.parametrize("arguments", [*BARE, *PIPELINES], ids=lambda arguments: arguments[0])
def test_without_a_key_every_command_shows_its_prompts_and_leaves_no_trace(
    place: Path, arguments: tuple[str, ...]
) -> None:
    before = files(place)

    answer = shown(*arguments)

    assert answer["sent"] is False and answer["prompts"]
    for prompt in answer["prompts"]:
        likely, most = prompt["cost_usd"]
        assert 0 < likely < most and prompt["model"] == "claude-sonnet-5-5"
        assert prompt["system"] and prompt["schema"]["type"] == "object" and prompt["messages"][0]["text"]
    assert answer["cost_usd"][1] == pytest.approx(sum(prompt["cost_usd"][1] for prompt in answer["prompts"]), abs=1e-5)
    assert files(place) == before


def test_what_is_shown_is_what_is_sent(place: Path, claude_server, monkeypatch) -> None:  # noqa: F811
    answer = shown("infer", "in/spend.csv", "--provider", "claude")
    assert claude_server.received == []

    claude_server.use(monkeypatch)
    claude_server.then(*[Reply(ANSWER)] * 3)
    CliRunner().invoke(cli, ["infer", "in/spend.csv", "--provider", "claude", "--json"], catch_exceptions=False)

    sent = {key: value for key, value in claude_server.received[0].body.items() if key != "stream"}
    (prompt,) = answer["prompts"]
    assert sent == prompt["body"]
    text = "".join(block["text"] for block in sent["messages"][0]["content"])
    assert prompt["messages"][0]["text"] == text and json.dumps(prompt["system"])[1:-1] in json.dumps(sent["system"])


def test_offline_nothing_would_be_sent(place: Path) -> None:
    assert shown("infer", "in/spend.csv")["prompts"] == []
    assert shown("run", "shops")["prompts"] == []
    assert shown("check", "in/spend.csv", "--provider", "offline")["cost_usd"] == [0, 0]


def test_a_pipelines_steps_each_show_their_own_and_the_tools_that_go_with_it(place: Path) -> None:
    answer = shown("run", "shops", "--provider", "claude")

    assert [(prompt["step"], prompt["task"]) for prompt in answer["prompts"]] == [
        ("load", "schema"), ("clean", "mapping"), ("check", "rules"),
    ]  # fmt: skip
    tools = [[tool["name"] for tool in prompt["tools"]] for prompt in answer["prompts"]]
    assert tools[0] == tools[2] == [] and "query" in tools[1]
    assert answer["budget_usd"] == 0.3 and any("deterministic engine" in note for note in answer["notes"])


def test_people_are_masked_by_default_and_a_pipeline_can_forbid_values_altogether(place: Path) -> None:
    masked = json.dumps(shown("run", "shops", "--provider", "claude")["prompts"])
    assert "person." not in masked and "xxxxxx.99@xxxxxxx.com" in masked

    pipeline(place, "samples: none\n")
    answer = shown("run", "shops", "--provider", "claude")
    bare = json.dumps(answer["prompts"])

    assert "xxxxxx.9" not in bare and '\\"values\\"' not in bare and "85.5" not in bare
    assert '\\"lengths\\"' in bare and '\\"distinct\\": 60' in bare
    assert all(tool["name"] not in ("query", "rows") for prompt in answer["prompts"] for tool in prompt["tools"])


def test_a_resource_can_forbid_values_too(place: Path) -> None:
    (place / "resources" / "llm").mkdir()
    (place / "resources" / "llm" / "claude.yaml").write_text("provider: claude\nsamples: none\n")

    for arguments in BARE:
        assert '\\"values\\"' not in json.dumps(shown(*arguments)["prompts"])


def test_people_read_it_too(place: Path) -> None:
    done = CliRunner().invoke(cli, ["infer", "in/spend.csv", "--provider", "claude", "--show-prompts"])

    assert "--- system ---" in done.stdout and '<data name="columns">' in done.stdout
    assert "Nothing was sent. 1 requests" in done.stdout and "the cap of a run is $0.50" in done.stdout
