"""Claude through Bedrock and Vertex: chosen in the resource file, by the SDK's own clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import AuthError, UnavailableError
from aifirst_dagster.llm.gateway.call import resolve_model
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.llm.types import LLMRequest
from aifirst_dagster.project import Project
from aifirst_dagster_tests.llm.rigs import QUICK
from aifirst_dagster_tests.loopback.clouds import TOKEN, BedrockServer, CloudServer, VertexServer
from aifirst_dagster_tests.loopback.replies import CutStream, Fail, MidStreamError, Raw, Reply

SERVERS: dict[str, Callable[[], CloudServer]] = {"bedrock": BedrockServer, "vertex": VertexServer}
NEEDED = {"bedrock": "AWS_REGION", "vertex": "CLOUD_ML_REGION"}


class Guess(BaseModel):
    name: str


@pytest.fixture(params=SERVERS)
def cloud(request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_BEARER_TOKEN_BEDROCK", "CLOUD_ML_REGION"):
        monkeypatch.delenv(name, raising=False)
    with SERVERS[request.param]() as server:
        server.use(monkeypatch)
        yield request.param, server


def opened(project: Project, client: str, **keys: Any) -> LLM:
    folder = project.resources / "llm"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cloud.yaml").write_text(
        yaml.safe_dump({"provider": "claude", "client": client, "timeout": 2, "retry": QUICK, **keys})
    )
    return choose("cloud", project)


def ask(**more: Any) -> LLMRequest:
    return LLMRequest.model_validate({"messages": "What is it?", "max_tokens": 500, **more})


def test_an_answer_comes_with_its_bill(cloud: Any, project: Project):
    name, server = cloud
    server.then(Reply('{"name": "x"}', input_tokens=1000, output_tokens=100))
    answer = opened(project, name).call(ask(output=Guess))
    assert answer.parsed_as(Guess).name == "x"
    assert answer.cost_usd == pytest.approx((1000 * 2 + 100 * 10) / 1e6)
    assert (answer.model, answer.provider) == ("claude-sonnet-5-5", "claude")
    # Where the cloud cannot hold the model to a schema, the prompt asks for it, and that is said.
    asked = "JSON Schema" in str(server.received[0].body.get("system"))
    assert asked is (name == "bedrock")
    assert any("no schema" in notice for notice in answer.notices) is (name == "bedrock")


def test_the_cloud_may_call_the_model_otherwise(cloud: Any, project: Project):
    name, server = cloud
    server.then(Reply("ok"))
    opened(project, name, model_id="us.anthropic.claude-sonnet-5-5").call(ask())
    assert "us.anthropic.claude-sonnet-5-5" in server.received[0].path


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("trouble", [Fail(429), Fail(503), MidStreamError(), CutStream(), Raw("{")], ids=repr)
def test_what_may_pass_is_tried_again(cloud: Any, project: Project, trouble: Any, stream: bool):
    name, server = cloud
    if stream and name == "bedrock":
        pytest.importorskip("botocore", reason="Bedrock's own stream format needs AWS's library")
    server.then(trouble, Reply("ok"))
    assert opened(project, name).call(ask(stream=stream)).attempts == 2
    assert server.streams(server.received[0].path, server.received[0].body) is stream


def test_what_is_missing_is_named(cloud: Any, project: Project, monkeypatch: pytest.MonkeyPatch):
    name, server = cloud
    monkeypatch.delenv(NEEDED[name])
    llm = opened(project, name)
    assert not llm.available
    with pytest.raises(AuthError, match=NEEDED[name]):
        llm.call(ask())
    assert server.received == []


def test_a_wrong_token_is_an_auth_failure_that_does_not_show_it(
    cloud: Any, project: Project, monkeypatch: pytest.MonkeyPatch
):
    name, _ = cloud
    monkeypatch.setenv("HOUSE", "wrong-token-0123456789")
    with pytest.raises(AuthError) as caught:
        opened(project, name, api_key={"env": "HOUSE"}).call(ask())
    assert "HOUSE" in caught.value.hint
    assert "wrong-token" not in str(caught.value)


def test_the_token_is_in_no_text(cloud: Any, project: Project, caplog: pytest.LogCaptureFixture):
    name, server = cloud
    caplog.set_level("DEBUG")
    server.then(*[Fail(503, message=f"we saw {TOKEN}")] * 4)
    llm = opened(project, name)
    with pytest.raises(UnavailableError) as caught:
        llm.call(ask())
    assert TOKEN not in str(caught.value) + repr(llm) + repr(llm._routes) + caplog.text


def test_counting_where_there_is_a_count(cloud: Any, project: Project):
    name, _ = cloud
    (route,) = opened(project, name)._routes
    model, _ = resolve_model(None, route.spec, project)
    ready = route.provider.prepare(ask(), model)

    async def counted() -> int | None:
        try:
            return await route.provider.count(ready)
        finally:
            await route.provider.aclose()

    assert (asyncio.run(counted()) is None) is (name == "bedrock")
