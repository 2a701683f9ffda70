"""Each provider with the loopback server that speaks its protocol, to run one test over all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback import chat, claude, gemini, openai

#: Waits that take no time.
QUICK = {"attempts": 4, "base_seconds": 0.01, "longest_seconds": 0.02, "longest_retry_after": 1}


@dataclass(frozen=True)
class Kind:
    """A provider and its server.

    Attributes:
        settings: Keys of its resource file.
        key: The variable that its key is in, and the key; None: it needs none.
        dollars: Input and output rates of its model.
    """

    name: str
    server: Callable[[], Any]
    settings: dict[str, Any]
    key: tuple[str, str] | None
    dollars: tuple[float, float] = (0.0, 0.0)


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "claude",
            claude.ClaudeServer,
            {"model": "claude-sonnet-5-5", "base_url": {"env": "ANTHROPIC_BASE_URL"}},
            ("ANTHROPIC_API_KEY", claude.KEY),
            (2.0, 10.0),
        ),
        Kind(
            "openai",
            openai.OpenAIServer,
            {"model": "gpt-6.2-sol", "base_url": {"env": "OPENAI_BASE_URL"}},
            ("OPENAI_API_KEY", openai.KEY),
            (2.0, 10.0),
        ),
        Kind(
            "gemini",
            gemini.GeminiServer,
            {"model": "gemini-3.8-flash", "base_url": {"env": "GOOGLE_GEMINI_BASE_URL"}},
            ("GEMINI_API_KEY", gemini.KEY),
            (0.75, 3.75),
        ),
        Kind("local", chat.ChatServer, {"model": "smol", "base_url": {"env": "AIFIRST_LOCAL_URL"}}, None),
    )
}


@dataclass
class Rig:
    """One provider, set up in a project and pointed at its server."""

    kind: Kind
    server: Any
    project: Project
    opened: list[LLM] = field(default_factory=list)

    def open(self, **keys: Any) -> LLM:
        """The provider's resource; keywords change its file's keys."""
        import yaml

        folder = self.project.resources / "llm"
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "provider": self.kind.name,
            **self.kind.settings,
            "timeout": 2,
            "cache": "off",
            "retry": QUICK,
            **keys,
        }
        (folder / f"{self.kind.name}.yaml").write_text(yaml.safe_dump(settings))
        llm = choose(self.kind.name, self.project)
        self.opened.append(llm)
        return llm
