"""A server of one's own: any model name, no key, no price; schemas where it takes them, and never silently not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import InvalidAnswerError, RejectedError
from aifirst_dagster.llm.resource import choose, load_resources
from aifirst_dagster.llm.types import LLMRequest
from aifirst_dagster.project import Project
from aifirst_dagster_tests.llm.rigs import KINDS, Rig
from aifirst_dagster_tests.loopback.chat import ChatServer
from aifirst_dagster_tests.loopback.replies import Fail, Reply

Open = Callable[..., LLM]


class Guess(BaseModel):
    name: str


ASK = LLMRequest(messages="What is it?", output=Guess, max_tokens=200)
GOOD = '{"name": "x"}'


@pytest.fixture(params=[True, False], ids=["takes schemas", "takes no schemas"])
def server(request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with ChatServer(schemas=request.param) as found:
        found.use(monkeypatch)
        yield found


def opened(project: Project, server: ChatServer, **keys: Any) -> LLM:
    return Rig(KINDS["local"], server, project).open(**keys)


def test_a_server_that_takes_no_schema_is_asked_in_words_and_that_is_said(server: ChatServer, project: Project):
    server.then(Reply(GOOD), Reply(GOOD))
    llm = opened(project, server)
    first = llm.call(ASK)
    second = llm.call(ASK.model_copy(update={"system": "Be brief."}))
    assert (first.parsed, second.parsed) == (Guess(name="x"), Guess(name="x"))
    statuses = [request.status for request in server.received]
    if server.schemas:
        assert statuses == [200, 200]
        assert not first.notices
        assert all("response_format" in request.body for request in server.received)
    else:
        # Found out once, remembered from then on; every answer says so.
        assert statuses == [400, 200, 200]
        for answer in (first, second):
            assert any("no JSON schema" in notice for notice in answer.notices)
        asked = server.received[2].body["messages"][0]
        assert asked["role"] == "system"
        assert asked["content"].startswith("Be brief.")
        assert '"name"' in asked["content"]
    assert (first.attempts, first.cost_usd) == (1, 0.0)


def test_prompting_can_be_chosen(server: ChatServer, project: Project):
    server.then(Reply(f"```json\n{GOOD}\n```"))
    answer = opened(project, server, structured_output="prompt").call(ASK)
    assert answer.parsed == Guess(name="x")
    assert any("no JSON schema" in notice for notice in answer.notices)
    assert ["response_format" in request.body for request in server.received] == [False]


def test_schemas_can_be_insisted_on(server: ChatServer, project: Project):
    server.then(Reply(GOOD))
    llm = opened(project, server, structured_output="schema")
    if server.schemas:
        assert llm.call(ASK).parsed == Guess(name="x")
    else:
        with pytest.raises(RejectedError, match="response_format"):
            llm.call(ASK)
        assert len(server.received) == 1


def test_what_is_written_without_a_schema_is_checked_all_the_same(server: ChatServer, project: Project):
    server.then(*[Reply("I think it is x.")] * 9)
    with pytest.raises(InvalidAnswerError, match="no JSON"):
        opened(project, server, structured_output="prompt").call(ASK)
    assert len(server.received) == 3


def test_another_refusal_is_no_reason_to_ask_in_words(server: ChatServer, project: Project):
    server.then(Fail(400, "invalid_request_error", "the request exceeds the available context size"))
    with pytest.raises(RejectedError):
        opened(project, server, structured_output="prompt").call(ASK)
    assert len(server.received) == 1


def test_any_model_name_will_do(server: ChatServer, project: Project):
    server.then(Reply("Here."), Reply("Here."))
    llm = opened(project, server, model="qwen9:400b")
    assert llm.call(LLMRequest(messages="hi", max_tokens=20)).model == "qwen9:400b"
    llm.call(LLMRequest(messages="hi", model="other/model", max_tokens=20))
    assert [request.body["model"] for request in server.received] == ["qwen9:400b", "other/model"]


def test_thinking_that_the_server_shows_is_kept_apart(server: ChatServer, project: Project):
    server.then(Reply("Two.", thinking="One and one."), Reply("Two.", thinking="One and one."))
    for stream in (False, True):
        answer = opened(project, server).call(LLMRequest(messages=f"1+1? {stream}", stream=stream, max_tokens=50))
        assert (answer.text, answer.thinking) == ("Two.", "One and one.")


def test_an_address_without_a_path_is_enough(server: ChatServer, project: Project):
    server.then(Reply("Here."))
    assert opened(project, server, base_url=server.url).call(LLMRequest(messages="hi", max_tokens=20)).text == "Here."
    assert server.received[0].path == "/v1/chat/completions"


def test_the_packaged_resource_needs_nothing_but_a_server(server: ChatServer, project: Project):
    server.then(Reply("Here."))
    assert load_resources(project)["local"].provider == "local"
    llm = choose("local", project)
    assert llm.available
    assert llm.call(LLMRequest(messages="hi")).text == "Here."
    assert "authorization" in server.received[0].headers


def test_a_proxy_is_not_asked_for_this_machine(server: ChatServer, project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.then(Reply("Here."))
    assert opened(project, server).call(LLMRequest(messages="hi", max_tokens=20)).text == "Here."
