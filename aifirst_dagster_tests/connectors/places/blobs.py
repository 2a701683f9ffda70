"""Loopback servers that speak as much of Google's and Azure's storage protocols as reading needs, refusals included."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

Files = dict[str, bytes]
_STAMP = "Mon, 05 Feb 2024 10:00:00 GMT"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer: Callable[[_Handler, str, dict[str, list[str]]], None]

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        type(self).answer(self, parts.path, parse_qs(parts.query))

    do_HEAD = do_GET

    def send(self, code: int, content: bytes = b"", kind: str = "application/json", **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_content(self, content: bytes, **headers: str) -> None:
        """A blob or the part of it that is asked for."""
        wanted = self.headers.get("x-ms-range") or self.headers.get("Range")
        if not wanted:
            return self.send(200, content, "application/octet-stream", **headers)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        if int(first) >= len(content):
            return self.send(416, b"")
        end = min(int(last) + 1 if last else len(content), len(content))
        part = content[int(first) : end]
        span = f"bytes {first}-{end - 1}/{len(content)}"
        self.send(206, part, "application/octet-stream", Content_Range=span, **headers)


@contextmanager
def _serving(answer: Callable[[_Handler, str, dict[str, list[str]]], None]) -> Iterator[str]:
    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: object) -> None:
            pass  # clients that went away

    server = Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"answer": staticmethod(answer)}))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def google_server(files: Files) -> Iterator[str]:
    """The JSON API of a bucket `box`; `locked` is forbidden to all."""

    def resource(name: str) -> dict[str, str]:
        digest = base64.b64encode(hashlib.md5(files[name]).digest()).decode()
        return {
            "kind": "storage#object", "bucket": "box", "name": name, "size": str(len(files[name])), "md5Hash": digest,
            "etag": digest, "generation": "1", "updated": "2024-02-05T10:00:00.000Z",
        }  # fmt: skip

    def answer(handler: _Handler, path: str, query: dict[str, list[str]]) -> None:
        pieces = [piece for piece in path.split("/") if piece]
        if pieces[:1] in (["download"], ["upload"]):
            pieces = pieces[1:]
        bucket = pieces[3] if pieces[:3] == ["storage", "v1", "b"] and len(pieces) > 3 else ""
        if bucket == "locked":
            return handler.send(403, b'{"error": {"code": 403, "message": "forbidden"}}')
        if bucket != "box":
            return handler.send(404, b'{"error": {"code": 404, "message": "no such bucket"}}')
        if pieces[4:] == ["o"]:
            prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
            names = sorted(name for name in files if name.startswith(prefix))
            folders = {
                prefix + name[len(prefix) :].split("/")[0] + "/"
                for name in names
                if delimiter and "/" in name[len(prefix) :]
            }
            items = [resource(name) for name in names if not (delimiter and "/" in name[len(prefix) :])]
            return handler.send(200, json.dumps({"items": items, "prefixes": sorted(folders)}).encode())
        name = unquote("/".join(pieces[5:]))
        if name not in files:
            return handler.send(404, b'{"error": {"code": 404, "message": "no such object"}}')
        if query.get("alt") == ["media"]:
            return handler.send_content(files[name])
        return handler.send(200, json.dumps(resource(name)).encode())

    with _serving(answer) as url:
        yield url


@contextmanager
def azure_server(files: Files) -> Iterator[str]:
    """The blob service of an account with a container `box`, signatures checked; yields its connection string."""
    account, key = "loopback", base64.b64encode(b"a key of thirty-two bytes, really").decode()

    def signed(handler: _Handler, path: str, query: dict[str, list[str]]) -> bool:
        """Whether the request carries the signature that its headers and the key give."""
        named = handler.headers
        ms = sorted((name.lower(), value) for name, value in named.items() if name.lower().startswith("x-ms-"))
        length = named.get("Content-Length", "")
        lines = [handler.command, *(named.get(name, "") for name in ("Content-Encoding", "Content-Language"))]
        lines += ["" if length == "0" else length]
        lines += [named.get(name, "") for name in ("Content-MD5", "Content-Type")]
        lines += [""]  # x-ms-date stands for Date
        lines += [
            named.get(name, "")
            for name in ("If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range")
        ]
        text = "\n".join(lines) + "\n" + "".join(f"{name}:{value}\n" for name, value in ms)
        text += f"/{account}{path}" + "".join(f"\n{name}:{','.join(query[name])}" for name in sorted(query))
        digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
        return named.get("Authorization") == f"SharedKey {account}:{base64.b64encode(digest).decode()}"

    def blob(name: str) -> str:
        etag = hashlib.md5(files[name]).hexdigest()
        return (
            f"<Blob><Name>{escape(name)}</Name><Properties><Creation-Time>{_STAMP}</Creation-Time><Last-Modified>{_STAMP}"
            f"</Last-Modified><Etag>0x{etag}</Etag><Content-Length>{len(files[name])}</Content-Length><Content-Type>"
            "application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>"
        )

    def answer(handler: _Handler, path: str, query: dict[str, list[str]]) -> None:
        if not signed(handler, path, query):
            return handler.send(403, b"", x_ms_error_code="AuthenticationFailed")
        pieces = unquote(path).strip("/").split("/")
        container, name = [*pieces, ""][1], "/".join(pieces[2:])
        if container == "locked":
            return handler.send(403, b"", x_ms_error_code="AuthorizationFailure")
        if container != "box":
            return handler.send(404, b"", x_ms_error_code="ContainerNotFound")
        if query.get("comp") == ["list"]:
            prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
            found = sorted(one for one in files if one.startswith(prefix))
            deep = [one for one in found if delimiter and "/" in one[len(prefix) :]]
            folders = sorted({prefix + one[len(prefix) :].split("/")[0] + "/" for one in deep})
            inside = "".join(blob(one) for one in found if one not in deep)
            inside += "".join(f"<BlobPrefix><Name>{escape(one)}</Name></BlobPrefix>" for one in folders)
            text = (
                '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="box">'
                f"<Prefix>{escape(prefix)}</Prefix><Blobs>{inside}</Blobs><NextMarker/></EnumerationResults>"
            )
            return handler.send(200, text.encode(), "application/xml")
        if query.get("restype") == ["container"]:
            return handler.send(200, b"", ETag='"0x1"', Last_Modified=_STAMP)
        if name not in files:
            return handler.send(404, b"", x_ms_error_code="BlobNotFound")
        etag = f'"0x{hashlib.md5(files[name]).hexdigest()}"'
        headers = {"ETag": etag, "Last_Modified": _STAMP, "x_ms_blob_type": "BlockBlob", "Accept_Ranges": "bytes"}
        if handler.command == "HEAD":
            return handler.send(200, b"", Content_Length=str(len(files[name])), **headers)
        return handler.send_content(files[name], **headers)

    with _serving(answer) as url:
        yield (
            f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};BlobEndpoint={url}/{quote(account)};"
        )
