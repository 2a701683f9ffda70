"""The way to providers: aiohttp under the HTTP client that the SDKs use (`http_client.Client`).

That client's own pool looks through all its connections for each request and each answer, and reads the protocol in
Python: a call costs a third more processor time that way, and a thousand at once four times as much.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx2
from yarl import URL

#: Seconds that a connection is kept without use: shorter than the half minute or so after which servers close theirs.
_KEPT = 15.0
_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5))
        if hasattr(socket, name)
    ),
]
#: What aiohttp would add of its own; the SDKs say what they want to be sent.
_OWN_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Sessions(httpx2.AsyncBaseTransport):
    """Sends through an aiohttp session, made with the first request in the event loop that it belongs to."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def __del__(self) -> None:
        if self._session is not None:
            # A loop that ended without closing its clients: their connections are gone with it.
            self._session.detach()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send, up to the answer's headers."""
        with _translated():
            answer = await self._begun(request)
        return httpx2.Response(
            answer.status, headers=list(answer.raw_headers), stream=_Body(answer), extensions=_extensions(answer)
        )

    async def whole(self, request: httpx2.Request) -> httpx2.Response:
        """Send, up to the answer's end."""
        with _translated():
            answer = await self._begun(request)
            content = await answer.read()
        return httpx2.Response(
            answer.status,
            headers=list(answer.raw_headers),
            content=content,
            request=request,
            extensions=_extensions(answer),
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _begun(self, request: httpx2.Request) -> aiohttp.ClientResponse:
        if self._session is None:
            self._session = _session()
        asked = request.extensions.get("timeout", {})
        return await self._session.request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=[(name.decode("ascii"), value.decode()) for name, value in request.headers.raw],
            data=await request.aread() or None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(sock_connect=asked.get("connect"), sock_read=asked.get("read")),
            server_hostname=request.extensions.get("sni_hostname"),
        )


def _extensions(answer: aiohttp.ClientResponse) -> dict[str, bytes]:
    return {"http_version": b"HTTP/1.1", "reason_phrase": (answer.reason or "").encode()}


class _Body(httpx2.AsyncByteStream):
    """The answer's bytes as they come."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for piece in self._answer.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        # Read to its end, its connection is kept; else closed.
        self._answer.release()


class _Connector(aiohttp.TCPConnector):
    def __del__(self, *_: Any) -> None:
        """Silent: see `Sessions.__del__`."""


def _session() -> aiohttp.ClientSession:
    # No bound on connections: how much is under way at once is the caller's to say.
    connector = _Connector(
        limit=0, ssl=httpx2.create_ssl_context(), keepalive_timeout=_KEPT, socket_factory=_keeping_alive
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=_OWN_HEADERS,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),
    )


def _keeping_alive(found: Any) -> socket.socket:
    """A socket that notices when the other side is gone."""
    family, kind, protocol, _, _ = found
    made = socket.socket(family=family, type=kind, proto=protocol)
    for option in _ALIVE:
        made.setsockopt(*option)
    return made


@contextmanager
def _translated() -> Iterator[None]:
    """Failures as the SDKs know them; above all, whether anything was sent."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout(str(error)) from error
    except (TimeoutError, aiohttp.ServerTimeoutError) as error:
        raise httpx2.ReadTimeout(str(error)) from error
    except (aiohttp.ClientConnectorError, aiohttp.ServerFingerprintMismatch) as error:
        raise httpx2.ConnectError(str(error)) from error
    except aiohttp.ClientOSError as error:
        raise httpx2.ReadError(str(error)) from error
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise httpx2.UnsupportedProtocol(str(error)) from error
    except aiohttp.ClientError as error:
        # Broken off, or no HTTP: the other side had the request.
        raise httpx2.RemoteProtocolError(str(error)) from error
