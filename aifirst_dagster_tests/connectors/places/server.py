"""A web server on loopback that speaks HTTP as real ones do: ranges, redirects, refusals, drips, breaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Site:
    """What is served, and what was asked.

    Attributes:
        files: Path -> content.
        failing: Path -> how many more times it answers 500.
        breaking: Path -> how many more times it breaks off half-way.
        dripping: Paths that send a byte now and then.
        locked: Path -> the Authorization header that opens it.
        asked: (method, path with query, Range header) of each request.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)
    breaking: dict[str, int] = field(default_factory=dict)
    dripping: set[str] = field(default_factory=set)
    locked: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)


@contextmanager
def site() -> Iterator[Site]:
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _refuse(self, code: int) -> None:
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _answer(self, body: bool) -> None:
            path = urlsplit(self.path).path
            served.asked.append((self.command, self.path, self.headers.get("Range", "")))
            if path in served.redirects:
                self.send_response(302)
                self.send_header("Location", served.redirects[path])
                self.send_header("Content-Length", "0")
                return self.end_headers()
            if path in served.status:
                return self._refuse(served.status[path])
            if served.failing.get(path, 0) > 0:
                served.failing[path] -= 1
                return self._refuse(503)
            if path in served.locked and self.headers.get("Authorization") != served.locked[path]:
                return self._refuse(401)
            if path.endswith("/"):
                names = [name for name in served.files if name.startswith(path)]
                links = "".join(f'<a href="{name}">{name}</a>' for name in names)
                content, kind = f"<html>{links}</html>".encode(), "text/html"
            elif path in served.files:
                content, kind = served.files[path], "application/octet-stream"
            else:
                return self._refuse(404)
            etag = f'"{md5(content).hexdigest()}"'
            start = 0
            wanted = self.headers.get("Range")
            if wanted and self.headers.get("If-Range", etag) == etag:
                start = int(wanted.removeprefix("bytes=").split("-")[0])
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("ETag", etag)
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            if body:
                self._send(path, content[start:])

        def _send(self, path: str, content: bytes) -> None:
            if path in served.dripping:
                for at in range(len(content)):
                    self.wfile.write(content[at : at + 1])
                    self.wfile.flush()
                    time.sleep(0.02)
            elif served.breaking.get(path, 0) > 0:
                served.breaking[path] -= 1
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                self.close_connection = True
                self.connection.close()
            else:
                self.wfile.write(content)

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: object) -> None:
            pass  # clients that went away

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
