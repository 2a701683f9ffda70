"""A loopback server that speaks today's Messages API, JSON and SSE, as strictly as the real one; scriptable.

    with ClaudeServer([Reply('{"name": "x"}')]) as server:
        server.use(monkeypatch)          # ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, ...
        ...
        assert len(server.received) == 1

A script is a list of replies, or a function from a request's body to a reply.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aifirst_dagster_tests.loopback import claude_batches, pixels
from aifirst_dagster_tests.loopback.claude_cache import Cached, PromptCache
from aifirst_dagster_tests.loopback.claude_rules import MODELS, Refused, authorize, check, signature
from aifirst_dagster_tests.loopback.replies import CutStream, Fail, Hang, MidStreamError, Raw, Reply, Scripted

KEY = "sk-ant-loopback-0123456789abcdef"


@dataclass
class Received:
    """One request as it came in, and what became of it."""

    body: dict[str, Any]
    headers: dict[str, str]
    status: int = 0
    billed: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All text of the request's messages."""
        blocks = [block for message in self.body["messages"] for block in message["content"]]
        return "\n".join(block.get("text", "") for block in blocks if isinstance(block, dict))


class ClaudeServer:
    """The server; `received` holds every request to `/v1/messages`, those it refused included."""

    def __init__(self, script: Iterable[Scripted] | Callable[[dict[str, Any]], Scripted] = ()) -> None:
        self.received: list[Received] = []
        self._lock = threading.Lock()
        self._answer = script if callable(script) else None
        self._queue: list[Scripted] = [] if callable(script) else list(script)
        self.cache = PromptCache()
        self.batches = claude_batches.Batches(KEY, self.next, partial(_billed_message, self.cache))
        owner = self

        class Handler(_Handler):
            server_ = owner

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Its address, for ANTHROPIC_BASE_URL."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> ClaudeServer:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def then(self, *replies: Scripted) -> None:
        """Append to the script."""
        with self._lock:
            self._queue.extend(replies)

    def answer_with(self, script: Callable[[dict[str, Any]], Scripted]) -> None:
        """Answer each request with what `script` says to its body."""
        self._answer = script

    def environment(self) -> dict[str, str]:
        """What a client needs to reach this server and nothing else."""
        return {
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": self.url,
            "AIFIRST_STRICT_PROVIDERS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def use(self, monkeypatch: Any) -> None:
        """Point this process at the server."""
        for name, value in self.environment().items():
            monkeypatch.setenv(name, value)

    def billed(self) -> dict[str, int]:
        """The server's own count: requests answered in full, and their tokens."""
        served = [request.billed for request in self.received if request.billed]
        totals = {name: sum(bill[name] for bill in served) for name in ("input_tokens", "output_tokens")}
        return {"answers": len(served), **totals}

    def next(self, body: dict[str, Any]) -> Scripted:
        """What the script says to this request."""
        if self._answer is not None:
            return self._answer(body)
        with self._lock:
            return self._queue.pop(0) if self._queue else Fail(500, message="the script has ended")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    server_: ClaudeServer

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        if self.path.startswith(claude_batches.PATH):
            self._batch(b"")
            return
        name = self.path.split("?")[0].removeprefix("/v1/models").removeprefix("/")
        try:
            authorize({name.lower(): value for name, value in self.headers.items()}, KEY)
        except Refused as refused:
            self._error(Fail(refused.status, refused.type, refused.message))
            return
        if self.path.startswith("/v1/models") and not name:
            listed = [_listed(model) for model in MODELS]
            ends = {"first_id": listed[0]["id"], "last_id": listed[-1]["id"]}
            self._json(200, {"data": listed, "has_more": False, **ends})
        elif name in MODELS:
            self._json(200, _listed(name))
        else:
            self._error(Fail(404, "not_found_error", self.path))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.startswith(claude_batches.PATH):
            self._batch(raw)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(raw)
        if self.path == "/v1/messages/count_tokens":
            self._count(headers, body)
            return
        if self.path != "/v1/messages":
            self._error(Fail(404, "not_found_error", self.path))
            return
        request = Received(body, headers)
        self.server_.received.append(request)
        try:
            check(headers, body, KEY)
        except Refused as refused:
            request.status = refused.status
            self._error(Fail(refused.status, refused.type, refused.message))
            return
        self._play(request, self.server_.next(body))

    def _count(self, headers: dict[str, str], body: dict[str, Any]) -> None:
        try:
            check(headers, body, KEY, counting=True)
        except Refused as refused:
            self._error(Fail(refused.status, refused.type, refused.message))
            return
        self._json(200, {"input_tokens": pixels.tokens(body)})

    def do_DELETE(self) -> None:
        self._batch(b"")

    def _batch(self, raw: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            sent = self.server_.batches.handle(self.command, self.path, headers, raw)
        except Refused as refused:
            self._error(Fail(refused.status, refused.type, refused.message))
            return
        if isinstance(sent, Hang):
            time.sleep(sent.seconds)
            self.close_connection = True
        elif isinstance(sent, CutStream):
            self._send(200, "application/json", b'{"id": "msgbatch_', claimed=400)
            self.close_connection = True
        elif sent.lines is not None:
            self._send(200, "application/binary", sent.lines, claimed=len(sent.lines) + 100 if sent.cut else None)
            self.close_connection = sent.cut
        else:
            self._json(sent.status, sent.value)

    def _play(self, request: Received, scripted: Scripted) -> None:
        request.status = 200
        if isinstance(scripted, Fail):
            request.status = scripted.status
            self._error(scripted)
        elif isinstance(scripted, Raw):
            self._send(200, scripted.content_type, scripted.body.encode())
        elif isinstance(scripted, Hang):
            time.sleep(scripted.seconds)
            self.close_connection = True
        elif not request.body.get("stream"):
            self._whole(request, scripted)
        else:
            self._stream(request, scripted)

    def _whole(self, request: Received, scripted: Reply | MidStreamError | CutStream) -> None:
        if isinstance(scripted, MidStreamError):
            self._error(Fail(529, scripted.type))
            return
        reply = scripted if isinstance(scripted, Reply) else Reply(scripted.text)
        message = _message(self.server_.cache, request.body, reply)
        if isinstance(scripted, CutStream):
            self._send(200, "application/json", json.dumps(message).encode()[:40], claimed=4_000)
            self.close_connection = True
            return
        time.sleep(reply.delay)
        request.billed = _bill(message["usage"])
        self._json(200, message, reply.headers)

    def _stream(self, request: Received, scripted: Reply | MidStreamError | CutStream) -> None:
        reply = scripted if isinstance(scripted, Reply) else Reply(scripted.text)
        time.sleep(reply.delay)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        for name, value in {"request-id": f"req_{uuid.uuid4().hex}", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        message = _message(self.server_.cache, request.body, reply)
        for event in _events(message):
            if event["type"] == "content_block_stop" and not isinstance(scripted, Reply):
                break
            self._chunk(event)
        if isinstance(scripted, MidStreamError):
            self._chunk({"type": "error", "error": {"type": scripted.type, "message": "scripted"}})
        elif isinstance(scripted, Reply):
            request.billed = _bill(message["usage"])
        if isinstance(scripted, CutStream) and not scripted.clean:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _chunk(self, event: dict[str, Any]) -> None:
        data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _error(self, fail: Fail) -> None:
        error: dict[str, Any] = {"type": fail.type, "message": fail.message}
        if fail.error_code:
            error["details"] = {"error_code": fail.error_code}
        self._json(fail.status, {"type": "error", "error": error, "request_id": "req_failed"}, fail.headers)

    def _json(self, status: int, value: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(value).encode(), headers)

    def _send(
        self, status: int, kind: str, data: bytes, headers: dict[str, str] | None = None, claimed: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"request-id": f"req_{uuid.uuid4().hex}", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(claimed or len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()


def _listed(name: str) -> dict[str, Any]:
    most, thinking, _ = MODELS[name]
    kinds = {kind: {"supported": kind in thinking} for kind in ("adaptive", "between_tools", "disabled", "enabled")}
    names = ("batch", "citations", "code_execution", "image_input", "pdf_input", "structured_outputs")
    return {
        "id": name,
        "type": "model",
        "display_name": name,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "deprecated" if name == "claude-sonnet-4-5" else "active",
        "deprecated_at": None,
        "retires_at": "2026-11-30T00:00:00Z" if name == "claude-sonnet-4-5" else None,
        "line": name.split("-")[1],
        "max_input_tokens": 200_000 if name == "claude-sonnet-4-5" else 1_000_000,
        "max_tokens": most,
        "capabilities": {
            **{capability: {"supported": True} for capability in names},
            "context_management": {"supported": False},
            "effort": {level: {"supported": True} for level in ("low", "medium", "high", "xhigh", "max")}
            | {"supported": True},
            "thinking": {"supported": True, "types": kinds},
            "server_tools": {
                "supported": True,
                "web_search": {"supported": True},
                "code_execution": {"supported": True},
            },
        },
    }


def _tokens(text: str) -> int:
    return max(1, len(text) // 4)


def _message(cache: PromptCache, body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    thinks = (body.get("thinking") or {}).get("type") == "adaptive"
    if reply.thinking and thinks:
        shown = reply.thinking if body["thinking"].get("display") == "summarized" else ""
        sealed = signature(body, len(body["messages"]), shown)
        content.append({"type": "thinking", "thinking": shown, "signature": sealed})
    if reply.text:
        content.append({"type": "text", "text": reply.text})
    for use in reply.tools:
        content.append(
            {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:20]}", "name": use.name, "input": use.arguments}
        )
    scripted = reply.input_tokens is not None or reply.cache_read or reply.cache_write_5m or reply.cache_write_1h
    if scripted:
        given = reply.input_tokens if reply.input_tokens is not None else pixels.tokens(body)
        paid = Cached(given, reply.cache_read, reply.cache_write_5m, reply.cache_write_1h)
    else:
        paid = cache.bill(body, pixels.tokens(body))
    out = reply.output_tokens if reply.output_tokens is not None else _tokens(reply.text + reply.thinking)
    written = {"ephemeral_5m_input_tokens": paid.written_5m, "ephemeral_1h_input_tokens": paid.written_1h}
    refused = {"type": "refusal", "category": reply.refusal_category, "explanation": None}
    return {
        "id": f"msg_{uuid.uuid4().hex[:20]}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": "tool_use" if reply.tools and reply.stop_reason == "end_turn" else reply.stop_reason,
        "stop_sequence": None,
        "stop_details": refused if reply.stop_reason == "refusal" else None,
        "usage": {
            "input_tokens": paid.fresh,
            "output_tokens": out,
            "cache_read_input_tokens": paid.read,
            "cache_creation_input_tokens": paid.written_5m + paid.written_1h,
            "cache_creation": written,
        },
    }


def _billed_message(cache: PromptCache, body: dict[str, Any], reply: Reply) -> tuple[dict[str, Any], dict[str, int]]:
    message = _message(cache, body, reply)
    message["usage"]["service_tier"] = "batch"
    return message, _bill(message["usage"])


def _bill(usage: dict[str, Any]) -> dict[str, int]:
    cached = usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    return {"input_tokens": usage["input_tokens"] + cached, "output_tokens": usage["output_tokens"]}


def _events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    usage = message["usage"]
    start = {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_details": None,
        "usage": {**usage, "output_tokens": 1},
    }
    yield {"type": "message_start", "message": start}
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        if block["type"] == "thinking":
            empty = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        elif block["type"] == "tool_use":
            empty = {**block, "input": {}}
            written = json.dumps(block["input"])
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *_pieces(written))]
        else:
            empty = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ended = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": usage["output_tokens"]}}
    yield {"type": "message_stop"}


def _pieces(text: str) -> list[str]:
    return [text[start : start + 7] for start in range(0, len(text), 7)]
