"""Which model is asked is decided by names alone; a resource file is strict."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.failures import AuthError, NoModelError, UnavailableError
from aifirst_dagster.llm.resource import LLMResourceSpec, choose, load_resources
from aifirst_dagster.llm.types import LLMRequest, Usage
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.replies import Fail, Reply


def write(project: Project, name: str, text: str) -> None:
    folder = project.resources / "llm"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text)


def test_without_resources_the_packaged_ones_serve(project: Project):
    assert {"claude", "offline", "llm"} <= load_resources(project).keys()
    assert load_resources(project)["claude"].budget_usd == 0.50


def test_a_key_in_the_environment_switches_nothing_on(project: Project, claude_server: ClaudeServer):
    llm = choose(None, project)
    assert (llm.name, llm.provider, llm.available, llm.model) == ("llm", "offline", False, None)
    with pytest.raises(NoModelError) as caught:
        llm.call(LLMRequest(messages="anyone there?"))
    assert caught.value.kind == "offline"
    assert llm.usage == Usage.none()
    assert claude_server.received == []
    assert not project.home.exists()


@pytest.mark.parametrize("asked", [None, "llm", "claude"])
def test_a_name_does(project: Project, claude_server: ClaudeServer, monkeypatch: pytest.MonkeyPatch, asked: str | None):
    monkeypatch.setenv("AIFIRST_LLM", "claude")
    claude_server.then(Reply("Here."))
    llm = choose(asked, project)
    assert (llm.available, llm.provider, llm.model) == (True, "claude", "claude-sonnet-5-5")
    assert llm.call(LLMRequest(messages="anyone there?")).text == "Here."


def test_the_router_named_by_the_environment_means_its_default(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AIFIRST_LLM", "llm")
    assert choose(None, project).provider == "offline"


def test_claude_without_a_key_says_so_before_anything_is_written(project: Project):
    llm = choose("claude", project)
    assert not llm.available
    with pytest.raises(AuthError, match="ANTHROPIC_API_KEY is not set"):
        llm.call(LLMRequest(messages="hi"))
    assert not project.home.exists()


def test_a_chain_goes_on_to_the_next_and_says_so(
    project: Project, claude_server: ClaudeServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTHER_URL", "http://127.0.0.1:1")
    write(project, "down", "provider: claude\nbase_url: {env: OTHER_URL}\nretry: {attempts: 1}\n")
    write(project, "both", "provider: router\nchain: [down, claude]\n")
    claude_server.then(Reply("Here."))
    llm = choose("both", project)
    response = llm.call(LLMRequest(messages="anyone there?"))
    assert response.text == "Here."
    assert any(notice.startswith("down did not serve") for notice in response.notices)
    assert (llm.usage.calls, llm.usage.failures) == (2, 1)


def test_a_chain_that_ends_offline_reports_the_real_failure(project: Project, claude_server: ClaudeServer):
    write(project, "both", "provider: router\nchain: [claude, offline]\n")
    write(project, "claude", "provider: claude\nbase_url: {env: ANTHROPIC_BASE_URL}\nretry: {attempts: 1}\n")
    claude_server.then(Fail(529, "overloaded_error"))
    with pytest.raises(UnavailableError):
        choose("both", project).call(LLMRequest(messages="anyone there?"))


def test_a_budget_given_by_the_caller_replaces_the_resources(project: Project):
    llm = choose("claude", project, budget_usd=3)
    assert llm._routes[0].spec.budget_usd == 3


def test_specs_given_by_the_caller_replace_the_files(project: Project):
    spec = LLMResourceSpec(name="mine", provider="claude", model="claude-haiku-5-5")
    llm = choose("mine", project, resources={"mine": spec})
    assert llm._routes[0].spec.model == "claude-haiku-5-5"


def test_an_unknown_resource_is_an_error_with_the_nearest_one(project: Project):
    with pytest.raises(ConfigError, match="'cluade'") as caught:
        choose("cluade", project)
    assert "Did you mean 'claude'" in caught.value.hint


def test_an_unknown_provider_is_an_error_that_lists_them(project: Project):
    write(project, "mine", "provider: clod\n")
    with pytest.raises(ConfigError, match="clod") as caught:
        choose("mine", project)
    assert "claude" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("provider: claude\nbudgetusd: 1\n", "Unknown key 'budgetusd'", 2),
        ("provider: claude\n\nbudget_usd: -1\n", "budget_usd", 3),
        ("provider: claude\nretry:\n  attempts: many\n", "retry.attempts", 3),
        ("provider: claude\napi_key: sk-ant-in-the-open\n", "api_key", 2),
        ("provider: [\n", "no YAML", 2),
        ("- provider\n", "no keys", None),
        ("", "no keys", None),
    ],
)
def test_a_wrong_file_is_named_with_its_place(project: Project, text: str, message: str, line: int | None):
    write(project, "mine", text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_resources(project)
    assert caught.value.file is not None
    assert caught.value.file.endswith("mine.yaml")
    assert caught.value.line == line
    assert "sk-ant" not in str(caught.value)


def test_offline_imports_neither_sdk_nor_database():
    code = (
        "import sys; from aifirst_dagster.llm.resource import choose; choose('offline').available; "
        "sys.exit(', '.join({'anthropic', 'sqlalchemy', 'dagster', 'httpx2'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_who_is_asked_is_known_without_a_key(project: Project):
    assert choose("claude", project).asked == "claude-sonnet-5-5"
    assert choose(None, project).asked is None


def test_this_projects_own_resources_are_in_order():
    from aifirst_dagster.llm import catalogue
    from aifirst_dagster.llm.resource import PACKAGED

    here = Project(PACKAGED.parents[2])
    for spec in load_resources(here).values():
        if spec.model:
            assert catalogue.resolve(spec.model, here)[0].provider == spec.provider
