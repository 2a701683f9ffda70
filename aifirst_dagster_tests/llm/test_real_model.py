"""`local` and `claude` against a real, very small model on llama.cpp's server: `make test-local-llm`, not part of CI.

The model (SmolLM2, 135 million weights) is no good at anything; what is tested is that real streams, real token counts
and a real grammar go through the whole path, not what it says.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
import yaml
from pydantic import BaseModel

import aifirst_dagster.state as state_package
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import RejectedError, TruncatedError, UnavailableError
from aifirst_dagster.llm.gateway.call import resolve_model
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.llm.types import LLMRequest
from aifirst_dagster.project import Project

ROOT = os.environ.get("AIFIRST_LLAMA")
pytestmark = [pytest.mark.local_llm, pytest.mark.skipif(not ROOT, reason="make test-local-llm")]


class Answer(BaseModel):
    color: Literal["red", "green", "blue"]
    sure: bool
    count: int


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert ROOT is not None
    binary = next(path for path in Path(ROOT).rglob("llama-server*") if path.is_file() and os.access(path, os.X_OK))
    weights = next(Path(ROOT).rglob("*.gguf"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(binary), "-m", str(weights), "--port", str(port), "-c", "4096", "--threads", "2", "--jinja"]
    links = tmp_path_factory.mktemp("libraries")
    for library in Path(ROOT).resolve().rglob("lib*.so.*.*.*"):
        # A wheel holds no symbolic links: libx.so.1.2.3 is asked for as libx.so.1.
        name, _, version = library.name.partition(".so.")
        (links / f"{name}.so.{version.partition('.')[0]}").symlink_to(library)
    environment = {**os.environ, "LD_LIBRARY_PATH": f"{links}:{binary.parent}"}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert server.poll() is None, "llama-server ended"
            try:
                if httpx2.get(f"{url}/health", trust_env=False).status_code == 200:
                    break
            except httpx2.TransportError:
                pass
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def llm(project: Project, address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-nobody-checks-it-here")

    def opened(provider: str, **keys: Any) -> LLM:
        folder = project.resources / "llm"
        folder.mkdir(parents=True, exist_ok=True)
        base = address if provider == "claude" else f"{address}/v1"
        settings = {"provider": provider, "base_url": base, "timeout": 120, "cache": "off", **keys}
        (folder / "real.yaml").write_text(yaml.safe_dump(settings))
        return choose("real", project)

    return opened


@pytest.mark.parametrize("provider", ["local", "claude"])
@pytest.mark.parametrize("stream", [False, True])
def test_words_come_with_their_count(llm: Any, project: Project, provider: str, stream: bool):
    try:
        answer = llm(provider).call(
            LLMRequest(messages="Say hello to the reader.", system="Be brief.", stream=stream, max_tokens=200)
        )
    except TruncatedError as error:
        # A model this small may not find an end; that is then what is said.
        assert error.tokens is not None
        assert error.tokens.output == 200
        return
    assert answer.text.strip()
    assert answer.usage.input_tokens > 5
    assert 0 < answer.usage.output_tokens <= 200
    assert (answer.cost_usd == 0) is (provider == "local")
    (row,) = state_package.open(project).ledger.rows()
    assert (row["status"], row["output_tokens"]) == ("settled", answer.usage.output_tokens)


@pytest.mark.parametrize("stream", [False, True])
def test_a_real_grammar_holds_the_model_to_the_schema(llm: Any, stream: bool):
    asked = LLMRequest(messages="Which color is grass?", output=Answer, stream=stream, max_tokens=200)
    found = llm("local", structured_output="schema").call(asked).parsed_as(Answer)
    assert found.color in ("red", "green", "blue")


def test_a_cap_on_words_is_kept_and_said(llm: Any):
    with pytest.raises(TruncatedError):
        llm("local").call(LLMRequest(messages="Count from one to a thousand.", max_tokens=8))


def test_what_does_not_fit_the_context_is_an_error(llm: Any):
    with pytest.raises((RejectedError, UnavailableError)):
        llm("local", retry={"attempts": 1}).call(LLMRequest(messages="word " * 9_000, max_tokens=20))


def test_the_servers_own_count_and_models(llm: Any, project: Project):
    (claude,), (local,) = llm("claude")._routes, llm("local")._routes
    model, _ = resolve_model(None, claude.spec, project)
    ready = claude.provider.prepare(LLMRequest(messages="Count me, please.", max_tokens=20), model)

    async def asked() -> tuple[int | None, int]:
        try:
            return await claude.provider.count(ready), len(await local.provider.models())
        finally:
            await claude.provider.aclose()

    counted, models = asyncio.run(asked())
    assert counted is not None
    assert counted > 3
    assert models == 1


def test_many_at_once(llm: Any):
    requests = [LLMRequest(messages=f"Name the number {number}.", max_tokens=400) for number in range(6)]
    found = llm("local").map(requests, concurrency=3)
    assert len(found) == 6
    assert all(getattr(one, "text", "") or isinstance(one, TruncatedError) for one in found)
