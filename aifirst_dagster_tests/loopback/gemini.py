"""A loopback server that speaks today's Gemini API, JSON and SSE, as strictly as the real one; scriptable."""

from __future__ import annotations

import re
import uuid
from typing import Any

from aifirst_dagster_tests.loopback.gemini_rules import (
    MAX_OUTPUT,
    MODELS,
    authorize,
    check,
    contents,
    must,
    one_case,
    signature,
)
from aifirst_dagster_tests.loopback.replies import Fail, MidStreamError, Reply
from aifirst_dagster_tests.loopback.server import LoopbackServer, Received, pieces, sse, tokens

KEY = "AIza-loopback-gemini-0123456789abcdef"
_PLACE = re.compile(r"/v1/models/([^:/?]+):(generateContent|streamGenerateContent|countTokens)")
_FINISH = {"end_turn": "STOP", "tool_use": "STOP", "max_tokens": "MAX_TOKENS", "refusal": "SAFETY"}
_STATUS = {
    400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 408: "CANCELLED", 409: "ABORTED",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip


class GeminiServer(LoopbackServer):
    """`generateContent`, `streamGenerateContent`, `countTokens` and the list of models."""

    def environment(self) -> dict[str, str]:
        """What a client needs to reach this server and nothing else."""
        return {
            "GEMINI_API_KEY": KEY,
            "GOOGLE_GEMINI_BASE_URL": self.url,
            "AIFIRST_STRICT_PROVIDERS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def asks(self, path: str) -> bool:
        """Whether a POST to `path` asks for an answer."""
        found = _PLACE.match(path)
        return found is not None and found[2] != "countTokens"

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        """Whether the answer is wanted as a stream."""
        return ":streamGenerateContent" in path

    def check(self, request: Received) -> None:
        """Raise `Refused` for what the real API would refuse."""
        request.body = one_case(request.body)
        check(request.headers, _model(request), request.body, KEY)

    def other(self, request: Received) -> dict[str, Any] | None:
        """Models, and token counts."""
        authorize(request.headers, KEY)
        if request.path.split("?")[0] == "/v1/models":
            return {"models": [_listed(name) for name in MODELS]}
        found = _PLACE.match(request.path)
        if found is None or found[1] not in MODELS:
            return None
        request.body = one_case(request.body)
        must(set(request.body) <= {"contents", "generateContentRequest"}, "Unknown name: Cannot find field.")
        contents(found[1], request.body.get("contents"))
        return {"totalTokens": tokens(request.body)}

    def answer(self, request: Received, reply: Reply) -> dict[str, Any]:
        """A whole answer."""
        body, model = request.body, _model(request)
        thinking = (body.get("generationConfig") or {}).get("thinkingConfig") or {}
        parts: list[dict[str, Any]] = []
        if reply.thinking and thinking.get("includeThoughts"):
            parts.append({"text": reply.thinking, "thought": True})
        if reply.text:
            parts.append({"text": reply.text})
        for use in reply.tools:
            assert isinstance(use.arguments, dict)
            call = {"id": uuid.uuid4().hex[:8], "name": use.name, "args": use.arguments}
            part = {"functionCall": call}
            parts.append({**part, "thoughtSignature": signature(model, part)})
        if reply.text and reply.thinking and not reply.tools:
            parts[-1]["thoughtSignature"] = signature(model, parts[-1])
        given = reply.input_tokens if reply.input_tokens is not None else tokens(body)
        wrote = reply.output_tokens if reply.output_tokens is not None else tokens(reply.text + reply.thinking)
        thought = min(wrote - 1, tokens(reply.thinking)) if reply.thinking else 0
        finish = _FINISH.get(reply.stop_reason, reply.stop_reason)
        content = {"role": "model", "parts": parts} if finish != "SAFETY" else {"role": "model"}
        return {
            "candidates": [{"content": content, "finishReason": finish, "index": 0}],
            "usageMetadata": {
                # As in the real API, the prompt's count includes what was cached; thoughts are counted apart.
                "promptTokenCount": given + reply.cache_read,
                "cachedContentTokenCount": reply.cache_read,
                "candidatesTokenCount": wrote - thought,
                "thoughtsTokenCount": thought,
                "totalTokenCount": given + reply.cache_read + wrote,
            },
            "modelVersion": model,
            "responseId": uuid.uuid4().hex[:16],
        }

    def events(self, answer: dict[str, Any]) -> tuple[list[bytes], list[bytes]]:
        """The answer as a stream."""
        candidate = answer["candidates"][0]
        rest = {name: answer[name] for name in ("modelVersion", "responseId")}

        def piece(parts: list[dict[str, Any]], **more: Any) -> bytes:
            said = {"content": {"role": "model", "parts": parts}, "index": 0, **more}
            return sse({"candidates": [said], **rest})

        first: list[bytes] = []
        for part in candidate["content"].get("parts", ()):
            if "functionCall" in part:
                first.append(piece([part]))
                continue
            plain = {"thought": True} if part.get("thought") else {}
            first += [piece([{"text": text, **plain}]) for text in pieces(part["text"])]
            if "thoughtSignature" in part:
                # It may come by itself, at the end, with an empty text.
                empty = {"text": ""}
                seal = signature(answer["modelVersion"], empty)
                first.append(piece([{**empty, "thoughtSignature": seal}]))
        last = {"candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}, "index": 0}], **rest}
        last["candidates"][0]["finishReason"] = candidate["finishReason"]
        return first, [sse({**last, "usageMetadata": answer["usageMetadata"]})]

    def bill(self, answer: dict[str, Any]) -> dict[str, int]:
        """Input and output tokens of an answer."""
        usage = answer["usageMetadata"]
        wrote = usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]
        return {"input_tokens": usage["promptTokenCount"], "output_tokens": wrote}

    def error(self, fail: Fail) -> dict[str, Any]:
        """An error's body; how long to wait stands in it."""
        details: list[dict[str, Any]] = []
        if fail.type == "API_KEY_INVALID":
            details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": fail.type})
        if fail.error_code:
            quota = {"quotaId": fail.error_code, "quotaMetric": "requests"}
            details.append({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [quota]})
        if "retry-after" in fail.headers:
            delay = f"{fail.headers['retry-after']}s"
            details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
        status = _STATUS.get(fail.status, "UNKNOWN")
        return {"error": {"code": fail.status, "message": fail.message, "status": status, "details": details}}

    def error_headers(self, fail: Fail) -> dict[str, str]:
        """None that say how long to wait."""
        return {name: value for name, value in fail.headers.items() if name != "retry-after"}

    def stream_error(self, error: MidStreamError) -> bytes:
        """An error in the middle of a stream."""
        return sse({"error": {"code": 503, "message": f"scripted {error.type}", "status": "UNAVAILABLE"}})


def _model(request: Received) -> str:
    found = _PLACE.match(request.path)
    return found[1] if found else ""


def _listed(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "displayName": name,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": MAX_OUTPUT,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "thinking": True,
    }
