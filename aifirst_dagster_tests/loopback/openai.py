"""A loopback server that speaks today's Responses API, JSON and SSE, as strictly as the real one; scriptable."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from aifirst_dagster_tests.loopback.openai_rules import MODELS, authorize, check, must, sealed
from aifirst_dagster_tests.loopback.replies import Fail, MidStreamError, Reply
from aifirst_dagster_tests.loopback.server import LoopbackServer, Received, pieces, sse, tokens

KEY = "sk-loopback-openai-0123456789abcdef"
_STATUS = {"end_turn": "completed", "tool_use": "completed", "refusal": "completed", "max_tokens": "incomplete"}


class OpenAIServer(LoopbackServer):
    """`/v1/responses`, its token count, and `/v1/models`."""

    def environment(self) -> dict[str, str]:
        """What a client needs to reach this server and nothing else."""
        return {
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "AIFIRST_STRICT_PROVIDERS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def asks(self, path: str) -> bool:
        """Whether a POST to `path` asks for an answer."""
        return path == "/v1/responses"

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        """Whether the answer is wanted as a stream."""
        return bool(body.get("stream"))

    def check(self, request: Received) -> None:
        """Raise `Refused` for what the real API would refuse."""
        check(request.headers, request.body, KEY)

    def other(self, request: Received) -> dict[str, Any] | None:
        """Models, and token counts."""
        authorize(request.headers, KEY)
        if request.path == "/v1/responses/input_tokens":
            must("max_output_tokens" not in request.body, "Unknown parameter: 'max_output_tokens'.")
            check(request.headers, request.body, KEY)
            return {"object": "response.input_tokens", "input_tokens": _given(request.body)}
        if request.path.split("?")[0] == "/v1/models":
            return {"object": "list", "data": [_model(name) for name in MODELS]}
        return None

    def answer(self, request: Received, reply: Reply) -> dict[str, Any]:
        """A whole answer."""
        body = request.body
        output = _output(body, reply)
        given = reply.input_tokens if reply.input_tokens is not None else _given(body)
        wrote = reply.output_tokens if reply.output_tokens is not None else tokens(reply.text + reply.thinking)
        cached = reply.cache_read + reply.cache_write_5m + reply.cache_write_1h
        usage = {
            # Unlike Anthropic's, the total includes what was cached.
            "input_tokens": given + cached,
            "input_tokens_details": {
                "cached_tokens": reply.cache_read,
                "cache_write_tokens": reply.cache_write_5m + reply.cache_write_1h,
                "cache_write_tokens_details": {
                    "ttl_30m_tokens": reply.cache_write_5m,
                    "ttl_12h_tokens": reply.cache_write_1h,
                },
            },
            "output_tokens": wrote,
            "output_tokens_details": {"reasoning_tokens": tokens(reply.thinking) if reply.thinking else 0},
            "total_tokens": given + cached + wrote,
        }
        return {
            "id": f"resp_{uuid.uuid4().hex[:20]}",
            "object": "response",
            "created_at": time.time(),
            "status": _STATUS.get(reply.stop_reason, "incomplete"),
            "error": None,
            "incomplete_details": _incomplete(reply.stop_reason),
            "instructions": body.get("instructions"),
            "metadata": {},
            "model": body["model"],
            "output": output,
            "parallel_tool_calls": True,
            "temperature": None,
            "tool_choice": "auto",
            "tools": body.get("tools", []),
            "top_p": None,
            "max_output_tokens": body.get("max_output_tokens"),
            "usage": usage,
        }

    def events(self, answer: dict[str, Any]) -> tuple[list[bytes], list[bytes]]:
        """The answer as a stream."""
        begun = {**answer, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
        first: list[dict[str, Any]] = [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
        ]
        last: list[dict[str, Any]] = []
        for place, item in enumerate(answer["output"]):
            first += _item_events(place, item)
            last.append({"type": "response.output_item.done", "output_index": place, "item": item})
        last.append({"type": f"response.{answer['status']}", "response": answer})
        for number, event in enumerate([*first, *last]):
            event["sequence_number"] = number
        return [sse(event, event["type"]) for event in first], [sse(event, event["type"]) for event in last]

    def bill(self, answer: dict[str, Any]) -> dict[str, int]:
        """Input and output tokens of an answer."""
        return {name: answer["usage"][name] for name in ("input_tokens", "output_tokens")}

    def error(self, fail: Fail) -> dict[str, Any]:
        """An error's body."""
        kinds = {401: "invalid_request_error", 429: "rate_limit_error", 400: "invalid_request_error"}
        code = fail.error_code or (fail.type if fail.status in (400, 401) else None)
        kind = kinds.get(fail.status, "server_error")
        return {"error": {"message": fail.message, "type": kind, "param": None, "code": code}}

    def stream_error(self, error: MidStreamError) -> bytes:
        """An error in the middle of a stream."""
        said = {"type": "error", "code": error.type, "message": "scripted", "param": None, "sequence_number": 99}
        return sse(said, "error")


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_790_000_000, "owned_by": "openai", "shutdown_date": None}


def _given(body: dict[str, Any]) -> int:
    return tokens([body["input"], body.get("instructions"), body.get("tools")])


def _incomplete(stop: str) -> dict[str, str] | None:
    reasons = {"max_tokens": "max_output_tokens", "content_filter": "content_filter"}
    return {"reason": reasons[stop]} if stop in reasons else None


def _output(body: dict[str, Any], reply: Reply) -> list[dict[str, Any]]:
    output: list[dict[str, Any]] = []
    effort = (body.get("reasoning") or {}).get("effort")
    if reply.thinking and effort != "none":
        shown = bool((body.get("reasoning") or {}).get("summary"))
        summary = [{"type": "summary_text", "text": reply.thinking}] if shown else []
        seal = sealed(body, len(body["input"])) if "reasoning.encrypted_content" in body.get("include", ()) else None
        identity = f"rs_{uuid.uuid4().hex[:16]}"
        output.append({"type": "reasoning", "id": identity, "summary": summary, "encrypted_content": seal})
    if reply.text or not reply.tools:
        block: dict[str, Any] = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        if reply.stop_reason == "refusal":
            block = {"type": "refusal", "refusal": reply.text or reply.refusal_category or "No."}
        status = "completed" if reply.stop_reason != "max_tokens" else "incomplete"
        identity = f"msg_{uuid.uuid4().hex[:16]}"
        phase = "commentary" if reply.tools else "final_answer"
        output.append(
            {
                "type": "message",
                "id": identity,
                "role": "assistant",
                "status": status,
                "content": [block],
                "phase": phase,
            }
        )
    for use in reply.tools:
        arguments = use.arguments if isinstance(use.arguments, str) else json.dumps(use.arguments)
        ids = {"id": f"fc_{uuid.uuid4().hex[:16]}", "call_id": f"call_{uuid.uuid4().hex[:16]}"}
        output.append({"type": "function_call", **ids, "name": use.name, "arguments": arguments, "status": "completed"})
    return output


def _item_events(place: int, item: dict[str, Any]) -> list[dict[str, Any]]:
    at = {"output_index": place, "item_id": item["id"]}
    if item["type"] == "function_call":
        empty = {**item, "arguments": "", "status": "in_progress"}
        kind = "response.function_call_arguments"
        return [
            {"type": "response.output_item.added", "output_index": place, "item": empty},
            *({"type": f"{kind}.delta", **at, "delta": piece} for piece in pieces(item["arguments"])),
            {"type": f"{kind}.done", **at, "arguments": item["arguments"], "name": item["name"]},
        ]
    if item["type"] == "reasoning":
        return [{"type": "response.output_item.added", "output_index": place, "item": {**item, "summary": []}}]
    block = item["content"][0]
    at["content_index"] = 0
    name, kind = ("text", "output_text") if block["type"] == "output_text" else ("refusal", "refusal")
    extra: dict[str, Any] = {"logprobs": []} if name == "text" else {}
    begun = {**item, "content": [], "status": "in_progress"}
    return [
        {"type": "response.output_item.added", "output_index": place, "item": begun},
        {"type": "response.content_part.added", **at, "part": {**block, name: ""}},
        *({"type": f"response.{kind}.delta", **at, "delta": piece, **extra} for piece in pieces(block[name])),
        {"type": f"response.{kind}.done", **at, name: block[name], **extra},
        {"type": "response.content_part.done", **at, "part": block},
    ]
