"""`aifirst batches`: what is under way is seen, and can be stopped without paying twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from aifirst_dagster.cli.main import cli
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.batches.task import Pace
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.llm.types import LLMRequest, LLMResponse
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.replies import Reply

QUICK = Pace(first_look=0.02, longest_look=0.05, settle=0.3)
#: A batch is sent and then left alone.
LEAVE = Pace(first_look=0.02, longest_look=0.05, settle=0.3, patience=0.1)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClaudeServer]:
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workspace.yaml").touch()
    folder = tmp_path / "resources" / "llm"
    folder.mkdir(parents=True)
    settings = {"provider": "claude", "model": "claude-sonnet-5-5", "base_url": {"env": "ANTHROPIC_BASE_URL"}}
    (folder / "claude.yaml").write_text(yaml.safe_dump({**settings, "budget_usd": 5}))
    with ClaudeServer() as found:
        found.use(monkeypatch)
        found.answer_with(lambda body: Reply("ok", input_tokens=10, output_tokens=1))
        yield found


def run(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["batches", *arguments, "--json"], catch_exceptions=False, standalone_mode=False)
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def asked(pace: Pace, *rows: str) -> list[Any]:
    llm = choose("claude", Project.find())
    return llm.batch([LLMRequest(messages=row, max_tokens=100) for row in rows], pace=pace)


def test_nothing_under_way_is_said_so(server: ClaudeServer):
    assert run("list")["batches"] == []
    assert "no such message batch" in CliRunner().invoke(cli, ["batches", "list"]).stdout


def test_a_batch_under_way_is_listed_and_can_be_stopped(server: ClaudeServer):
    server.batches.looks = 10_000
    assert not any(isinstance(outcome, LLMResponse) for outcome in asked(LEAVE, "a", "b"))
    (batch,) = run("list")["batches"]
    assert (batch["state"], batch["requests"], batch["calls"]) == ("sent", 2, {"pending": 2})
    assert run("cancel", batch["id"][:8])["canceled"] == batch["id"]
    assert server.batches.all[0].status == "canceling"
    # Asked again, the canceled batch is fetched to its end: nothing of it was paid for.
    server.batches.looks = 0
    asked(QUICK, "a", "b")
    assert server.batches.all[0].status == "ended"
    (old,) = [batch for batch in run("list", "--all")["batches"] if batch["provider_id"] == server.batches.all[0].id]
    assert old["state"] == "collected"
    assert "pending" not in old["calls"]


def test_a_batch_that_nobody_knows_cannot_be_stopped(server: ClaudeServer):
    with pytest.raises(ConfigError, match="No batch under way is called 'nothing'"):
        run("cancel", "nothing")
