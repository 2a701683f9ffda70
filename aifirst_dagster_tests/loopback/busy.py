"""A Messages API on loopback for crowds: asyncio, a process of its own, failing at random as told.

    with running(delay=0.5) as server:                      # or fail=0.3, seed=7, log=path
        server.use(monkeypatch)
        ...

What it answers is said by the prompt: `key:NAME` is answered `{"name": NAME, "share": 0.5}`. Its log holds a line for
each answer that it put on the wire in full: what a provider would bill.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from aifirst_dagster_tests.loopback.claude_rules import check
from aifirst_dagster_tests.loopback.server import Refused

KEY = "sk-ant-loopback-busy-0123456789"
TROUBLES = (
    "429", "429 wait", "500", "503", "529", "408", "reset", "hang", "no json", "no message", "nonsense", "wrong",
    "refusal", "max_tokens", "slow", "mid-stream", "cut", "clean cut",
)  # fmt: skip
_STATUS = {
    "429": (429, "rate_limit_error"),
    "429 wait": (429, "rate_limit_error"),
    "500": (500, "api_error"),
    "503": (503, "api_error"),
    "529": (529, "overloaded_error"),
    "408": (408, "timeout_error"),
}


class Busy:
    """A running server, seen from outside."""

    def __init__(self, options: list[str]) -> None:
        self._options, self._port = options, "0"
        self.start()

    def start(self) -> None:
        """Start; after a `kill`, at the same address."""
        command = [sys.executable, "-m", "aifirst_dagster_tests.loopback.busy", "--port", self._port, *self._options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self._port = self.url.rpartition(":")[2]

    def kill(self) -> None:
        """Kill -9, in the middle of whatever it does."""
        self.process.kill()
        self.process.wait()

    def environment(self) -> dict[str, str]:
        """What a client needs to reach it."""
        return {
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": self.url,
            "AIFIRST_STRICT_PROVIDERS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def use(self, monkeypatch: Any) -> None:
        """Point this process at it."""
        for name, value in self.environment().items():
            monkeypatch.setenv(name, value)


@contextmanager
def running(delay: float = 0.0, fail: float = 0.0, seed: int = 0, log: Path | None = None) -> Iterator[Busy]:
    """The server as a process.

    Args:
        delay: Seconds before each answer.
        fail: Share of requests that meet one of `TROUBLES`.
        seed: Of the dice.
        log: A file that gets a line for each answer in full.
    """
    server = Busy(["--delay", str(delay), "--fail", str(fail), "--seed", str(seed), "--log", str(log or "")])
    try:
        yield server
    finally:
        server.kill()


@dataclass
class _Plan:
    delay: float
    fail: float
    dice: random.Random
    log: TextIO
    served: int = 0


class _Connection(asyncio.Protocol):
    """One client's connection: requests one after another."""

    def __init__(self, plan: _Plan) -> None:
        self.plan, self.buffer = plan, b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        asyncio.get_running_loop().call_later(
            self.plan.delay, self.answer, lines[0].split()[1], headers, json.loads(rest[:length] or b"{}")
        )

    def answer(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> None:
        if path == "/v1/messages/count_tokens":
            self.whole(200, {"input_tokens": len(json.dumps(body)) // 4})
            return
        try:
            check(headers, body, KEY)
        except Refused as refused:
            self.failed(refused.status, refused.type, refused.message)
            return
        plan = self.plan
        trouble = plan.dice.choice(TROUBLES) if plan.dice.random() < plan.fail else ""
        plan.served += 1
        stream = bool(body.get("stream"))
        message = _message(body, f"req_{os.getpid()}_{plan.served:08d}", trouble)
        if trouble in _STATUS:
            self.failed(*_STATUS[trouble], {"retry-after": "0.05"} if "wait" in trouble else {})
        elif trouble in ("reset", "hang") or (trouble in ("cut", "clean cut", "mid-stream") and not stream):
            asyncio.get_running_loop().call_later(0.2 if trouble == "hang" else 0, self.transport.abort)
        elif trouble in ("no json", "no message"):
            self.send(200, "{not json" if trouble == "no json" else '{"type": "message"}')
        elif trouble == "slow":
            asyncio.get_running_loop().call_later(0.3, self.complete, message, stream)
        elif trouble in ("cut", "clean cut", "mid-stream"):
            self.half(message, trouble)
        else:
            self.complete(message, stream)

    def complete(self, message: dict[str, Any], stream: bool) -> None:
        if self.transport.is_closing():
            return
        line = {"id": message["id"], "key": message["model_key"], "stop": message["stop_reason"], **message["usage"]}
        print(json.dumps(line), file=self.plan.log, flush=True)
        message = {name: value for name, value in message.items() if name != "model_key"}
        if stream:
            self.stream_head(message["id"])
            self.transport.write(b"".join(_chunk(event) for event in _events(message)) + b"0\r\n\r\n")
        else:
            self.whole(200, message, {"request-id": message["id"]})

    def half(self, message: dict[str, Any], trouble: str) -> None:
        self.stream_head(message["id"])
        message = {name: value for name, value in message.items() if name != "model_key"}
        self.transport.write(b"".join(_chunk(event) for event in _events(message)[:3]))
        if trouble == "mid-stream":
            error = {"type": "overloaded_error", "message": "scripted"}
            self.transport.write(_chunk({"type": "error", "error": error}) + b"0\r\n\r\n")
        elif trouble == "clean cut":
            self.transport.write(b"0\r\n\r\n")
        else:
            self.transport.close()

    def stream_head(self, request_id: str) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: {request_id}\r\n"
        self.transport.write(head.encode() + b"transfer-encoding: chunked\r\n\r\n")

    def failed(self, status: int, kind: str, message: str = "scripted", headers: dict[str, str] | None = None) -> None:
        if isinstance(message, dict):
            message, headers = "scripted", message
        self.whole(status, {"type": "error", "error": {"type": kind, "message": message}}, headers)

    def whole(self, status: int, value: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(value), headers)

    def send(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        if self.transport.is_closing():
            return
        data = text.encode()
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n{more}\r\n"
        self.transport.write(head.encode() + data)


def _message(body: dict[str, Any], request_id: str, trouble: str) -> dict[str, Any]:
    first = body["messages"][0]["content"]
    prompt = first if isinstance(first, str) else "".join(block.get("text", "") for block in first)
    found = re.search(r"key:(\S+)", prompt)
    key = found[1] if found else "none"
    text = json.dumps({"name": key, "share": 0.5})
    if trouble == "nonsense":
        text = json.dumps({"surprise": [1, 2, 3]})
    elif trouble == "wrong":
        text = json.dumps({"name": key, "share": 7})
    stop = trouble if trouble in ("refusal", "max_tokens") else "end_turn"
    return {
        "id": request_id,
        "model_key": key,
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop,
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "category": "bio", "explanation": None} if stop == "refusal" else None,
        "usage": {"input_tokens": 20 + len(prompt) // 4, "output_tokens": 10 + len(text) // 4},
    }


def _events(message: dict[str, Any]) -> list[dict[str, Any]]:
    text = message["content"][0]["text"]
    usage = message["usage"]
    begun = {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_details": None,
        "usage": {**usage, "output_tokens": 1},
    }
    ended = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    return [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[:7]}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[7:]}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": {"output_tokens": usage["output_tokens"]}},
        {"type": "message_stop"},
    ]


def _chunk(event: dict[str, Any]) -> bytes:
    data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def _serve(plan: _Plan, port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(plan), "127.0.0.1", port, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--fail", type=float, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", default="")
    given = parser.parse_args()
    dice = random.Random(given.seed or time.time())
    with Path(given.log or os.devnull).open("a", encoding="utf-8") as log:
        asyncio.run(_serve(_Plan(given.delay, given.fail, dice, log), given.port))


if __name__ == "__main__":
    main()
