"""`aifirst models`: what can be named, at which price; what providers say of it, and how that is written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aifirst_dagster.cli.main import cli
from aifirst_dagster.llm import catalogue
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.gemini import GeminiServer
from aifirst_dagster_tests.loopback.openai import OpenAIServer

KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIFIRST_LOCAL_URL", "http://127.0.0.1:1/v1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resources" / "llm").mkdir(parents=True)
    (tmp_path / "workspace.yaml").touch()
    return tmp_path


@pytest.fixture
def servers(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ClaudeServer() as claude, OpenAIServer() as gpt, GeminiServer() as gemini:
        for server in (claude, gpt, gemini):
            server.use(monkeypatch)
        yield


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(cli, ["models", *arguments, "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout)


def test_every_model_is_listed_with_its_price_and_what_it_can_do(here: Path):
    code, answer = run()
    models = {model["name"]: model for model in answer["models"]}
    assert code == 0
    assert {model["provider"] for model in models.values()} == {"claude", "openai", "gemini"}
    sonnet = models["claude-sonnet-5-5"]
    assert (sonnet["usd_per_million_tokens"]["input"], sonnet["context"]) == (2, 1_000_000)
    assert set(sonnet["capabilities"]) >= {"vision", "pdf", "tools", "structured_output", "thinking", "prompt_cache"}
    assert "claude-sonnet-4" in sonnet["aliases"]
    assert models["claude-sonnet-4-5"]["retires"] == "2026-11-30"
    assert run("--provider", "gemini")[1]["models"][0]["provider"] == "gemini"


def test_people_get_a_table(here: Path):
    result = CliRunner().invoke(cli, ["models"])
    assert "gpt-6.2-sol" in result.stdout
    assert "US dollars per million tokens" in result.stdout


def test_without_keys_a_check_says_so_and_costs_nothing(here: Path):
    code, answer = run("--check")
    problems = {check["provider"]: check["problem"] for check in answer["checks"]}
    assert code == 0
    assert "key is not set" in problems["claude"]
    assert "cannot be reached" in problems["local"]


def test_a_catalogue_that_agrees_is_said_to(servers: None):
    code, answer = run("--check", "--provider", "openai")
    (check,) = answer["checks"]
    assert (code, check["problem"], check["differences"], check["gone"]) == (0, "", [], [])


OWN = """# Ours.
models:
  # The house's favourite.
  gpt-6-luna:
    provider: openai
    context: 1000
    max_output: 500   # enough for us
    prices: [{input: 1, output: 2}]
  gemini-4-argon:
    provider: gemini
    context: 2000     # wrong
    max_output: 65536
    vision: true
    pdf: true
    prices: [{input: 2, output: 10}]
  gpt-5-gone:
    provider: openai
    context: 1000
    max_output: 500
    prices: [{input: 1, output: 2}]
"""


def test_what_differs_and_what_is_gone_is_named(servers: None, here: Path):
    (here / "resources" / "llm" / "models.yaml").write_text(OWN)
    code, answer = run("--check")
    checks = {check["provider"]: check for check in answer["checks"]}
    assert code == 1
    assert checks["openai"]["gone"] == ["gpt-5-gone"]
    assert {"model": "gemini-4-argon", "field": "context", "catalogue": 2000, "provider": 1_048_576} in checks[
        "gemini"
    ]["differences"]
    shown = CliRunner().invoke(cli, ["models", "--check"]).stdout
    assert "gpt-5-gone: no longer listed" in shown


def test_what_differs_is_written_and_comments_stay(servers: None, here: Path):
    path = here / "resources" / "llm" / "models.yaml"
    path.write_text(OWN)
    assert "gemini-4-argon" in run("--write", "--provider", "gemini")[1]["written"]
    text = path.read_text()
    for comment in ("# Ours.", "# The house's favourite.", "# enough for us"):
        assert comment in text
    models = catalogue.load(Project(here)).models
    assert (models["gemini-4-argon"].context, models["gpt-6-luna"].max_output) == (1_048_576, 500)
    assert run("--check", "--provider", "gemini")[0] == 0


def test_a_new_model_is_written_without_a_price_and_refused_until_it_has_one(servers: None, here: Path):
    from aifirst_dagster.llm.failures import RejectedError
    from aifirst_dagster.llm.model_check import Check, refresh
    from aifirst_dagster.llm.providers.base import ModelFacts
    from aifirst_dagster.llm.resource import choose
    from aifirst_dagster.llm.types import LLMRequest

    path, known = here / "resources" / "llm" / "models.yaml", catalogue.load()
    new = ModelFacts("claude-next-6", context=2_000_000, max_output=256_000, capabilities=frozenset({"image_input"}))
    written = refresh(path, [Check("claude", "claude", unknown=(new, ModelFacts("claude-nameless")))], known)
    assert written == ["claude-next-6"]
    with pytest.raises(RejectedError, match="price of claude-next-6 is not known") as caught:
        choose("claude", Project(here)).call(LLMRequest(messages="hi", model="claude-next-6"))
    assert "resources/llm/models.yaml" in caught.value.hint
    path.write_text(path.read_text().replace("prices: []", "prices: [{input: 1, output: 2}]"))
    found = catalogue.load(Project(here)).models["claude-next-6"]
    assert (found.vision, found.pdf) == (True, False)
    assert found.rates() is not None


def test_nothing_to_write_writes_nothing(servers: None, here: Path):
    assert run("--write", "--provider", "openai")[1]["written"] == []
    assert not (here / "resources" / "llm" / "models.yaml").exists()


def test_an_unknown_provider_is_an_error(here: Path):
    from aifirst_dagster.errors import ConfigError

    with pytest.raises(ConfigError, match="nobody"):
        run("--provider", "nobody")
