"""Claude's answers are read as the SDK reads them, however quickly."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from anthropic import APIResponseValidationError, AsyncAnthropic, AsyncAPIResponse
from anthropic.types import Message

from aifirst_dagster.llm.providers.claude import _read

TEXT = {"type": "text", "text": "half is \U0001f600 50 %", "citations": None}
CITED = {
    "type": "text",
    "text": "said",
    "citations": [
        {
            "type": "char_location",
            "cited_text": "said",
            "document_index": 0,
            "document_title": None,
            "start_char_index": 0,
            "end_char_index": 4,
        }
    ],
}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
CALLED = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"n": 1.0, "deep": [{"a": None}]}}
USAGE = {"input_tokens": 7, "output_tokens": 5, "cache_creation": {"ephemeral_5m_input_tokens": 1}}


def read(content: list[dict[str, Any]], strict: bool, **more: Any) -> tuple[Message, Any]:
    """The message as `_read` and as the SDK reads it."""
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": content,
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "stop_details": None,
        "usage": {"input_tokens": 7, "output_tokens": 5},
        **more,
    }

    async def go() -> tuple[Message, Any]:
        answers = httpx2.MockTransport(lambda request: httpx2.Response(200, json=body))
        client = AsyncAnthropic(
            api_key="sk-ant-nobody",
            base_url="http://127.0.0.1:9",
            max_retries=0,
            http_client=httpx2.AsyncClient(transport=answers),
            _strict_response_validation=strict,
        )
        raw = await client.post("/v1/messages", cast_to=AsyncAPIResponse[Message], body={})
        return await _read(raw), await raw.parse()

    return asyncio.run(go())


@pytest.mark.parametrize("content", [[TEXT], [THOUGHT, CALLED], [CITED, TEXT, CALLED], []])
@pytest.mark.parametrize("strict", [True, False])
def test_what_the_sdk_knows_is_read_alike(content: list[dict[str, Any]], strict: bool) -> None:
    ours, theirs = read(content, strict, of_tomorrow={"x": [1]})
    assert ours.model_dump(mode="json", exclude_unset=True) == theirs.model_dump(mode="json", exclude_unset=True)
    assert [type(block) for block in ours.content] == [type(block) for block in theirs.content]
    assert [block.model_dump(mode="json", exclude_unset=True) for block in ours.content] == content


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    ("content", "more"),
    [
        ([TEXT, {"type": "of_tomorrow", "text": "?"}], {}),
        ([TEXT], {"stop_reason": "of_tomorrow"}),
        ([TEXT], {"usage": USAGE}),
    ],
)
def test_what_it_does_not_know_yet_is_read_leniently_unless_told_otherwise(
    content: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    ours, theirs = read(content, strict=False, **more)
    assert ours.model_dump(mode="json", exclude_unset=True) == theirs.model_dump(mode="json", exclude_unset=True)
    assert ours.stop_reason == more.get("stop_reason", "end_turn")
    with pytest.raises(APIResponseValidationError):
        read(content, strict=True, **more)
