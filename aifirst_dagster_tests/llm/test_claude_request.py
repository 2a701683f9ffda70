"""What Claude is sent, model by model: the strict server would refuse anything else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import RejectedError
from aifirst_dagster.llm.types import LLMRequest, Message, ProviderPart, TextPart
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.claude_rules import MODELS
from aifirst_dagster_tests.loopback.replies import Reply

Open = Callable[..., LLM]


@pytest.mark.filterwarnings("ignore:The model 'claude-sonnet-4-5' is deprecated")
@pytest.mark.parametrize("model", [name for name in MODELS if name != "claude-sonnet-4-5"])
@pytest.mark.parametrize("thinking", ["off", "adaptive"])
@pytest.mark.parametrize("effort", [None, "low", "high", "max"])
def test_every_model_takes_every_wish_as_far_as_it_can(
    claude: Open, claude_server: ClaudeServer, model: str, thinking: str, effort: str | None
):
    claude_server.then(Reply("ok"))
    claude().call(
        LLMRequest.model_validate(
            {"messages": "hi", "model": model, "thinking": thinking, "effort": effort, "max_tokens": 500}
        )
    )
    assert claude_server.received[0].status == 200


def test_what_a_model_cannot_do_is_said(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Reply("ok"), Reply("ok"))
    always = claude().call(LLMRequest(messages="hi", model="claude-opus-5-5", max_tokens=500))
    assert any("always thinks" in notice for notice in always.notices)
    shallow = claude().call(LLMRequest(messages="hi", effort="max", max_tokens=500))
    assert any("only with thinking" in notice for notice in shallow.notices)
    assert claude_server.received[1].body["output_config"] == {"effort": "high"}


def test_the_resource_caps_every_answer(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Reply("ok"))
    claude(max_output_tokens=300).call(LLMRequest(messages="hi", max_tokens=9_000))
    assert claude_server.received[0].body["max_tokens"] == 300


def test_a_conversation_must_end_with_the_user(claude: Open, claude_server: ClaudeServer):
    begun = Message(role="assistant", content=(TextPart(text="{"),))
    with pytest.raises(RejectedError, match="user's turn"):
        claude().call(LLMRequest(messages=(Message(role="user", content=(TextPart(text="hi"),)), begun)))
    assert claude_server.received == []


def test_another_providers_blocks_stay_away(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Reply("ok"))
    foreign = ProviderPart(provider="openai", block={"type": "reasoning"})
    claude().call(LLMRequest(messages=(Message(role="user", content=(TextPart(text="hi"), foreign)),)))
    assert claude_server.received[0].body["messages"][0]["content"] == [{"type": "text", "text": "hi"}]


def test_a_model_that_does_not_exist_is_found_out_before_sending(claude: Open, claude_server: ClaudeServer):
    with pytest.raises(ConfigError, match="claude-sonnet-9"):
        claude().call(LLMRequest(messages="hi", model="claude-sonnet-9"))
    assert claude_server.received == []


def test_the_request_carries_nothing_that_todays_api_refuses(claude: Open, claude_server: ClaudeServer):
    claude_server.then(Reply("ok"))
    claude().call(LLMRequest(messages="hi \x00 ' OR 1=1 -- 雪 \ud83d".encode("utf-8", "replace").decode()))
    (seen,) = claude_server.received
    assert not {"temperature", "top_p", "top_k", "tool_choice"} & seen.body.keys()
    assert seen.status == 200
