"""A project of its own for each test, no key in the environment, and waits that take no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.project import Project
from aifirst_dagster_tests.llm.rigs import KINDS, Rig
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project."""
    ours = ("AIFIRST_LLM", "AIFIRST_HOME", "AIFIRST_POSTGRES_URL", "AIFIRST_REDIS_URL")
    anthropic = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL")
    google = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL")
    for name in (*anthropic, *google, "OPENAI_API_KEY", "OPENAI_BASE_URL", "AIFIRST_LOCAL_URL", *ours):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path / "no-config"))
    return Project(tmp_path)


@pytest.fixture
def claude(project: Project, claude_server: object) -> Callable[..., LLM]:  # noqa: F811
    """Opens the `claude` resource with retries that hardly wait; keywords change its file's keys."""

    def opened(**keys: Any) -> LLM:
        settings = {
            "provider": "claude",
            "model": "claude-sonnet-5-5",
            "base_url": {"env": "ANTHROPIC_BASE_URL"},
            "timeout": 2,
            "cache": "off",
            "retry": {"attempts": 4, "base_seconds": 0.01, "longest_seconds": 0.02, "longest_retry_after": 1},
            **keys,
        }
        import yaml

        folder = project.resources / "llm"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "claude.yaml").write_text(yaml.safe_dump(settings))
        return choose("claude", project)

    return opened


@pytest.fixture(params=KINDS)
def rig(request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Each provider in turn, pointed at a server with an empty script."""
    kind = KINDS[request.param]
    with kind.server() as server:
        server.use(monkeypatch)
        yield Rig(kind, server, project)
