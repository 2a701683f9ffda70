"""The way to providers: what each end of a connection means for whether a request may have been billed."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from aifirst_dagster.llm.providers.http_client import client
from aifirst_dagster.llm.providers.sdk_failures import transport as failure

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ask = Callable[[httpx2.AsyncClient, str], Awaitable[httpx2.Response]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def at(
    play: Play, work: Callable[[httpx2.AsyncClient, str], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> None:
    """Do `work` with a client, against a server whose connections `play` serves."""
    server = await asyncio.start_server(play, "127.0.0.1", 0, ssl=tls)
    url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    found = client(httpx2.Timeout(0.5), direct=True)
    assert found is not None
    async with found:
        await work(found, url)
    server.close()


async def request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    return head + await reader.readexactly(int(length))


async def usual(http: httpx2.AsyncClient, url: str) -> httpx2.Response:
    return await http.post(url, content=b"{}")


async def short(http: httpx2.AsyncClient, url: str) -> httpx2.Response:
    """As the SDKs ask: everything is said already."""
    headers, patience = httpx2.Headers({"User-Agent": "ours", "X-Said": "ü".encode()}), httpx2.Timeout(0.5)
    asked = http.build_request("POST", httpx2.URL(url), content=b"{}", headers=headers, timeout=patience, files=None)
    return await http.send(asked, stream=False)


both = pytest.mark.parametrize("ask", [usual, short])


def test_the_short_way_sends_what_the_usual_way_does() -> None:
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen.append(await request(reader))
            writer.write(OK)

    async def work(http: httpx2.AsyncClient, url: str) -> None:
        await short(http, f"{url}a%2Fb?c=%20d")
        headers = {"User-Agent": b"ours", "X-Said": "ü".encode()}
        await http.post(f"{url}a%2Fb?c=%20d", content=b"{}", headers=headers)
        one, other = (sorted(text.replace(b"\r\n\r\n", b"\r\n").split(b"\r\n")) for text in seen)
        assert one == other
        assert "ü".encode() in seen[0]

    asyncio.run(at(play, work))


def test_the_short_way_goes_where_it_is_sent_and_brings_its_cookies_back() -> None:
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen.append(await request(reader))
            there = seen[-1].startswith(b"POST /there")
            moved = b"HTTP/1.1 307 Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
            writer.write(OK.replace(b"\r\nC", b"\r\nSet-Cookie: a=b\r\nC") if there else moved)

    async def work(http: httpx2.AsyncClient, url: str) -> None:
        assert (await short(http, url)).text == "ok"
        assert b"a=b" not in seen[-1] and seen[-1].endswith(b"{}")
        assert (await short(http, f"{url}there")).text == "ok"
        assert seen[-1].lower().count(b"cookie: a=b") == 1

    asyncio.run(at(play, work))


def test_what_is_sent_is_what_the_caller_said_and_nothing_more() -> None:
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request(reader))
        writer.write(OK)

    async def work(http: httpx2.AsyncClient, url: str) -> None:
        sent = http.build_request("POST", f"{url}a%2Fb?c=%20d", content=b"{}", headers={"User-Agent": "ours"})
        assert (await http.send(sent)).text == "ok"
        names = {line.split(b":")[0].lower() for line in seen[0].split(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
        assert names == {name.lower() for name, _ in sent.headers.raw}
        assert seen[0].startswith(b"POST /a%2Fb?c=%20d HTTP/1.1\r\n")

    asyncio.run(at(play, work))


@both
def test_a_packed_answer_is_unpacked_once_and_headers_come_through(ask: Ask) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        body = gzip.compress(b"unpacked")
        head = (
            f"HTTP/1.1 429 Slow Down\r\nContent-Encoding: gzip\r\nRetry-After: 7\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)

    async def work(http: httpx2.AsyncClient, url: str) -> None:
        answer = await ask(http, url)
        assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (429, "unpacked", "7")
        assert answer.reason_phrase == "Slow Down"

    asyncio.run(at(play, work))


@both
def test_connections_are_used_again_until_the_server_closes_them(ask: Ask) -> None:
    opened: list[int] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(1)
        for _ in range(2):
            await request(reader)
            writer.write(OK)
        writer.close()

    async def work(http: httpx2.AsyncClient, url: str) -> None:
        for _ in range(6):
            assert (await ask(http, url)).text == "ok"
            await asyncio.sleep(0.02)
        assert len(opened) == 3

    asyncio.run(at(play, work))


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    await asyncio.sleep(2)


async def _closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.close()


async def _resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.transport.abort()


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    writer.close()


async def _half_then_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await asyncio.sleep(2)


async def _no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.write(b"220 mail.example.com ESMTP\r\n")
    writer.close()


@both
@pytest.mark.parametrize("play", [_silent, _closing, _resetting, _half, _half_then_silent, _no_http])
def test_a_request_that_was_sent_may_have_been_billed_however_its_connection_ends(play: Play, ask: Ask) -> None:
    async def work(http: httpx2.AsyncClient, url: str) -> None:
        with pytest.raises(httpx2.TransportError) as caught:
            await ask(http, url)
        said = failure("The server", caught.value, "")
        assert (said.billed, said.retryable) == ("unknown", True)
        assert ("in time" in said.message) == (play in (_silent, _half_then_silent))

    asyncio.run(at(play, work))


@both
def test_what_never_got_a_connection_was_not_sent(ask: Ask) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def go() -> None:
        async with client(httpx2.Timeout(0.5), direct=True) or httpx2.AsyncClient() as http:
            for url in (f"http://127.0.0.1:{port}/", "http://nowhere.invalid/"):
                with pytest.raises(httpx2.TransportError) as caught:
                    await ask(http, url)
                assert failure("The server", caught.value, "").billed == "no", url

    asyncio.run(go())


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")]
    try:
        subprocess.run([*made, *files], check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert", tmp_path / "key")

    async def work(http: httpx2.AsyncClient, url: str) -> None:
        with pytest.raises(httpx2.ConnectError, match="certificate") as caught:
            await http.post(url, content=b"{}")
        assert failure("The server", caught.value, "").billed == "no"

    asyncio.run(at(_silent, work, tls))


LEFT_OPEN = """
import asyncio, http.server, threading
import httpx2
from aifirst_dagster.llm.providers.http_client import client

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *_): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
http = client(httpx2.Timeout(5), direct=True)
print(asyncio.run(http.get(f"http://127.0.0.1:{server.server_port}/")).text)
"""


def test_a_program_that_leaves_its_connections_open_ends_without_noise() -> None:
    done = subprocess.run([sys.executable, "-c", LEFT_OPEN], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("ok", "")
