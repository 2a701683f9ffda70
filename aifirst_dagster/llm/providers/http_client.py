"""The HTTP client that the SDKs are given: `httpx2.AsyncClient` with a short way for what they ask most.

For a body of bytes whose whole answer is awaited, the usual way merges addresses, headers and cookies that are complete
already, and looks for hooks and for steps of authentication that there are none of: as much work as the request itself.
"""

from __future__ import annotations

from typing import Any
from urllib.request import getproxies

import httpx2

from aifirst_dagster.llm.providers.transport import Sessions

#: Headers that say how the body is sent, or where to: who sets them has a reason.
_OF_THE_WAY = {b"host", b"content-length", b"transfer-encoding"}
_REDIRECTS = {301, 302, 303, 307, 308}


def client(timeout: httpx2.Timeout, direct: bool = False) -> httpx2.AsyncClient | None:
    """An HTTP client for an SDK; None where the environment names a proxy: the SDK's own client knows how to use it.

    `direct` is for this machine's own addresses, of which no proxy knows.
    """
    if not direct and set(getproxies()) & {"http", "https", "all"}:
        return None
    return Client(timeout)


class Client(httpx2.AsyncClient):
    """Sends through `transport.Sessions`; whatever is not plain goes the usual way."""

    def __init__(self, timeout: httpx2.Timeout) -> None:
        self._sessions = Sessions()
        super().__init__(transport=self._sessions, timeout=timeout, follow_redirects=True)
        self._own = [(header[0].lower(), header) for header in self.headers.raw]

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        """See `httpx2.AsyncClient.build_request`."""
        return self._plain(method, url, **given) or super().build_request(method, url, **given)

    async def send(self, request: httpx2.Request, *, stream: bool = False, **given: Any) -> httpx2.Response:
        """See `httpx2.AsyncClient.send`."""
        if stream or given or self.is_closed or request.url.userinfo or "timeout" not in request.extensions:
            return await super().send(request, stream=stream, **given)
        answer = await self._sessions.whole(request)
        if answer.status_code in _REDIRECTS:
            # It has answered nothing: the usual way asks again, and goes where it is sent.
            return await super().send(request)
        if "set-cookie" in answer.headers:
            self.cookies.extract_cookies(answer)
        return answer

    def _plain(
        self,
        method: str,
        url: httpx2.URL | str,
        headers: Any = None,
        content: Any = None,
        timeout: Any = None,
        **further: Any,
    ) -> httpx2.Request | None:
        """The request, where nothing has to be merged or encoded; else None."""
        known = isinstance(url, httpx2.URL) and isinstance(headers, httpx2.Headers) and isinstance(content, bytes)
        if not known or not isinstance(timeout, httpx2.Timeout) or any(further.values()) or self.cookies:
            return None
        said = {name.lower() for name, _ in headers.raw}
        if url.is_relative_url or said & _OF_THE_WAY:  # type: ignore[union-attr]
            return None
        request = httpx2.Request(
            method,
            url,
            headers=[
                (b"Host", url.netloc),  # type: ignore[union-attr]
                *(header for name, header in self._own if name not in said),
                *headers.raw,
                (b"Content-Length", str(len(content)).encode()),
            ],
            stream=httpx2.ByteStream(content),
            extensions={"timeout": timeout.as_dict()},
        )
        request.read()
        return request
