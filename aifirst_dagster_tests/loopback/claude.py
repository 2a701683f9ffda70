"""A loopback server that speaks today's Messages API, JSON and SSE, as strictly as the real one; scriptable.

    with ClaudeServer([Reply('{"name": "x"}')]) as server:
        server.use(monkeypatch)          # ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, ...
        ...
        assert len(server.received) == 1

A script is a list of replies, or a function from a request's body to a reply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from aifirst_dagster_tests.loopback import claude_batches, pixels
from aifirst_dagster_tests.loopback.claude_cache import PromptCache
from aifirst_dagster_tests.loopback.claude_messages import bill_of, billed_message, events_of, listed, message_of
from aifirst_dagster_tests.loopback.claude_rules import MODELS, authorize, check
from aifirst_dagster_tests.loopback.replies import Fail, MidStreamError, Reply, Scripted
from aifirst_dagster_tests.loopback.server import Aside, LoopbackServer, Received, sse

KEY = "sk-ant-loopback-0123456789abcdef"


class ClaudeServer(LoopbackServer):
    """`/v1/messages` with its count, batches and prompt cache, and `/v1/models`."""

    overloaded = 529
    id_header = "request-id"

    def __init__(self, script: Iterable[Scripted] | Callable[[dict[str, Any]], Scripted] = ()) -> None:
        super().__init__(script)
        self.cache = PromptCache()
        self.batches = claude_batches.Batches(KEY, self.next, partial(billed_message, self.cache))

    def environment(self) -> dict[str, str]:
        """What a client needs to reach this server and nothing else."""
        return {
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": self.url,
            "AIFIRST_STRICT_PROVIDERS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def aside(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Aside | None:
        """Message batches have a life of their own."""
        return self.batches.handle(method, path, headers, raw) if path.startswith(claude_batches.PATH) else None

    def asks(self, path: str) -> bool:
        """Whether a POST to `path` asks for an answer."""
        return path == "/v1/messages"

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        """Whether the answer is wanted as a stream."""
        return bool(body.get("stream"))

    def check(self, request: Received) -> None:
        """Raise `Refused` for what the real API would refuse."""
        check(request.headers, request.body, KEY)

    def other(self, request: Received) -> dict[str, Any] | None:
        """Token counts, and models."""
        if request.path == "/v1/messages/count_tokens":
            check(request.headers, request.body, KEY, counting=True)
            return {"input_tokens": pixels.tokens(request.body)}
        authorize(request.headers, KEY)
        place = request.path.split("?")[0]
        if place == "/v1/models":
            models = [listed(name) for name in MODELS]
            return {"data": models, "has_more": False, "first_id": models[0]["id"], "last_id": models[-1]["id"]}
        name = place.removeprefix("/v1/models/")
        return listed(name) if name in MODELS else None

    def answer(self, request: Received, reply: Reply) -> dict[str, Any]:
        """A whole answer."""
        return message_of(self.cache, request.body, reply)

    def events(self, answer: dict[str, Any]) -> tuple[list[bytes], list[bytes]]:
        """The answer as a stream."""
        found = list(events_of(answer))
        ends = [place for place, event in enumerate(found) if event["type"] == "content_block_stop"]
        middle = ends[0] if ends else len(found) - 2
        sent = [sse(event, event["type"]) for event in found]
        return sent[:middle], sent[middle:]

    def bill(self, answer: dict[str, Any]) -> dict[str, int]:
        """Input and output tokens of an answer."""
        return bill_of(answer["usage"])

    def error(self, fail: Fail) -> dict[str, Any]:
        """An error's body."""
        error: dict[str, Any] = {"type": fail.type, "message": fail.message}
        if fail.error_code:
            error["details"] = {"error_code": fail.error_code}
        return {"type": "error", "error": error, "request_id": "req_failed"}

    def stream_error(self, error: MidStreamError) -> bytes:
        """An error in the middle of a stream."""
        return sse({"type": "error", "error": {"type": error.type, "message": "scripted"}}, "error")
