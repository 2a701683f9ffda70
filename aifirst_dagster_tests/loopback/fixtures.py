"""Pytest fixtures over the loopback servers: `from aifirst_dagster_tests.loopback.fixtures import claude_server`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aifirst_dagster_tests.loopback.claude import ClaudeServer


@pytest.fixture
def claude_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ClaudeServer]:
    """A server with an empty script, in use by this process through the environment."""
    with ClaudeServer() as server:
        server.use(monkeypatch)
        yield server
