"""Many connections at once: small pools side by side, because one large pool looks through all of its connections for
each request and each answer, which took a thousand calls at once from 2 to 8 seconds of processor time."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.request import getproxies

import httpx2

if TYPE_CHECKING:
    import ssl

#: Requests at once in one pool.
WIDTH = 8
_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5))
        if hasattr(socket, name)
    ),
]


def client(timeout: httpx2.Timeout, direct: bool = False) -> httpx2.AsyncClient | None:
    """An HTTP client for an SDK; None where the environment names a proxy: the SDK's own client knows how to use it.

    `direct` is for this machine's own addresses, of which no proxy knows.
    """
    if not direct and set(getproxies()) & {"http", "https", "all"}:
        return None
    return httpx2.AsyncClient(transport=Pools(), timeout=timeout, follow_redirects=True)


class Pools(httpx2.AsyncBaseTransport):
    """Pools made as needed; the first that has room takes the request."""

    def __init__(self) -> None:
        self._ssl: ssl.SSLContext = httpx2.create_ssl_context()
        self._pools: list[httpx2.AsyncHTTPTransport] = []
        self._under_way: list[int] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send, up to the answer's headers."""
        index = next((index for index, busy in enumerate(self._under_way) if busy < WIDTH), len(self._pools))
        if index == len(self._pools):
            # No bound on connections: how much is under way at once is the caller's to say.
            limits = httpx2.Limits(max_connections=None, max_keepalive_connections=WIDTH)
            self._pools.append(httpx2.AsyncHTTPTransport(verify=self._ssl, limits=limits, socket_options=_ALIVE))
            self._under_way.append(0)
        self._under_way[index] += 1
        try:
            return await self._pools[index].handle_async_request(request)
        finally:
            self._under_way[index] -= 1

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.aclose()
