"""What every loopback model server shares: a script of replies, the requests that came in, and HTTP itself.

A protocol's own server says how it checks a request (`check`), what an answer looks like (`answer`, `events`), and how
it words an error (`error`); misbehaviour (`replies`) is played here, the same for all.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from aifirst_dagster_tests.loopback.replies import CutStream, Fail, Hang, MidStreamError, Raw, Reply, Scripted


class Refused(Exception):
    """A request that the real API would not take."""

    def __init__(self, status: int, type_: str, message: str) -> None:
        super().__init__(message)
        self.status, self.type, self.message = status, type_, message


@dataclass(frozen=True)
class Sent:
    """A response: a status and a JSON value, or lines of JSON; `cut` leaves the last part out, cleanly or not."""

    status: int
    value: Any = None
    lines: bytes | None = None
    cut: bool = False


#: What becomes of a request that is answered outside of the script.
Aside = Sent | Hang | CutStream


@dataclass
class Received:
    """One request as it came in, and what became of it."""

    body: dict[str, Any]
    headers: dict[str, str]
    path: str = ""
    status: int = 0
    billed: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All text of the request's turns, tools' results included."""
        turns = (self.body.get(name) for name in ("messages", "input", "contents"))
        return "\n".join(_texts(next((found for found in turns if found is not None), self.body)))


def _texts(value: Any) -> Iterator[str]:
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list):
            yield from _texts(item)
        elif isinstance(item, str) and name in ("text", "content", "output"):
            yield item


class LoopbackServer(ABC):
    """A scriptable server; `received` holds every request for an answer, those it refused included.

    Attributes:
        overloaded: The status where it cannot break off in the middle, for lack of a stream.
        id_header: The header that names a request.
    """

    overloaded = 503
    id_header = "x-request-id"

    def __init__(self, script: Iterable[Scripted] | Callable[[dict[str, Any]], Scripted] = ()) -> None:
        self.received: list[Received] = []
        self.counted: list[Received] = []
        self._lock = threading.Lock()
        self._answer = script if callable(script) else None
        self._queue: list[Scripted] = [] if callable(script) else list(script)
        owner = self

        class Handler(_Handler):
            server_ = owner

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
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

    # What a protocol defines.

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """What a client needs to reach this server and nothing else."""

    @abstractmethod
    def asks(self, path: str) -> bool:
        """Whether a POST to `path` asks for an answer."""

    @abstractmethod
    def streams(self, path: str, body: dict[str, Any]) -> bool:
        """Whether the answer is wanted as a stream."""

    @abstractmethod
    def check(self, request: Received) -> None:
        """Raise `Refused` for what the real API would refuse."""

    @abstractmethod
    def answer(self, request: Received, reply: Reply) -> dict[str, Any]:
        """A whole answer."""

    @abstractmethod
    def events(self, answer: dict[str, Any]) -> tuple[list[bytes], list[bytes]]:
        """The answer as a stream: events up to the middle of the content, and those to its end."""

    @abstractmethod
    def bill(self, answer: dict[str, Any]) -> dict[str, int]:
        """Input and output tokens of an answer."""

    @abstractmethod
    def error(self, fail: Fail) -> dict[str, Any]:
        """An error's body."""

    def error_headers(self, fail: Fail) -> dict[str, str]:
        """An error's headers."""
        return fail.headers

    @abstractmethod
    def stream_error(self, error: MidStreamError) -> bytes:
        """An error in the middle of a stream."""

    def aside(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Aside | None:
        """What becomes of a request outside of the script; None: nothing of the kind."""
        return None

    def other(self, request: Received) -> dict[str, Any] | None:
        """The answer to any other request (lists of models, token counts); None: there is no such place."""
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    server_: LoopbackServer

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        if not self._aside(b""):
            self._other(Received({}, self._headers(), self.path))

    def do_DELETE(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self._aside(raw):
            return
        request = Received(json.loads(raw), self._headers(), self.path)
        if not self.server_.asks(self.path):
            self.server_.counted.append(request)
            self._other(request)
            return
        self.server_.received.append(request)
        try:
            self.server_.check(request)
        except Refused as refused:
            self._error(request, Fail(refused.status, refused.type, refused.message))
            return
        self._play(request, self.server_.next(request.body))

    def _aside(self, raw: bytes) -> bool:
        """Answer what the script has nothing to say to; whether it was that."""
        try:
            sent = self.server_.aside(self.command, self.path, self._headers(), raw)
        except Refused as refused:
            self._refuse(refused)
            return True
        if isinstance(sent, Hang):
            time.sleep(sent.seconds)
            self.close_connection = True
        elif isinstance(sent, CutStream):
            self._send(200, "application/json", b'{"id": "', claimed=400)
            self.close_connection = True
        elif sent is not None and sent.lines is not None:
            self._send(200, "application/binary", sent.lines, claimed=len(sent.lines) + 100 if sent.cut else None)
            self.close_connection = sent.cut
        elif sent is not None:
            self._json(sent.status, sent.value)
        return sent is not None

    def _refuse(self, refused: Refused) -> None:
        self._error(Received({}, {}), Fail(refused.status, refused.type, refused.message))

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _other(self, request: Received) -> None:
        try:
            found = self.server_.other(request)
        except Refused as refused:
            self._error(request, Fail(refused.status, refused.type, refused.message))
            return
        if found is None:
            self._error(request, Fail(404, "not_found_error", request.path))
        else:
            self._json(200, found)

    def _play(self, request: Received, scripted: Scripted) -> None:
        request.status = 200
        if isinstance(scripted, Fail):
            self._error(request, scripted)
        elif isinstance(scripted, Raw):
            self._send(200, scripted.content_type, scripted.body.encode())
        elif isinstance(scripted, Hang):
            time.sleep(scripted.seconds)
            self.close_connection = True
        elif self.server_.streams(request.path, request.body):
            self._stream(request, scripted)
        else:
            self._whole(request, scripted)

    def _whole(self, request: Received, scripted: Reply | MidStreamError | CutStream) -> None:
        if isinstance(scripted, MidStreamError):
            self._error(request, Fail(self.server_.overloaded, scripted.type))
            return
        reply = scripted if isinstance(scripted, Reply) else Reply(scripted.text)
        answer = self.server_.answer(request, reply)
        if isinstance(scripted, CutStream):
            self._send(200, "application/json", json.dumps(answer).encode()[:40], claimed=4_000)
            self.close_connection = True
            return
        time.sleep(reply.delay)
        request.billed = self.server_.bill(answer)
        self._json(200, answer, reply.headers)

    def _stream(self, request: Received, scripted: Reply | MidStreamError | CutStream) -> None:
        reply = scripted if isinstance(scripted, Reply) else Reply(scripted.text)
        time.sleep(reply.delay)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        for name, value in self._always(reply.headers).items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        answer = self.server_.answer(request, reply)
        first, rest = self.server_.events(answer)
        for event in first:
            self._chunk(event)
        if isinstance(scripted, MidStreamError):
            self._chunk(self.server_.stream_error(scripted))
        elif isinstance(scripted, Reply):
            for event in rest:
                self._chunk(event)
            request.billed = self.server_.bill(answer)
        if isinstance(scripted, CutStream) and not scripted.clean:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _error(self, request: Received, fail: Fail) -> None:
        request.status = fail.status
        self._json(fail.status, self.server_.error(fail), self.server_.error_headers(fail))

    def _json(self, status: int, value: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(value).encode(), headers)

    def _always(self, headers: dict[str, str] | None) -> dict[str, str]:
        return {self.server_.id_header: f"req_{uuid.uuid4().hex}", **(headers or {})}

    def _send(
        self, status: int, kind: str, data: bytes, headers: dict[str, str] | None = None, claimed: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in self._always(headers).items():
            self.send_header(name, value)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(claimed or len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()


def sse(data: dict[str, Any] | str, event: str | None = None) -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data)
    return ((f"event: {event}\n" if event else "") + f"data: {text}\n\n").encode()


def tokens(value: Any) -> int:
    """A token count from the length of what was said."""
    text = value if isinstance(value, str) else json.dumps(value)
    return max(1, len(text) // 4)


def pieces(text: str) -> list[str]:
    """A text as it comes in a stream."""
    return [text[start : start + 7] for start in range(0, len(text), 7)]
