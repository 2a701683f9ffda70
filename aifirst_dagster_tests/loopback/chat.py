"""A loopback server that speaks chat completions, as llama.cpp, vLLM and Ollama do; scriptable."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from aifirst_dagster_tests.loopback.openai_rules import image, must
from aifirst_dagster_tests.loopback.openai_schema import check_strict
from aifirst_dagster_tests.loopback.replies import Fail, MidStreamError, Reply, Scripted
from aifirst_dagster_tests.loopback.server import LoopbackServer, Received, pieces, sse, tokens

_KEYS = {
    "model", "messages", "max_tokens", "stream", "stream_options", "tools", "tool_choice", "response_format",
    "reasoning_effort", "parallel_tool_calls", "seed", "stop", "temperature", "top_p", "n", "user",
}  # fmt: skip
_FINISH = {"end_turn": "stop", "max_tokens": "length", "refusal": "content_filter", "tool_use": "tool_calls"}


class ChatServer(LoopbackServer):
    """`/v1/chat/completions` and `/v1/models`.

    Args:
        script: See `LoopbackServer`.
        schemas: Whether it can hold a model to a schema; otherwise a request with one is refused.
    """

    def __init__(
        self, script: Iterable[Scripted] | Callable[[dict[str, Any]], Scripted] = (), schemas: bool = True
    ) -> None:
        super().__init__(script)
        self.schemas = schemas

    def environment(self) -> dict[str, str]:
        """What a client needs to reach this server and nothing else."""
        return {
            "AIFIRST_LOCAL_URL": f"{self.url}/v1",
            "AIFIRST_STRICT_PROVIDERS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def asks(self, path: str) -> bool:
        """Whether a POST to `path` asks for an answer."""
        return path == "/v1/chat/completions"

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        """Whether the answer is wanted as a stream."""
        return bool(body.get("stream"))

    def other(self, request: Received) -> dict[str, Any] | None:
        """The models."""
        if request.path != "/v1/models":
            return None
        model = {"id": "smol", "object": "model", "created": 1, "owned_by": "here", "max_model_len": 8192}
        return {"object": "list", "data": [model]}

    def check(self, request: Received) -> None:
        """Raise `Refused` for what these servers refuse."""
        body = request.body
        for name in body:
            must(name in _KEYS, f"Unknown parameter: '{name}'.")
        must(bool(body.get("model")), "model is required")
        form = body.get("response_format")
        if form is not None:
            must(self.schemas, "response_format of type json_schema is not supported by this server")
            must(form.get("type") == "json_schema", "response_format.type must be json_schema")
            check_strict(form["json_schema"]["name"], form["json_schema"]["schema"], "response_format.json_schema")
        for tool in body.get("tools", ()):
            must(tool.get("type") == "function" and "parameters" in tool.get("function", {}), "tools: no function")
        _messages(body.get("messages") or [])

    def answer(self, request: Received, reply: Reply) -> dict[str, Any]:
        """A whole answer."""
        calls = [
            {
                "id": f"call_{uuid.uuid4().hex[:12]}",
                "type": "function",
                "function": {
                    "name": use.name,
                    "arguments": use.arguments if isinstance(use.arguments, str) else json.dumps(use.arguments),
                },
            }
            for use in reply.tools
        ]
        message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
        if calls:
            message["tool_calls"] = calls
        if reply.thinking:
            message["reasoning_content"] = reply.thinking
        given = reply.input_tokens if reply.input_tokens is not None else tokens(request.body["messages"])
        wrote = reply.output_tokens if reply.output_tokens is not None else tokens(reply.text + reply.thinking)
        stop = "tool_use" if calls and reply.stop_reason == "end_turn" else reply.stop_reason
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex[:12]}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": request.body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": _FINISH.get(stop, "stop"), "logprobs": None}],
            "usage": {
                "prompt_tokens": given + reply.cache_read,
                "completion_tokens": wrote,
                "total_tokens": given + reply.cache_read + wrote,
                "prompt_tokens_details": {"cached_tokens": reply.cache_read},
            },
        }

    def events(self, answer: dict[str, Any]) -> tuple[list[bytes], list[bytes]]:
        """The answer as a stream."""
        message, head = answer["choices"][0]["message"], {**answer, "object": "chat.completion.chunk"}
        del head["usage"]

        def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
            return sse({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]})

        first = [chunk({"role": "assistant", "content": ""})]
        first += [chunk({"reasoning_content": piece}) for piece in pieces(message.get("reasoning_content", ""))]
        first += [chunk({"content": piece}) for piece in pieces(message["content"] or "")]
        for place, call in enumerate(message.get("tool_calls", ())):
            function = call["function"]
            begun = {"index": place, **call, "function": {"name": function["name"], "arguments": ""}}
            first.append(chunk({"tool_calls": [begun]}))
            for piece in pieces(function["arguments"]):
                first.append(chunk({"tool_calls": [{"index": place, "function": {"arguments": piece}}]}))
        last = [chunk({}, answer["choices"][0]["finish_reason"])]
        last += [sse({**head, "choices": [], "usage": answer["usage"]}), sse("[DONE]")]
        return first, last

    def bill(self, answer: dict[str, Any]) -> dict[str, int]:
        """Input and output tokens of an answer."""
        usage = answer["usage"]
        return {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}

    def error(self, fail: Fail) -> dict[str, Any]:
        """An error's body."""
        return {"error": {"code": fail.error_code or fail.status, "message": fail.message, "type": fail.type}}

    def stream_error(self, error: MidStreamError) -> bytes:
        """An error in the middle of a stream."""
        return sse({"error": {"code": error.type, "message": "scripted", "type": error.type}})


def _messages(messages: list[dict[str, Any]]) -> None:
    must(bool(messages), "messages: must not be empty")
    must(messages[-1]["role"] in ("user", "tool"), "messages: the last turn is not the user's")
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        role, content = message.get("role"), message.get("content")
        must(role in ("system", "user", "assistant", "tool"), f"messages[{index}].role: {role}")
        must(role != "system" or index == 0, "messages: only the first may be the system's")
        if role == "tool":
            must(message.get("tool_call_id") in open_calls, f"messages[{index}]: no such tool call")
            must(isinstance(content, str), f"messages[{index}].content: a tool's must be text")
            open_calls.discard(message["tool_call_id"])
            continue
        must(not open_calls, f"messages[{index}]: tool calls without results")
        open_calls = {call["id"] for call in message.get("tool_calls", ())}
        must(bool(content) or bool(open_calls), f"messages[{index}].content: empty")
        for block in content if isinstance(content, list) else ():
            must(role == "user", f"messages[{index}].content: must be text")
            must(block.get("type") in ("text", "image_url"), f"messages[{index}].content: {block.get('type')}")
            if block["type"] == "image_url":
                image(block["image_url"]["url"])
